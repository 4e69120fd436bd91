/**
 * The platform is killed again and again while callers hand it asynchronous invocations and writers store objects: nothing
 * that was answered may be lost, and nothing of a killed platform may be left.
 */
import { setTimeout } from 'node:timers/promises'
import { seededRandom } from '../../src/simulated-clock.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { Calls, type CallsResult } from './calls.ts'
import { Objects, type ObjectsResult } from './objects.ts'
import { waitForAll } from './patience.ts'
import type { Round } from './round.ts'
import type { Witness } from './witness.ts'

export interface SoakOptions {
  rounds: number
  seed: number
  callers: number
  writers: number
  witness: Witness
  /** Heard after each round. */
  onRound?: (round: Round) => void
}

export interface SoakResult {
  rounds: Round[]
  calls: CallsResult
  objects: ObjectsResult
  /** From the last start until everything was executed. */
  drainedMs: number
}

/** Of the rounds, so many kill the platform before it is ready. */
const STARTING_SHARE = 0.2
const STARTING_MS_MAX = 800
const LOADED_MS_MAX = 1500

export async function soak({ rounds, seed, callers, writers, witness, onRound }: SoakOptions): Promise<SoakResult> {
  // Apart, so that how many calls and writes are made does not change the moments.
  const moments = seededRandom(seed)
  const done: Round[] = []
  const platform = await startPlatform({ ...witness.environment, SLUICE_QUEUE_LENGTH: '1000' })
  const calls = new Calls(platform, witness, seededRandom(seed + 1))
  const objects = new Objects(platform, witness, seededRandom(seed + 2))

  async function killUnderLoad(round: Round): Promise<void> {
    const load = [
      ...Array.from({ length: callers }, () => calls.call(round)),
      ...Array.from({ length: writers }, () => objects.write(round)),
    ]
    await setTimeout(round.killedAfterMs)
    await platform.kill()
    await Promise.all(load)
  }

  try {
    await witness.prepare(platform)
    await calls.prepare()
    await objects.prepare()
    for (let number = 1; number <= rounds; number++) {
      const round = newRound(number, moments.fraction() < STARTING_SHARE ? 'starting' : 'loaded', moments.fraction())
      await (round.killed === 'starting' ? killWhileStarting(platform, round.killedAfterMs) : killUnderLoad(round))
      const before = new Set(witness.processes(platform))
      await platform.start()
      round.orphans = witness.processes(platform).filter((each) => before.has(each)).length
      await objects.check(round)
      done.push(round)
      onRound?.(round)
    }
    const drainedMs = await waitForAll(async () => (await calls.missing()).length + (await objects.missing()).length)
    return { rounds: done, calls: await calls.judge(), objects: await objects.judge(), drainedMs }
  } finally {
    await platform.stop()
    witness.remove()
  }
}

function newRound(round: number, killed: Round['killed'], fraction: number): Round {
  const killedAfterMs = Math.floor(fraction * (killed === 'starting' ? STARTING_MS_MAX : LOADED_MS_MAX))
  const counts = { accepted: 0, refused: 0, stored: 0, deleted: 0, checked: 0, wrong: 0, orphans: 0 }
  return { round, killed, killedAfterMs, ...counts }
}

async function killWhileStarting(platform: TestPlatform, afterMs: number): Promise<void> {
  await platform.kill()
  const started = platform.start().catch(() => {})
  await setTimeout(afterMs)
  await platform.kill()
  await started
}
