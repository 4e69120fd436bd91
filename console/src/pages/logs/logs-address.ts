/** The state of the logs page as it stands in the address, so that a link shows the same. */

/** So many ms up to now, or from one moment to another (exclusive). */
export type TimeRange = { lastMs: number } | { fromMs: number; toMs: number }

export interface LogsState {
  query: string
  /** Empty: all functions. */
  functionKey: string
  range: TimeRange
  isFollowing: boolean
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Names of the ranges that can be chosen at once. */
export const RANGES: Record<string, number> = {
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
}

const DEFAULT_RANGE: TimeRange = { lastMs: HOUR_MS }

/** What the address says; nonsense in it is left out. */
export function readAddress(search: string): LogsState {
  const parameters = new URLSearchParams(search)
  return {
    query: parameters.get('query') ?? '',
    functionKey: parameters.get('function') ?? '',
    range: readRange(parameters),
    isFollowing: parameters.get('follow') === 'true',
  }
}

function readRange(parameters: URLSearchParams): TimeRange {
  const fromMs = Number(parameters.get('from') ?? Number.NaN)
  const toMs = Number(parameters.get('to') ?? Number.NaN)
  if (Number.isSafeInteger(fromMs) && Number.isSafeInteger(toMs) && fromMs >= 0 && fromMs < toMs)
    return { fromMs, toMs }
  const name = parameters.get('range') ?? ''
  return Object.hasOwn(RANGES, name) ? { lastMs: RANGES[name]! } : DEFAULT_RANGE
}

/** Without what is as it is anyway; empty when nothing is left. */
export function writeAddress({ query, functionKey, range, isFollowing }: LogsState): string {
  const parameters = new URLSearchParams()
  if (query !== '') parameters.set('query', query)
  if (functionKey !== '') parameters.set('function', functionKey)
  if ('fromMs' in range) {
    parameters.set('from', String(range.fromMs))
    parameters.set('to', String(range.toMs))
  } else {
    const name = Object.entries(RANGES).find(([, ms]) => ms === range.lastMs)?.[0]
    if (name !== undefined && range.lastMs !== HOUR_MS) parameters.set('range', name)
  }
  if (isFollowing) parameters.set('follow', 'true')
  return parameters.toString()
}

/** From when to when, at a moment. */
export function periodOf(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  return 'fromMs' in range ? range : { fromMs: nowMs - range.lastMs, toMs: nowMs }
}

/** A text as a phrase of the query language. */
export const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
