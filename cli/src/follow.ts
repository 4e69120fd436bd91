/** Log lines and invocation records as they come, over restarts of the platform. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call, Client } from './client.ts'
import { ApiError, CliError, exitCodes, messageOf } from './errors.ts'
import { type FunctionRef, refKey } from './function-ref.ts'
import { isObject, type Json, numberOf, objectOf, objectsOf, textOf } from './json.ts'

const PAGE_LIMIT = 1000
const RECONNECT_MS = 500
/** A line may be stored this much later than its time says. */
const LATE_LINE_MS = 2_000

export interface LogFilter {
  /** Absent: of all functions. */
  ref?: FunctionRef
  qualifier?: string
  requestId?: string
  text?: string
  /** In the query language; without it, and with a function, its lines are read as they were printed. */
  query?: string
}

/** A query is searched for; so are the lines of all functions. */
const isSearch = ({ ref, query }: LogFilter) => ref === undefined || query !== undefined

export interface FollowOptions {
  signal: AbortSignal
  /** The stream broke and is being opened again. */
  onLost: (reason: string) => void
  /** Lines or records that the platform left out because this reader was too slow. */
  onDropped: (count: number) => void
}

const filterQuery = ({ ref, qualifier, requestId, text, query }: LogFilter) => ({
  function: ref && refKey(ref),
  qualifier,
  requestId,
  text,
  query,
})

/** What a line is known by when it comes twice. */
const identityOf = ({ timeMs, requestId, instanceId, stream, text }: Json) =>
  JSON.stringify([timeMs, requestId, instanceId, stream, text])

/** The last `tail` lines since `fromMs`, oldest first. */
export async function queryLines(
  client: Client,
  filter: LogFilter,
  fromMs: number | undefined,
  tail: number,
): Promise<Json[]> {
  if (isSearch(filter)) return (await queryHits(client, filter, { fromMs }, tail)).map(({ line }) => objectOf(line))
  const call = { action: 'ListLogLines', path: '/sluice/v1/logs' }
  return lastOf(client, { ...call, query: { ...filterQuery(filter), from: fromMs } }, 'lines', tail)
}

/** The last `tail` hits of a search in the period, oldest first. */
export async function queryHits(
  client: Client,
  { ref, query }: LogFilter,
  { fromMs, toMs }: { fromMs: number | undefined; toMs?: number | undefined },
  tail: number,
): Promise<Json[]> {
  const search = { query, function: ref && refKey(ref), from: fromMs, to: toMs }
  return lastOf(client, { action: 'SearchLogs', path: '/sluice/v1/logs/search', query: search }, 'hits', tail)
}

async function lastOf(client: Client, call: Call, key: 'lines' | 'hits', tail: number): Promise<Json[]> {
  const items: Json[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(PAGE_LIMIT, tail - items.length)
    const page = await client.json({ ...call, query: { ...call.query, descending: true, limit, cursor } })
    items.push(...objectsOf(page[key]))
    cursor = textOf(page['nextCursor']) || undefined
  } while (cursor !== undefined && items.length < tail)
  return items.reverse()
}

/** First the last `tail` lines since `fromMs`, then every new one, until the signal aborts; none twice, none left out. */
export async function followLines(
  client: Client,
  filter: LogFilter,
  past: { fromMs: number | undefined; tail: number },
  options: FollowOptions,
  onLine: (line: Json) => void,
): Promise<void> {
  let { fromMs, tail } = past
  const call: Call = { action: 'FollowLogLines', path: '/sluice/v1/logs/follow', query: filterQuery(filter) }
  const seen = new Set<string>()
  const show = (line: Json) => {
    fromMs = Math.max(fromMs ?? 0, numberOf(line['timeMs']))
    onLine(line)
  }
  const remember = (line: Json) => seen.add(identityOf(line))
  await followAgain(client, call, options, async (item, isFirst, sinceMs) => {
    if (isFirst) {
      // The stream is open: what came before it is asked for, and what both have is shown once.
      const lines = tail > 0 ? await queryLines(client, filter, fromMs, tail) : []
      const news = lines.filter((line) => !seen.has(identityOf(line)))
      seen.clear()
      lines.forEach(remember)
      news.forEach(show)
      tail = PAGE_LIMIT
      fromMs ??= sinceMs
    }
    const { line } = item
    if (!isObject(line)) return
    if (seen.has(identityOf(line))) return
    const timeMs = numberOf(line['timeMs'])
    // Lines of the newest millisecond stay remembered: after a restart the past is asked for from there.
    if (timeMs > sinceMs + LATE_LINE_MS && timeMs > (fromMs ?? 0)) seen.clear()
    remember(line)
    show(line)
  })
}

/** Every new invocation record, of one function or of all. */
export async function followRecords(
  client: Client,
  ref: FunctionRef | undefined,
  options: FollowOptions,
  onRecord: (record: Json) => void,
): Promise<void> {
  const query = { function: ref && refKey(ref) }
  await followAgain(client, { action: 'FollowRecords', path: '/sluice/v1/records/follow', query }, options, (item) => {
    if (isObject(item['record'])) onRecord(item['record'])
  })
}

async function followAgain(
  client: Client,
  call: Call,
  { signal, onLost, onDropped }: FollowOptions,
  onItem: (item: Json, isFirst: boolean, sinceMs: number) => void | Promise<void>,
): Promise<void> {
  let lost = false
  while (!signal.aborted) {
    let sinceMs: number | undefined
    let reason = 'the platform closed the stream'
    try {
      for await (const item of client.stream({ ...call, signal })) {
        const isFirst = sinceMs === undefined
        sinceMs ??= numberOf(item['heartbeatMs'])
        lost = false
        if (typeof item['dropped'] === 'number') onDropped(item['dropped'])
        await onItem(item, isFirst, sinceMs)
      }
    } catch (error) {
      if (signal.aborted) return
      const isPassing = error instanceof CliError && error.exitCode === exitCodes.unreachable
      const isOurs = error instanceof ApiError ? error.status < 500 : error instanceof CliError && !isPassing
      if (isOurs) throw error
      reason = messageOf(error)
    }
    if (!lost) onLost(reason)
    lost = true
    await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined)
  }
}
