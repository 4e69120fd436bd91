/** The trace context that Function Compute hands on to functions. */
import type { InvocationRequest } from '../invocations/port.ts'

const PREFIX = 'x-fc-tracing-opentracing-span-'

/** From the raw headers of a request; null when it carries none. */
export function tracingOf(rawHeaders: readonly string[]): InvocationRequest['tracing'] {
  let tracing: NonNullable<InvocationRequest['tracing']> | null = null
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length < PREFIX.length) continue
    const name = rawHeaders[i]!.toLowerCase()
    if (!name.startsWith(PREFIX)) continue
    tracing ??= { openTracingSpanContext: '', openTracingSpanBaggages: {} }
    const rest = name.slice(PREFIX.length)
    if (rest === 'context') tracing.openTracingSpanContext = rawHeaders[i + 1]!
    else if (rest.startsWith('baggage-'))
      tracing.openTracingSpanBaggages[rest.slice('baggage-'.length)] = rawHeaders[i + 1]!
  }
  return tracing
}
