/** Records → spans. Pure. */
import type { ColdStartPhases, InvocationRecord, LifecycleHook } from '../logs/port.ts'
import { parentSpanIdOf, spanIdsOf, type SpanName } from './context.ts'
import type { Span } from './port.ts'

const PHASES = ['schedule', 'package', 'sandbox', 'runtime', 'initializer'] as const

/** Of one invocation, or one run of a hook, parents before their children. */
export function spansOf(record: InvocationRecord): Span[] {
  const { kind } = record
  if (kind !== 'event' && kind !== 'http') return [hookSpan(record, kind)]
  const { startedMs, queuedMs, durationMs, coldStart } = record
  const enteredMs = startedMs + queuedMs
  const idOf = spanIdsOf(record)
  const root: Span = {
    spanId: idOf('invocation'),
    parentSpanId: parentSpanIdOf(record),
    name: 'invocation',
    startMs: startedMs,
    durationMs: queuedMs + durationMs,
    attributes: attributesOf(record),
    error: errorOf(record),
  }
  const below = (name: SpanName, startMs: number, spanMs: number, parent = root): Span => ({
    spanId: idOf(name),
    parentSpanId: parent.spanId,
    name,
    startMs,
    durationMs: spanMs,
    attributes: {},
    error: null,
  })
  const coldStartMs = coldStart === null ? 0 : totalMs(coldStart)
  // An instance may have been on its way before the request came, which has waited for the rest of its start only.
  const spans = [root, below('queue', startedMs, Math.max(0, queuedMs - coldStartMs))]
  if (coldStart !== null) {
    const start = below('cold start', enteredMs - coldStartMs, coldStartMs)
    spans.push(start)
    let phaseStartMs = start.startMs
    for (const phase of PHASES) {
      const phaseMs = coldStart[`${phase}Ms`]
      spans.push(below(phase, phaseStartMs, phaseMs, start))
      phaseStartMs += phaseMs
    }
  }
  if (record.instanceId !== '') {
    const execution = below('execution', enteredMs, durationMs)
    spans.push({ ...execution, error: record.fault === 'function' ? root.error : null })
  }
  return spans
}

function hookSpan(record: InvocationRecord, name: LifecycleHook): Span {
  return {
    spanId: spanIdsOf(record)(name),
    parentSpanId: parentSpanIdOf(record),
    name,
    startMs: record.startedMs,
    durationMs: record.durationMs,
    attributes: attributesOf(record),
    error: errorOf(record),
  }
}

function totalMs(phases: ColdStartPhases): number {
  return PHASES.reduce((sum, phase) => sum + phases[`${phase}Ms`], 0)
}

/** A failure that is the caller's own is none of the one who serves it, as in the conventions for HTTP servers. */
function errorOf({ fault, errorType, errorMessage }: InvocationRecord): string | null {
  return fault === null || fault === 'caller' ? null : errorMessage === '' ? errorType : errorMessage
}

function attributesOf(record: InvocationRecord): Span['attributes'] {
  const { kind, statusCode, errorType, instanceId, clientIp } = record
  return {
    'faas.invocation_id': record.requestId,
    'faas.trigger': kind === 'http' ? 'http' : 'other',
    'faas.coldstart': record.coldStart !== null,
    'sluice.qualifier': record.qualifier,
    'sluice.invocation_type': record.invocationType,
    'sluice.billed_ms': record.billedMs,
    'sluice.max_memory_mb': record.maxMemoryMB,
    ...(instanceId !== '' && { 'faas.instance': instanceId }),
    ...(clientIp !== '' && { 'client.address': clientIp }),
    ...(kind === 'http' && { 'http.request.method': record.method, 'url.path': record.path }),
    ...((kind === 'http' || kind === 'event') && { 'http.response.status_code': statusCode }),
    ...(errorType !== '' && { 'error.type': errorType }),
  }
}
