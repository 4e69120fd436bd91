/**
 * Cold starts: for us a function that was never called, from request to answer; for a peer, which has no platform to
 * start its functions, from starting its process to its first answer.
 */
import { hello3, helloPhp, helloPython, type App } from '../apps.ts'
import { containerPeers } from '../peers/containers.ts'
import { functionsFramework } from '../peers/functions-framework.ts'
import { nodeHttp } from '../peers/node-http.ts'
import type { Peer } from '../peers/peer.ts'
import { workerd } from '../peers/workerd.ts'
import type { Settings } from '../platform.ts'
import { addColdStarts, noSamples, recordColdStarts, type ColdSamples } from './cold-samples.ts'
import { rotate, usePlatform, type RowContext, type RunRow } from './row.ts'
import { variantsWithoutStems } from './variants.ts'

/** Between two starts that need no stem. */
const PAUSE_MS = 50

interface Subject {
  name: string
  samples: ColdSamples
  /** Adds the samples of one round. */
  measure: (round: number, samples: ColdSamples) => Promise<void>
}

export const cold: RunRow = async (context) => {
  const ours = (name: string, app: App, settings: Settings, pauseMs?: number): Subject => ({
    name,
    samples: noSamples(),
    measure: (round, samples) =>
      usePlatform(context, settings, (platform) => {
        const deploy = (i: number) => platform.deploy3(`cold-${round}-${i}`, app)
        return addColdStarts(samples, platform, context.options.coldStarts, deploy, pauseMs)
      }),
  })
  const subjects = [
    ours('sluice nodejs, stem', hello3, {}),
    ours('sluice python, stem', helloPython, {}),
    ...(helloPhp ? [ours('sluice php, stem', helloPhp, {})] : []),
    ...(await variantsWithoutStems(context)).flatMap(({ name, settings }) => [
      ours(`sluice nodejs, ${name}`, hello3, settings, PAUSE_MS),
      ours(`sluice python, ${name}`, helloPython, settings, PAUSE_MS),
    ]),
    ...[nodeHttp, workerd, functionsFramework, ...containerPeers()].map((peer) => peerSubject(context, peer)),
  ]
  for (let round = 0; round < context.options.rounds; round++) {
    for (const { name, samples, measure } of rotate(subjects, round)) {
      context.say(name)
      await measure(round, samples)
    }
  }
  for (const { name, samples } of subjects) recordColdStarts(context, 'cold', name, samples)
}

function peerSubject({ options }: RowContext, peer: Peer): Subject {
  return {
    name: peer.name,
    samples: noSamples(),
    async measure(_round, samples) {
      for (let i = 0; i < options.coldStarts; i++) {
        const startedMs = performance.now()
        const running = await peer.start()
        samples.elapsedMs.push(performance.now() - startedMs)
        await running.stop()
      }
    },
  }
}
