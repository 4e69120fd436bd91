/** Ids of traces and spans: of the caller where it gave some, else derived, so that a record is enough to tell them. */
import { hash } from 'node:crypto'
import type { SpanSource } from './port.ts'

const TRACE_ID_LENGTH = 32
const SPAN_ID_LENGTH = 16
/** Where they stand in a traceparent: `00-{trace id}-{parent id}-{flags}`. */
const TRACE_ID_AT = 3
const PARENT_ID_AT = TRACE_ID_AT + TRACE_ID_LENGTH + 1
const FLAGS_AT = PARENT_ID_AT + SPAN_ID_LENGTH + 1
const SAMPLED_FLAG = 1

/** The digits of the request id, whose tail is random as W3C Trace Context asks; of an id of another form its hash. */
function ownTraceId(requestId: string): string {
  const digits = requestId.replaceAll('-', '').toLowerCase()
  const isId = digits.length <= TRACE_ID_LENGTH && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(digits)
  return isId ? digits.padStart(TRACE_ID_LENGTH, '0') : hash('sha256', requestId).slice(0, TRACE_ID_LENGTH)
}

export function traceIdOf({ requestId, traceparent }: Pick<SpanSource, 'requestId' | 'traceparent'>): string {
  return traceparent === null ? ownTraceId(requestId) : traceparent.slice(TRACE_ID_AT, TRACE_ID_AT + TRACE_ID_LENGTH)
}

/** One hash for all spans of a record: their ids differ in the last two digits. */
const SPAN_NAMES = [
  'invocation',
  'queue',
  'cold start',
  'schedule',
  'package',
  'sandbox',
  'runtime',
  'initializer',
  'execution',
  'initialize',
  'preFreeze',
  'preStop',
] as const
export type SpanName = (typeof SPAN_NAMES)[number]
const ENDINGS = Object.fromEntries(SPAN_NAMES.map((name, i) => [name, (i + 1).toString(16).padStart(2, '0')]))

/** Attempts have the same request id and never begin in the same ms. */
export function spanIdsOf({ requestId, startedMs }: Pick<SpanSource, 'requestId' | 'startedMs'>) {
  const stem = hash('sha256', `${requestId} ${startedMs}`).slice(0, SPAN_ID_LENGTH - 2)
  return (name: SpanName): string => stem + ENDINGS[name]!
}

/** What the invocation is below; null when its trace begins with it. */
export function parentSpanIdOf(source: SpanSource): string | null {
  if (source.traceparent === null) return null
  const parentId = source.traceparent.slice(PARENT_ID_AT, PARENT_ID_AT + SPAN_ID_LENGTH)
  return parentId === spanIdsOf(source)('invocation') ? null : parentId
}

export function isSampled(traceparent: string | null): boolean {
  if (traceparent === null) return false
  return (Number.parseInt(traceparent.slice(FLAGS_AT, FLAGS_AT + 2), 16) & SAMPLED_FLAG) !== 0
}

/** The traceparent of a trace that begins with this invocation. */
export function firstTraceparent(requestId: string, startedMs: number): string {
  return `00-${ownTraceId(requestId)}-${spanIdsOf({ requestId, startedMs })('invocation')}-01`
}

/** For what the invocation calls: the same trace, below its execution. */
export function executionTraceparent(source: SpanSource): string {
  return `00-${traceIdOf(source)}-${spanIdsOf(source)('execution')}-01`
}
