/** What an invocation did with its time, as spans: computed from its record, and joined to the trace of the caller. */
import type { InvocationRecord } from '../logs/port.ts'

export { executionTraceparent, isSampled, traceIdOf } from './context.ts'
export { spansOf } from './spans.ts'
export { createTracer } from './tracer.ts'

/** Decides which invocations are traced beyond their record; there is none where nothing is exported. */
export interface Tracer {
  /** For the record, as an invocation begins. `came`: of the caller. Null: it belongs to no trace. */
  traceparentOf(requestId: string, startedMs: number, came: string | undefined): string | null
}

export interface Span {
  /** 16 hex digits. */
  spanId: string
  /** Null for the first of a trace that begins here. */
  parentSpanId: string | null
  /** `invocation` with `queue`, `cold start` (`schedule`, `package`, `sandbox`, `runtime`, `initializer`) and `execution` below it; or the hook. */
  name: string
  /** Since 1970, with fractions. */
  startMs: number
  durationMs: number
  /** Under the names of OpenTelemetry's semantic conventions. */
  attributes: Record<string, string | number | boolean>
  /** What it failed with; null: it did not. */
  error: string | null
}

export type SpanSource = Pick<InvocationRecord, 'requestId' | 'startedMs' | 'traceparent'>
