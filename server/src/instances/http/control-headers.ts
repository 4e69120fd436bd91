/** The headers by which a program is told what to do and for whom (Function Compute runtime contract, section 4.5). Pure. */
import type { CredentialsFrame, InitFrame } from '../environment.ts'

export type ControlPath = '/invoke' | '/http-invoke' | '/initialize' | '/pre-freeze' | '/pre-stop'

/** What differs from call to call. */
export interface CallFacts {
  requestId: string
  qualifier?: string | undefined
  retryCount?: number | undefined
  clientIp?: string | undefined
  tracing?: { openTracingSpanContext: string; openTracingSpanBaggages: Record<string, string> } | undefined
}

const TRACING_PREFIX = 'x-fc-tracing-opentracing-span-'
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/g

export class ControlHeaders {
  readonly #fixed: readonly string[]
  readonly #qualifier: string
  #credentials: readonly string[] = []

  constructor(init: InitFrame) {
    const { function: definition, service } = init
    this.#qualifier = service.qualifier
    this.#fixed = flat({
      'x-fc-function-name': definition.name,
      'x-fc-function-handler': definition.handler,
      'x-fc-function-memory': String(definition.memory),
      'x-fc-function-timeout': String(definition.timeout),
      'x-fc-function-initializer': definition.initializer,
      'x-fc-initialization-timeout': String(definition.initializationTimeout),
      'x-fc-instance-lifecycle-pre-freeze-handler': definition.preFreeze,
      'x-fc-instance-lifecycle-pre-stop-handler': definition.preStop,
      'x-fc-service-name': service.name,
      'x-fc-service-logproject': service.logProject,
      'x-fc-service-logstore': service.logStore,
      'x-fc-version-id': service.versionId,
      'x-fc-region': init.region,
      'x-fc-account-id': init.accountId,
      'x-fc-instance-id': init.instanceId,
    })
    this.setCredentials(init.credentials)
  }

  setCredentials({ accessKeyId, accessKeySecret, securityToken }: CredentialsFrame): void {
    this.#credentials = flat({
      'x-fc-access-key-id': accessKeyId,
      'x-fc-access-key-secret': accessKeySecret,
      'x-fc-security-token': securityToken,
    })
  }

  /** Flat names and values. */
  for(path: ControlPath, call: CallFacts): string[] {
    const { requestId, qualifier = this.#qualifier, retryCount = 0, clientIp = '', tracing } = call
    const headers = [
      ...['x-fc-control-path', path, 'x-fc-request-id', requestId, 'x-fc-qualifier', headerValue(qualifier)],
      ...['x-fc-retry-count', String(retryCount), 'x-fc-client-ip', clientIp],
      ...this.#credentials,
      ...this.#fixed,
    ]
    if (tracing !== undefined) {
      headers.push(`${TRACING_PREFIX}context`, tracing.openTracingSpanContext)
      for (const [key, value] of Object.entries(tracing.openTracingSpanBaggages))
        headers.push(`${TRACING_PREFIX}baggage-${key}`, value)
    }
    return headers
  }
}

/** Text beyond ASCII as its bytes in UTF-8, without what no header may hold. */
export function headerValue(text: string): string {
  return Buffer.from(text).toString('latin1').replaceAll(CONTROL_CHARACTERS, ' ')
}

function flat(headers: Record<string, string>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => [name, headerValue(value)])
}
