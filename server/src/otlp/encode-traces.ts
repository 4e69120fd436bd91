/** Records of invocations → the body of an export of traces. Pure. */
import type { InvocationRecord } from '../logs/port.ts'
import { spansOf, traceIdOf, type Span } from '../traces/port.ts'
import { byInstance, functionResource, scopeOf, type Installation } from './resource.ts'
import { attributes, nanosOf } from './values.ts'

const KIND = { internal: 1, server: 2, consumer: 5 } as const
const STATUS_ERROR = 2
const SAMPLED_FLAG = 1

export function encodeTraces(records: readonly InvocationRecord[], at: Installation): string {
  const resourceSpans = byInstance(records).map((group) => ({
    resource: functionResource(group[0]!, at),
    scopeSpans: [{ scope: scopeOf(at), spans: group.flatMap((record) => spansOf(record).map(encoder(record))) }],
  }))
  return JSON.stringify({ resourceSpans })
}

function encoder(record: InvocationRecord) {
  const traceId = traceIdOf(record)
  const rootKind = record.invocationType === 'Async' ? KIND.consumer : KIND.server
  return ({ spanId, parentSpanId, name, startMs, durationMs, attributes: facts, error }: Span) => ({
    traceId,
    spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    flags: SAMPLED_FLAG,
    name,
    kind: name === 'invocation' ? rootKind : KIND.internal,
    startTimeUnixNano: nanosOf(startMs),
    endTimeUnixNano: nanosOf(startMs + durationMs),
    attributes: attributes(facts),
    ...(error !== null && { status: { code: STATUS_ERROR, message: error.toWellFormed() } }),
  })
}
