/** The trace in an INVOKE head: what the caller sent, and where the function is to report its own spans. */
import type { FunctionVersion, JsonObject, JsonValue } from '../model.ts'
import type { HttpRequestHead, InvocationRequest, TraceContext } from './port.ts'

const NONE: TraceContext = { openTracingSpanContext: '', openTracingSpanBaggages: {} }

/** `traceparent`: instead of the caller's; null: that. Undefined when there is nothing to tell. */
export function traceOf({ tracing, version }: InvocationRequest, traceparent: string | null): object | undefined {
  const jaegerEndpoint = jaegerEndpointOf(version)
  if (jaegerEndpoint === '' && traceparent === null) return tracing ?? undefined
  return {
    ...NONE,
    ...tracing,
    ...(traceparent !== null && { traceparent }),
    ...(jaegerEndpoint !== '' && { jaegerEndpoint }),
  }
}

/** Programs that speak HTTP look for it there. */
export function withTraceparent(head: HttpRequestHead, traceparent: string): HttpRequestHead {
  const headers: string[] = []
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i]!
    if (name.toLowerCase() !== 'traceparent') headers.push(name, head.headers[i + 1]!)
  }
  headers.push('traceparent', traceparent)
  return { ...head, headers }
}

/** From `tracingConfig` of the service (2.0) or the function (3.0); empty when tracing is not set up. */
function jaegerEndpointOf({ service, function: definition }: FunctionVersion): string {
  const { tracingConfig } = (service ?? definition).config.settings
  if (!isObject(tracingConfig) || tracingConfig['type'] !== 'Jaeger') return ''
  const { params } = tracingConfig
  return isObject(params) && typeof params['endpoint'] === 'string' ? params['endpoint'] : ''
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
