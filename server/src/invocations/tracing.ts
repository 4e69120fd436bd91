/** The trace in an INVOKE head: what the caller sent, and where the function is to report its own spans. */
import type { FunctionVersion, JsonObject, JsonValue } from '../model.ts'
import type { InvocationRequest, TraceContext } from './port.ts'

const NONE: TraceContext = { openTracingSpanContext: '', openTracingSpanBaggages: {} }

/** Undefined when there is neither. */
export function traceOf({ tracing, version }: InvocationRequest): object | undefined {
  const jaegerEndpoint = jaegerEndpointOf(version)
  if (jaegerEndpoint === '') return tracing ?? undefined
  return { ...NONE, ...tracing, jaegerEndpoint }
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
