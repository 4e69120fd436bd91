/** Asynchronous invocations: how many are accepted onto disk a second, how soon one runs, and a backlog that drains. */
import { setTimeout as delay } from 'node:timers/promises'
import { hello3 } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import { atRate, countOf, hasHey } from '../hey.ts'
import { cpuMs, hasProc } from '../system.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'
import type { Platform } from '../platform.ts'

const CONNECTIONS = 64
const WARM_UP_SECONDS = 2
/** Half of what is promised. */
const RATE_PER_SECOND = 5000
/** Accepted and not run while it is measured how fast that is. */
const LATER_SECONDS = 3600
const SINGLE_CALLS = 200
const SINGLE_PAUSE_MS = 20
const BACKLOG = 100_000
/** Divides the backlog: hey gives each connection the same number of requests. */
const BACKLOG_CONNECTIONS = 50
const DRAIN_LOOK_MS = 200
const DRAIN_MS_MAX = 300_000

export const asyncRow: RunRow = async (context) => {
  context.note(`an empty event, signed, ${CONNECTIONS} connections; accepts are of invocations that are due in an hour`)
  for (let round = 0; round < context.options.rounds; round++) {
    await usePlatform(context, {}, (platform) => measureAccepts(context, platform))
    await usePlatform(context, {}, (platform) => measureLatency(context, platform))
    if (hasHey()) await usePlatform(context, {}, (platform) => measureDrain(context, platform))
  }
}

const ASYNC = { 'X-Fc-Invocation-Type': 'Async' }

async function measureAccepts({ load, options, record, say }: RowContext, platform: Platform): Promise<void> {
  const later = { ...ASYNC, 'X-Fc-Async-Delay': String(LATER_SECONDS) }
  const endpoint = await platform.deployEvent2('accept', hello3, later)
  const first = await get(endpoint)
  const wrong = first.status === 202 ? null : `answered ${first.status} ${first.body.slice(0, 80)}`
  await load.run(endpoint, CONNECTIONS, WARM_UP_SECONDS)
  say('accepts')
  const cpuBeforeMs = hasProc ? cpuMs(platform.ownPids()) : 0
  const result = await load.run(endpoint, CONNECTIONS, options.loadSeconds)
  const cpuUs = hasProc ? (cpuMs(platform.ownPids()) - cpuBeforeMs) * 1000 : 0
  const failed = result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null
  const add = (metric: string, unit: string, value: number, invalid = wrong ?? failed) =>
    record({ row: 'async', subject: 'sluice', metric, unit, value, invalid })
  add('accepts', '1/s', result.requestsPerSecond)
  add('accept p99', 'ms', result.p99Us / 1000)
  if (hasProc) add('accept cpu', 'us/request', cpuUs / result.requests)
  if (!hasHey()) return say('async: accepts at a given rate are left out: hey is not here')
  say(`accepts at ${RATE_PER_SECOND}/s`)
  const half = await atRate(endpoint, CONNECTIONS, RATE_PER_SECOND, options.loadSeconds)
  const notAll = half.requests === half.accepted ? null : `${half.requests - half.accepted} answers failed`
  add('rate asked for', '1/s', half.perSecond, notAll)
  add('accept p99 at that rate', 'ms', half.p99Ms, notAll)
}

async function measureLatency({ record, say }: RowContext, platform: Platform): Promise<void> {
  say('from a call to the start of its function')
  const endpoint = await platform.deployEvent2('latency', hello3, ASYNC)
  await call(endpoint)
  await platform.asyncStarts(1)
  const sentMs: number[] = []
  for (let i = 0; i < SINGLE_CALLS; i++) {
    sentMs.push(performance.timeOrigin + performance.now())
    await call(endpoint)
    await delay(SINGLE_PAUSE_MS)
  }
  const starts = await platform.asyncStarts(SINGLE_CALLS)
  const tookMs = starts.map((startMs, i) => startMs - sentMs[i]!)
  const add = (metric: string, value: number) => record({ row: 'async', subject: 'sluice', metric, unit: 'ms', value })
  add('call to function p50', percentile(tookMs, 0.5))
  add('call to function p99', percentile(tookMs, 0.99))
}

async function call(endpoint: Endpoint): Promise<void> {
  const { status, body } = await get(endpoint)
  if (status !== 202) throw new Error(`the call was answered ${status} ${body}`)
}

async function measureDrain({ record, say }: RowContext, platform: Platform): Promise<void> {
  say(`${BACKLOG} invocations are accepted and run`)
  const endpoint = await platform.deployEvent2('drain', hello3, ASYNC)
  const startedMs = performance.now()
  const { accepted } = await countOf(endpoint, BACKLOG_CONNECTIONS, BACKLOG)
  const acceptedMs = performance.now() - startedMs
  const deadlineMs = performance.now() + DRAIN_MS_MAX
  while ((await left(platform)) > 0 && performance.now() < deadlineMs) await delay(DRAIN_LOOK_MS)
  const seconds = (performance.now() - startedMs) / 1000
  const run = await platform.metric('sluice_invocations_total')
  const invalid = accepted === BACKLOG ? null : `${BACKLOG - accepted} were refused`
  const add = (metric: string, unit: string, value: number) =>
    record({ row: 'async', subject: 'sluice', metric, unit, value, invalid })
  add('backlog accepted', '1/s', accepted / (acceptedMs / 1000))
  add('backlog accepted and run', '1/s', accepted / seconds)
  add('lost', 'count', Math.max(0, accepted - run))
  add('run more than once', 'count', Math.max(0, run - accepted))
}

async function left(platform: Platform): Promise<number> {
  return (await platform.metric('sluice_async_backlog')) + (await platform.metric('sluice_async_in_process'))
}
