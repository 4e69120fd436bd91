/** The state of the logs page as it stands in the address, so that a link shows the same. */
import { parseRange, rangeText, type TimeRange } from '../../components/time-range.ts'

export interface LogsState {
  query: string
  /** Empty: all functions. */
  functionKey: string
  range: TimeRange
  isFollowing: boolean
}

const DEFAULT_RANGE: TimeRange = { lastMs: 3_600_000 }

/** What the address says; nonsense in it is left out. */
export function readAddress(search: string): LogsState {
  const parameters = new URLSearchParams(search)
  return {
    query: parameters.get('query') ?? '',
    functionKey: parameters.get('function') ?? '',
    range: parseRange(parameters.get('range'), DEFAULT_RANGE),
    isFollowing: parameters.get('follow') === 'true',
  }
}

/** Without what is as it is anyway; empty when nothing is left. */
export function writeAddress({ query, functionKey, range, isFollowing }: LogsState): string {
  const parameters = new URLSearchParams()
  if (query !== '') parameters.set('query', query)
  if (functionKey !== '') parameters.set('function', functionKey)
  if (rangeText(range) !== rangeText(DEFAULT_RANGE)) parameters.set('range', rangeText(range))
  if (isFollowing) parameters.set('follow', 'true')
  return parameters.toString()
}

/** A text as a phrase of the query language. */
export const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`

/** The query with one more condition, before what may stand behind a `|`. */
export function withCondition(query: string, condition: string): string {
  const conditions = conditionsOf(query).trim()
  const analysis = query.slice(conditionsOf(query).length)
  if (conditions === '') return `${condition}${analysis === '' ? '' : ` ${analysis}`}`
  const joined = /\bOR\b/i.test(conditions) ? `(${conditions})` : conditions
  return `${joined} AND ${condition}${analysis === '' ? '' : ` ${analysis}`}`
}

/** What stands before the `|`, which may also be part of a phrase. */
export function conditionsOf(query: string): string {
  const conditions = /^(?:"(?:[^"\\]|\\.)*"?|[^"|])*/.exec(query)
  return conditions?.[0] ?? ''
}

export const isAnalysis = (query: string) => conditionsOf(query).length < query.length
