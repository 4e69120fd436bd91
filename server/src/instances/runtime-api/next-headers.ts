/** The headers of `next`: what a program is to do, for which request, with whose credentials. Pure. */
import type { CredentialsFrame, InitFrame } from '../environment.ts'
import { headerValue, type CallFacts } from '../http/control-headers.ts'

/** `x-fc-function-type`. */
export const CallType = { handle: 0, initialize: 1, preStop: 2, preFreeze: 3 } as const
export type CallType = (typeof CallType)[keyof typeof CallType]

export interface NextFacts extends CallFacts {
  deadlineMs: number
  timeoutSeconds: number
  /** Base64, for an HTTP request of 2.0. */
  httpParams?: string | undefined
}

/** Flat names and values. */
export function nextHeaders(
  type: CallType,
  facts: NextFacts,
  init: InitFrame,
  credentials: CredentialsFrame,
): string[] {
  const { function: definition, service } = init
  const headers: Record<string, string> = {
    'Content-Type': 'application/octet-stream',
    'x-fc-request-id': facts.requestId,
    'x-fc-function-type': String(type),
    'x-fc-function-deadline': String(facts.deadlineMs),
    'x-fc-function-timeout': String(facts.timeoutSeconds),
    'x-fc-function-name': definition.name,
    'x-fc-function-handler': definition.handler,
    'x-fc-function-memory': String(definition.memory),
    'x-fc-access-key-id': credentials.accessKeyId,
    'x-fc-access-key-secret': credentials.accessKeySecret,
    'x-fc-security-token': credentials.securityToken,
    'x-fc-service-name': service.name,
    'x-fc-service-logproject': service.logProject,
    'x-fc-service-logstore': service.logStore,
    'x-fc-qualifier': facts.qualifier ?? service.qualifier,
    'x-fc-version-id': service.versionId,
    'x-fc-region': init.region,
    'x-fc-account-id': init.accountId,
    'x-fc-instance-id': init.instanceId,
    'x-fc-retry-count': String(facts.retryCount ?? 0),
    'x-fc-client-ip': facts.clientIp ?? '',
  }
  const { tracing, httpParams } = facts
  if (tracing) headers['x-fc-tracing-opentracing-span-context'] = tracing.openTracingSpanContext
  for (const [key, value] of Object.entries(tracing?.openTracingSpanBaggages ?? {}))
    headers[`x-fc-tracing-opentracing-span-baggage-${key}`] = value
  if (httpParams !== undefined) headers['x-fc-http-params'] = httpParams
  return Object.entries(headers).flatMap(([name, value]) => [name, headerValue(value)])
}
