/** Lines, and failures of invocations, → the body of an export of logs. Pure. */
import type { InvocationRecord, LogLine } from '../logs/port.ts'
import { executionTraceparent, isSampled } from '../traces/port.ts'
import { byInstance, functionResource, scopeOf, type Installation } from './resource.ts'
import { anyValue, attributes, nanosOf } from './values.ts'

export interface ExportedLine extends LogLine {
  /** Of the execution that printed it, where its trace is exported. */
  traceparent: string | null
}

/** A record stands for what it failed with. */
export type LogItem = ExportedLine | InvocationRecord

const SEVERITY = { warning: 13, error: 17 } as const

export function encodeLogs(items: readonly LogItem[], at: Installation): string {
  const resourceLogs = byInstance(items).map((group) => ({
    resource: functionResource(group[0]!, at),
    scopeLogs: [
      { scope: scopeOf(at), logRecords: group.map((item) => ('text' in item ? ofLine(item) : ofFailure(item))) },
    ],
  }))
  return JSON.stringify({ resourceLogs })
}

/** What a function prints says nothing of its severity, on either stream; what the platform adds is worth a look. */
function ofLine({ timeMs, text, stream, requestId, hook, traceparent }: ExportedLine) {
  return {
    timeUnixNano: nanosOf(timeMs),
    ...(stream === 'system' && { severityNumber: SEVERITY.warning, severityText: 'WARN' }),
    body: anyValue(text),
    attributes: attributes({
      'log.iostream': stream === 'system' ? undefined : stream,
      'faas.invocation_id': requestId === '' ? undefined : requestId,
      'sluice.hook': hook ?? undefined,
    }),
    ...placeOf(traceparent),
  }
}

function ofFailure(record: InvocationRecord) {
  const { startedMs, queuedMs, durationMs, errorType, errorMessage, requestId, traceparent } = record
  return {
    timeUnixNano: nanosOf(startedMs + queuedMs + durationMs),
    severityNumber: SEVERITY.error,
    severityText: 'ERROR',
    body: anyValue(errorMessage === '' ? errorType : `${errorType}: ${errorMessage}`),
    attributes: attributes({
      'exception.type': errorType,
      'exception.message': errorMessage,
      'faas.invocation_id': requestId,
    }),
    ...placeOf(isSampled(traceparent) ? executionTraceparent(record) : null),
  }
}

/** The trace and the span that it belongs to. */
function placeOf(traceparent: string | null) {
  if (traceparent === null) return {}
  const [, traceId, spanId] = traceparent.split('-')
  return { traceId, spanId, flags: 1 }
}
