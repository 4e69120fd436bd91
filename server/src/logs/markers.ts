/** The lines that the platform adds to a function's own, derived from the record of an invocation. */
import { cutLine } from './line-splitter.ts'
import type { InvocationRecord, LifecycleHook, LogLine } from './port.ts'

/** Order of the lines of one request that have the same time; those of an initializer come before those of its request. */
export const rankOf = { start: 4, line: 5, error: 6, end: 7 } as const
const initializerRankOf = { start: 0, line: 1, error: 2, end: 3 } as const

const ranksFor = (kind: InvocationRecord['kind'] | null) => (kind === 'initialize' ? initializerRankOf : rankOf)
export const lineRank = ({ hook }: LogLine): number => ranksFor(hook).line

export interface Marker {
  line: LogLine
  rank: number
}

/**
 * First and last ms of an invocation in its function's log. `startedMs` is cut to whole ms, so the end is rounded up: a
 * line printed at the very end never comes after it.
 */
export function spanOf(record: InvocationRecord): { fromMs: number; toMs: number } {
  const enteredMs = record.startedMs + record.queuedMs
  return { fromMs: Math.floor(enteredMs), toMs: Math.ceil(enteredMs + record.durationMs) }
}

/** Start, error and end lines, in order. A call that reached no instance has only its error line. */
export function markersOf(record: InvocationRecord): Marker[] {
  const { fromMs, toMs } = spanOf(record)
  const { requestId, kind } = record
  const rank = ranksFor(kind)
  const markers: Marker[] = []
  const add = (timeMs: number, at: number, text: string): void => {
    markers.push({ line: systemLine(record, timeMs, text), rank: at })
  }
  const reached = record.instanceId !== ''
  if (reached) add(fromMs, rank.start, startText(requestId, hookOf(record)))
  const told = errorText(record)
  if (told !== '') add(toMs, rank.error, cutLine(told))
  if (reached) add(toMs, rank.end, endText(record))
  return markers
}

export function startText(requestId: string, hook: LifecycleHook | null): string {
  return `FC ${wordOf(hook)} Start RequestId: ${requestId}`
}

export function endText(record: InvocationRecord): string {
  return `FC ${wordOf(hookOf(record))} End RequestId: ${record.requestId}${errorSuffix(record)}`
}

/** What went wrong, on one line; empty when nothing did, or nothing is known of it. */
export function errorText({ fault, errorType, errorMessage }: InvocationRecord): string {
  if (fault === null || errorMessage === '') return ''
  const told = errorType === '' ? errorMessage : `${errorType}: ${errorMessage}`
  return told.replaceAll(/\r?\n/g, ' ')
}

/** The hook that a record is of; null when it is of an invocation. */
export function hookOf({ kind }: InvocationRecord): LifecycleHook | null {
  return kind === 'event' || kind === 'http' ? null : kind
}

const HOOK_WORDS = { initialize: 'Initialize', preFreeze: 'PreFreeze', preStop: 'PreStop' } as const
const wordOf = (hook: LifecycleHook | null) => (hook === null ? 'Invoke' : HOOK_WORDS[hook])

function errorSuffix({ fault, handled }: InvocationRecord): string {
  if (fault !== 'function') return ''
  return handled ? ', Error: Handled function error' : ', Error: Unhandled function error'
}

export function systemLine(record: InvocationRecord, timeMs: number, text: string): LogLine {
  const { functionKey, versionId, requestId, instanceId } = record
  return { functionKey, versionId, requestId, instanceId, timeMs, stream: 'system', text, hook: hookOf(record) }
}
