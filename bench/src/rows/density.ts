/** Many functions that have no instance, and many instances that do nothing: what they cost, and what is left to others. */
import { setTimeout as delay } from 'node:timers/promises'
import { hello3 } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { inParallel } from '../in-parallel.ts'
import { percentile } from '../measurement.ts'
import { functionsFramework } from '../peers/functions-framework.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { EXPECTED_BODY, type Peer, type RunningPeer } from '../peers/peer.ts'
import { workerd } from '../peers/workerd.ts'
import type { Platform } from '../platform.ts'
import { hasProc, pssBytes } from '../system.ts'
import { idleCpuPercent, settle } from './idle.ts'
import { megabytes } from './memory.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const AT_ONCE = 4
/** Between two requests of the load on many instances: 100 a second, far below what the platform can. */
const REQUEST_EVERY_MS = 10
/** Of a hello function, in MB; the platform counts it for each instance, used or not. */
const FUNCTION_MB = 128
/** Of each peer, which has one process for each function; enough to share what processes of one program share. */
const PEER_PROCESSES = 50

export const density: RunRow = async (context) => {
  if (!hasProc) return context.say('density: left out, this system has no /proc')
  await measureDeployed(context)
  await measureInstances(context)
  for (const peer of [nodeHttp, workerd, functionsFramework]) await measurePeer(context, peer)
}

async function measureDeployed(context: RowContext): Promise<void> {
  const { functions } = context.options.density
  await usePlatform(context, {}, async (platform) => {
    // One there is before, so that the stock of stems is in both figures.
    await platform.deploy3('first', hello3)
    await settle(platform)
    const beforeBytes = pssBytes(platform.pids())
    context.say(`deploying ${functions} functions`)
    await inParallel(functions, AT_ONCE, (i) => platform.deploy3(`deployed-${i}`, hello3))
    await settle(platform)
    const value = megabytes(pssBytes(platform.pids()) - beforeBytes)
    const subject = `${functions} functions, no instance`
    context.record({ row: 'density', subject, metric: 'memory added', unit: 'MiB', value })
  })
}

async function measureInstances(context: RowContext): Promise<void> {
  const { instances } = context.options.density
  const settings = {
    SLUICE_ACCOUNT_INSTANCES: String(instances),
    SLUICE_HOST_MEMORY_MB: String(instances * FUNCTION_MB * 2),
    SLUICE_STEMS: '0',
  }
  await usePlatform(context, settings, async (platform) => {
    context.say(`starting ${instances} instances`)
    const endpoints: Endpoint[] = []
    await inParallel(instances, AT_ONCE, async (i) => {
      endpoints[i] = await platform.deploy3(`live-${i}`, hello3)
    })
    await inParallel(instances, AT_ONCE, (i) => get(endpoints[i]!))
    await settle(platform)
    await measureLive(context, platform, endpoints)
  })
}

async function measureLive(context: RowContext, platform: Platform, endpoints: readonly Endpoint[]): Promise<void> {
  const { options, record, say } = context
  const live = await platform.metric('sluice_instances')
  const subject = `${endpoints.length} live instances`
  const invalid = live === endpoints.length ? null : `${live} of ${endpoints.length} instances live`
  const add = (metric: string, unit: string, value: number) =>
    record({ row: 'density', subject, metric, unit, value, invalid })
  const own = platform.ownPids()
  const others = platform.pids().filter((pid) => !own.includes(pid))
  add('each', 'MiB', megabytes(pssBytes(others)) / live)
  add('platform', 'MiB', megabytes(pssBytes(own)))
  for (let round = 0; round < options.rounds; round++) {
    say('idle CPU, then calls to all of them in turn')
    add('CPU while idle', '% of a core', await idleCpuPercent(platform, options.idleSeconds))
    await measureAnswers(context, subject, endpoints, invalid)
  }
  add('live afterwards', 'count', await platform.metric('sluice_instances'))
}

async function measurePeer(context: RowContext, peer: Peer): Promise<void> {
  const subject = `${PEER_PROCESSES} processes of ${peer.name}`
  context.say(subject)
  const running: RunningPeer[] = []
  try {
    await inParallel(PEER_PROCESSES, AT_ONCE, async () => void running.push(await peer.start()))
    const value = megabytes(pssBytes(running.flatMap((each) => each.pids()))) / PEER_PROCESSES
    context.record({ row: 'density', subject, metric: 'each', unit: 'MiB', value })
    for (let round = 0; round < context.options.rounds; round++) await measureAnswers(context, subject, running, null)
  } finally {
    await Promise.all(running.map((each) => each.stop()))
  }
}

async function measureAnswers(
  { options, record }: RowContext,
  subject: string,
  endpoints: readonly Endpoint[],
  invalid: string | null,
): Promise<void> {
  const { elapsedMs, failed } = await callInTurn(endpoints, options.loadSeconds)
  const reason = failed === 0 ? invalid : `${failed} of ${elapsedMs.length} answers failed`
  for (const [metric, share] of [
    ['answer p50', 0.5],
    ['answer p99', 0.99],
  ] as const)
    record({ row: 'density', subject, metric, unit: 'ms', value: percentile(elapsedMs, share), invalid: reason })
}

/** At a steady pace, whether or not those before were answered. */
async function callInTurn(
  endpoints: readonly Endpoint[],
  seconds: number,
): Promise<{ elapsedMs: number[]; failed: number }> {
  const elapsedMs: number[] = []
  let failed = 0
  const calls: Promise<void>[] = []
  for (let i = 0; i < (seconds * 1000) / REQUEST_EVERY_MS; i++) {
    const startedMs = performance.now()
    const call = get(endpoints[i % endpoints.length]!).then(
      ({ status, body }) => status === 200 && body === EXPECTED_BODY,
      () => false,
    )
    calls.push(
      call.then((isGood) => {
        if (!isGood) failed++
        elapsedMs.push(performance.now() - startedMs)
      }),
    )
    await delay(REQUEST_EVERY_MS)
  }
  await Promise.all(calls)
  return { elapsedMs, failed }
}
