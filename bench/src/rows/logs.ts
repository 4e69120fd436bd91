/** Logs: lines that functions print, at the rate that is promised and as fast as they come; then searches over a million. */
import { setTimeout as delay } from 'node:timers/promises'
import { lines, LINES_PER_CALL } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import type { Platform } from '../platform.ts'
import { cpuMs, hasProc } from '../system.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const FUNCTIONS = 4
/** What is promised. */
const RATE_PER_SECOND = 20_000
const LINES = 1_000_000
const SEARCHES = 7
const RARE_WORD = 'Quetzalcoatlus'
/** Lines leave the platform in batches. */
const STORED_MS_MAX = 30_000
const STORED_LOOK_MS = 200
const SETTINGS = { SLUICE_LOG_FUNCTION_MB: '2048', SLUICE_LOG_MB: '8192' }

/** Each is looked for in all that was printed; the newest hundred hits are answered. */
const QUERIES = [
  ['rare word', RARE_WORD.toLowerCase()],
  ['request id', 'requestId: REQUEST'],
  ['member of JSON', 'order.id: 4990'],
  ['level', 'level: error'],
  ['grouped by function', '* | SELECT functionName, count(*) FROM log GROUP BY functionName'],
] as const

export const logs: RunRow = async (context) => {
  context.note(`${FUNCTIONS} functions, lines of about 100 bytes; searches over ${LINES} lines, medians of ${SEARCHES}`)
  for (let round = 0; round < context.options.rounds; round++) {
    await usePlatform(context, SETTINGS, (platform) => measure(context, platform))
  }
}

async function measure(context: RowContext, platform: Platform): Promise<void> {
  const endpoints: Endpoint[] = []
  for (let i = 0; i < FUNCTIONS; i++) endpoints.push(await platform.deploy3(`lines-${i}`, lines))
  const printedAtRate = await printAtRate(context, platform, endpoints)
  await printTheRest(context, platform, endpoints, printedAtRate)
  await search(context, platform)
}

async function call(endpoint: Endpoint): Promise<void> {
  const { status, body } = await get(endpoint)
  if (status !== 200) throw new Error(`a function that prints answered ${status} ${body.slice(0, 80)}`)
}

async function printAtRate(context: RowContext, platform: Platform, endpoints: readonly Endpoint[]): Promise<number> {
  const { record, say, options } = context
  say(`${RATE_PER_SECOND} lines a second`)
  await Promise.all(endpoints.map(call))
  const first = LINES_PER_CALL * FUNCTIONS
  const intervalMs = (LINES_PER_CALL * FUNCTIONS * 1000) / RATE_PER_SECOND
  const rounds = Math.ceil((options.loadSeconds * 1000) / intervalMs)
  const cpuBeforeMs = hasProc ? cpuMs(platform.ownPids()) : 0
  const startedMs = performance.now()
  const calls: Promise<unknown>[] = []
  for (let done = 0; done < rounds; done++) {
    // Not one after the other's answer: whoever is slow changes nothing of the rate.
    calls.push(...endpoints.map(call))
    await delay(Math.max(0, startedMs + (done + 1) * intervalMs - performance.now()))
  }
  await Promise.all(calls)
  const seconds = (performance.now() - startedMs) / 1000
  const printed = rounds * LINES_PER_CALL * FUNCTIONS
  const add = (metric: string, unit: string, value: number) =>
    record({ row: 'logs', subject: 'sluice', metric, unit, value })
  if (hasProc) add('cpu at that rate', 'us/line', ((cpuMs(platform.ownPids()) - cpuBeforeMs) * 1000) / printed)
  add('lines at a rate', '1/s', printed / seconds)
  add('lost at that rate', 'count', await lost(platform, first + printed))
  return first + printed
}

async function printTheRest(
  { record, say }: RowContext,
  platform: Platform,
  endpoints: readonly Endpoint[],
  printedBefore: number,
): Promise<void> {
  say(`${LINES} lines in all, as fast as they come`)
  const startedMs = performance.now()
  let printed = printedBefore
  await Promise.all(
    endpoints.map(async (endpoint) => {
      while (printed < LINES) {
        // Counted when it is asked for: others count meanwhile.
        printed += LINES_PER_CALL
        await call(endpoint)
      }
    }),
  )
  const seconds = (performance.now() - startedMs) / 1000
  const rate = (printed - printedBefore) / seconds
  record({ row: 'logs', subject: 'sluice', metric: 'lines, as fast as they come', unit: '1/s', value: rate })
  const missing = await lost(platform, printed)
  record({ row: 'logs', subject: 'sluice', metric: 'lost then', unit: 'count', value: missing })
  const word = endpoints[0]!
  await call({ ...word, path: `${word.path}?word=${RARE_WORD}` })
}

/** How many of the lines are not stored, when no more come. */
async function lost(platform: Platform, printed: number): Promise<number> {
  const deadlineMs = performance.now() + STORED_MS_MAX
  let stored = 0
  while (performance.now() < deadlineMs) {
    const query = { query: 'source: log', from: 0, buckets: 1 }
    const { total } = (await platform.ask('/sluice/v1/logs/histogram', query)) as { total: number }
    if (total === printed || total === stored) return printed - total
    stored = total
    await delay(STORED_LOOK_MS)
  }
  return printed - stored
}

async function search({ record, say }: RowContext, platform: Platform): Promise<void> {
  say('searches')
  const searched = (query: string) =>
    platform.ask('/sluice/v1/logs/search', { query, from: 0, limit: 100, descending: true })
  const [{ line: { requestId } = { requestId: '' } } = {}] = (await searched(RARE_WORD))['hits'] as Hit[]
  for (const [name, query] of QUERIES) {
    const tookMs: number[] = []
    let found = 0
    for (let i = 0; i < SEARCHES; i++) {
      const startedMs = performance.now()
      const answer = await searched(query.replace('REQUEST', requestId))
      tookMs.push(performance.now() - startedMs)
      found = ((answer['hits'] ?? answer['rows']) as unknown[]).length
    }
    const invalid = found > 0 ? null : 'nothing was found'
    record({
      row: 'logs',
      subject: 'sluice',
      metric: `search ${name}`,
      unit: 'ms',
      value: percentile(tookMs, 0.5),
      invalid,
    })
  }
}

interface Hit {
  line?: { requestId: string }
}
