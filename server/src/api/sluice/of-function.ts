/** What the routes of logs and records share: which function is meant, and whether the caller may ask. */
import type { FastifyRequest } from 'fastify'
import type { Authorizer } from '../../auth/port.ts'
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { LogBounds, LogSearcher, LogStore } from '../../logs/port.ts'
import type { MetadataStore } from '../../metadata/port.ts'
import { type FunctionKey, keyOf, splitFunctionKey } from '../../model.ts'

export interface LogRoutesDeps {
  logs: LogStore
  logSearcher: LogSearcher
  /** Of functions that have set nothing else. */
  defaultLogBounds: LogBounds
  metadata: MetadataStore
  authorizer: Authorizer
  clock: Clock
  /** `acs:fc:{region}:{account}:{resource}`. */
  arnOf(resource: string): string
}

export const PREFIX = '/sluice/v1'

export async function requireFunction(deps: LogRoutesDeps, key: FunctionKey): Promise<void> {
  if (await deps.metadata.read('function', keyOf.function(key))) return
  const { service, name } = splitFunctionKey(key)
  const place = service === null ? '.' : ` in service '${service}'`
  throw new FcError('FunctionNotFound', `function '${name}' does not exist${place}`)
}

export function authorizeLogs(
  deps: LogRoutesDeps,
  request: FastifyRequest,
  key: FunctionKey | undefined,
  action = 'fc:GetLogs',
): void {
  if (key === undefined) return authorize(deps, request, action, '*')
  const { service, name } = splitFunctionKey(key)
  const resource = service === null ? `functions/${name}` : `services/${service}/functions/${name}`
  authorize(deps, request, action, resource)
}

export function authorize(deps: LogRoutesDeps, request: FastifyRequest, action: string, resource: string): void {
  deps.authorizer.authorize(request.principal, action, deps.arnOf(resource))
}
