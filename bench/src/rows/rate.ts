/** Starts a second without stems, so many under way at a time as the platform itself allows: what a machine can sustain. */
import { availableParallelism } from 'node:os'
import { hello3 } from '../apps.ts'
import { get } from '../http.ts'
import { inParallel } from '../in-parallel.ts'
import { containerPeers } from '../peers/containers.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { EXPECTED_BODY, type Peer, type RunningPeer } from '../peers/peer.ts'
import { rotate, usePlatform, type RowContext, type RunRow } from './row.ts'
import { variantsWithoutStems, type Variant } from './variants.ts'

const AT_ONCE = availableParallelism() * 2
/** Starts for each one of the row `cold`. */
const STARTS_FACTOR = 2

export const rate: RunRow = async (context) => {
  const count = context.options.coldStarts * STARTS_FACTOR
  context.note(`${count} starts of nodejs, ${AT_ONCE} at once`)
  const ours = (await variantsWithoutStems(context)).map((variant) => () => measureOurs(context, variant, count))
  const peers = [nodeHttp, ...containerPeers()].map((peer) => () => measurePeer(context, peer, count))
  for (let round = 0; round < context.options.rounds; round++) {
    for (const measure of rotate([...ours, ...peers], round)) await measure()
  }
}

async function measureOurs(context: RowContext, { name, settings }: Variant, count: number): Promise<void> {
  const subject = `sluice, ${name}`
  context.say(subject)
  await usePlatform(context, settings, async (platform) => {
    const endpoints = await Promise.all(Array.from({ length: count }, (_, i) => platform.deploy3(`rate-${i}`, hello3)))
    let invalid: string | null = null
    const perSecond = await ratePerSecond(count, async (i) => {
      const { status, body } = await get(endpoints[i]!)
      if (status !== 200 || body !== EXPECTED_BODY) invalid = `a first call was answered ${status}`
    })
    context.record({ row: 'rate', subject, metric: 'starts', unit: '1/s', value: perSecond, invalid })
  })
}

async function measurePeer(context: RowContext, peer: Peer, count: number): Promise<void> {
  context.say(peer.name)
  const running: RunningPeer[] = []
  try {
    const perSecond = await ratePerSecond(count, async () => {
      running.push(await peer.start())
    })
    context.record({ row: 'rate', subject: peer.name, metric: 'starts', unit: '1/s', value: perSecond })
  } finally {
    for (const one of running) await one.stop()
  }
}

async function ratePerSecond(count: number, start: (index: number) => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await inParallel(count, AT_ONCE, start)
  return count / ((performance.now() - startedMs) / 1000)
}
