/** The lines that the platform adds to a function's own, derived from the record of an invocation. */
import { cutLine } from './line-splitter.ts'
import type { InvocationRecord, LogLine } from './port.ts'

/** Order of the lines of one request that have the same time. */
export const rankOf = { initializeStart: 0, initializeEnd: 1, start: 2, line: 3, error: 4, end: 5 } as const

export interface Marker {
  line: LogLine
  rank: number
}

/**
 * First and last ms of an invocation in its function's log. `startedMs` is cut to whole ms, so the end is rounded up: a
 * line printed at the very end never comes after it.
 */
export function spanOf(record: InvocationRecord): { fromMs: number; startMs: number; toMs: number } {
  const enteredMs = record.startedMs + record.queuedMs
  const initializerMs = record.coldStart === null ? 0 : record.coldStart.initializerMs
  return {
    fromMs: Math.floor(enteredMs - initializerMs),
    startMs: Math.floor(enteredMs),
    toMs: Math.ceil(enteredMs + record.durationMs),
  }
}

/** Start, end, initializer and error lines, in order. A call that reached no instance has only its error line. */
export function markersOf(record: InvocationRecord): Marker[] {
  const { fromMs, startMs, toMs } = spanOf(record)
  const { requestId } = record
  const markers: Marker[] = []
  const add = (timeMs: number, rank: number, text: string): void => {
    markers.push({ line: systemLine(record, timeMs, text), rank })
  }
  const reached = record.instanceId !== ''
  if (reached) {
    if (record.coldStart !== null && record.coldStart.initializerMs > 0) {
      add(fromMs, rankOf.initializeStart, `FC Initialize Start RequestId: ${requestId}`)
      add(startMs, rankOf.initializeEnd, `FC Initialize End RequestId: ${requestId}`)
    }
    add(startMs, rankOf.start, startText(requestId))
  }
  if (record.fault !== null && record.errorMessage !== '') {
    const told = record.errorType === '' ? record.errorMessage : `${record.errorType}: ${record.errorMessage}`
    add(toMs, rankOf.error, cutLine(told.replaceAll(/\r?\n/g, ' ')))
  }
  if (reached) add(toMs, rankOf.end, `FC Invoke End RequestId: ${requestId}${errorSuffix(record)}`)
  return markers
}

export function startText(requestId: string): string {
  return `FC Invoke Start RequestId: ${requestId}`
}

function errorSuffix({ fault, handled }: InvocationRecord): string {
  if (fault !== 'function') return ''
  return handled ? ', Error: Handled function error' : ', Error: Unhandled function error'
}

function systemLine(record: InvocationRecord, timeMs: number, text: string): LogLine {
  const { functionKey, versionId, requestId, instanceId } = record
  return { functionKey, versionId, requestId, instanceId, timeMs, stream: 'system', text }
}
