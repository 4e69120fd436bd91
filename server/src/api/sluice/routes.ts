/** Sluice's own endpoints beside the compatible ones: logs, invocation records, and what this installation is. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import type { Authorizer } from '../../auth/port.ts'
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { LogQuery, LogStore } from '../../logs/port.ts'
import type { MetadataStore } from '../../metadata/port.ts'
import { type FunctionKey, keyOf, LATEST, scopeOf, splitFunctionKey } from '../../model.ts'
import { coerceQuery, createReader } from '../schema.ts'
import { createFollowers } from './follow.ts'
import * as schemas from './schemas.ts'

export type { Info } from './schemas.ts'

export interface SluiceRoutesDeps {
  logs: LogStore
  metadata: MetadataStore
  authorizer: Authorizer
  clock: Clock
  /** `acs:fc:{region}:{account}:{resource}`. */
  arnOf(resource: string): string
  info(): schemas.Info | Promise<schemas.Info>
  /** What is here now: looks for interpreters again. */
  runtimes(): Promise<schemas.RuntimesAnswer['runtimes']>
}

const PREFIX = '/sluice/v1'

/** Registers the endpoints under `/sluice/v1`. The app authenticates: `request.principal` says who asks. */
export function registerSluiceRoutes(app: FastifyInstance, deps: SluiceRoutesDeps): void {
  const followers = createFollowers(deps.clock)
  void app.register(async (scope) => {
    // The schemas document; the reader below checks, with the messages that the whole API gives.
    scope.setValidatorCompiler(() => () => true)
    scope.setSerializerCompiler(() => (value) => JSON.stringify(value))
    scope.addHook('preClose', async () => followers.close())
    addLogRoutes(scope, deps, followers)
    addRecordRoutes(scope, deps, followers)
    scope.get(
      `${PREFIX}/info`,
      {
        schema: { operationId: 'GetInfo', summary: 'What this installation is', response: { 200: schemas.infoAnswer } },
      },
      async (request) => {
        authorize(deps, request, 'fc:GetInfo', '*')
        return deps.info()
      },
    )
    scope.get(
      `${PREFIX}/runtimes`,
      {
        schema: {
          operationId: 'ListRuntimes',
          summary: 'Every runtime and what runs its functions, after another look at what is installed',
          response: { 200: schemas.runtimesAnswer },
        },
      },
      async (request) => {
        authorize(deps, request, 'fc:GetInfo', '*')
        return { runtimes: await deps.runtimes() }
      },
    )
  })
}

type Followers = ReturnType<typeof createFollowers>

function addLogRoutes(scope: FastifyInstance, deps: SluiceRoutesDeps, followers: Followers): void {
  const readQuery = queryReader(schemas.linesQuery)
  scope.get(
    `${PREFIX}/logs`,
    {
      schema: {
        operationId: 'ListLogLines',
        summary: 'Lines that a function printed, oldest first',
        querystring: schemas.linesQuery,
        response: { 200: schemas.linesAnswer },
      },
    },
    async (request) => {
      const query = readQuery(request)
      authorizeLogs(deps, request, query.function)
      const { from, to, descending, limit, cursor } = query
      const page = await deps.logs.queryLines({
        ...(await lineFilter(deps, query)),
        ...(from !== undefined && { fromMs: from }),
        ...(to !== undefined && { toMs: to }),
        ...(descending !== undefined && { descending }),
        ...(cursor !== undefined && { cursor }),
        limit: limit ?? schemas.DEFAULT_LIMIT,
      })
      // Logs outlive their function; only a name without either is a mistake.
      if (page.lines.length === 0) await requireFunction(deps, query.function)
      return page
    },
  )

  const readFollow = queryReader(schemas.followLinesQuery)
  scope.get(
    `${PREFIX}/logs/follow`,
    {
      schema: {
        operationId: 'FollowLogLines',
        summary: 'New lines of a function as {line}, one JSON object a line, until the client leaves',
        querystring: schemas.followLinesQuery,
      },
    },
    async (request, reply) => {
      const query = readFollow(request)
      authorizeLogs(deps, request, query.function)
      await requireFunction(deps, query.function)
      const filter = { ...(await lineFilter(deps, query)), limit: 1 }
      followers.open(reply, (send) => deps.logs.follow(filter, (line) => send({ line })))
      return reply
    },
  )
}

function addRecordRoutes(scope: FastifyInstance, deps: SluiceRoutesDeps, followers: Followers): void {
  const readQuery = queryReader(schemas.recordsQuery)
  scope.get(
    `${PREFIX}/records`,
    {
      schema: {
        operationId: 'ListRecords',
        summary: 'Invocations and runs of lifecycle hooks, one record each, oldest first',
        querystring: schemas.recordsQuery,
        response: { 200: schemas.recordsAnswer },
      },
    },
    async (request) => {
      const { function: functionKey, requestId, from, to, failed, descending, limit } = readQuery(request)
      authorizeLogs(deps, request, functionKey)
      const records = await deps.logs.queryRecords({
        ...(functionKey !== undefined && { functionKey }),
        ...(requestId !== undefined && { requestId }),
        ...(from !== undefined && { fromMs: from }),
        ...(to !== undefined && { toMs: to }),
        ...(failed !== undefined && { failed }),
        ...(descending !== undefined && { descending }),
        limit: limit ?? schemas.DEFAULT_LIMIT,
      })
      if (records.length === 0 && functionKey !== undefined) await requireFunction(deps, functionKey)
      return { records }
    },
  )

  const readFollow = queryReader(schemas.followRecordsQuery)
  scope.get(
    `${PREFIX}/records/follow`,
    {
      schema: {
        operationId: 'FollowRecords',
        summary: 'New invocations as {record}, one JSON object a line, until the client leaves',
        querystring: schemas.followRecordsQuery,
      },
    },
    async (request, reply) => {
      const { function: functionKey } = readFollow(request)
      authorizeLogs(deps, request, functionKey)
      if (functionKey !== undefined) await requireFunction(deps, functionKey)
      followers.open(reply, (send) => deps.logs.followRecords(functionKey, (record) => send({ record })))
      return reply
    },
  )
}

function queryReader<Schema extends TSchema>(schema: Schema) {
  const reader = createReader(schema)
  return (request: FastifyRequest) => reader.read(coerceQuery(schema, request.query as Record<string, unknown>))
}

async function lineFilter(deps: SluiceRoutesDeps, query: schemas.FollowLinesQuery): Promise<Omit<LogQuery, 'limit'>> {
  const { function: functionKey, qualifier, requestId, instanceId, text } = query
  return {
    functionKey,
    ...(qualifier !== undefined && { versionId: await resolveVersion(deps, functionKey, qualifier) }),
    ...(requestId !== undefined && { requestId }),
    ...(instanceId !== undefined && { instanceId }),
    ...(text !== undefined && { text }),
  }
}

/** Lines carry the version that ran: an alias means the one version it points at. */
async function resolveVersion(deps: SluiceRoutesDeps, key: FunctionKey, qualifier: string): Promise<string> {
  if (qualifier === LATEST || /^\d+$/.test(qualifier)) return qualifier
  const alias = await deps.metadata.read('alias', keyOf.alias(scopeOf(key), qualifier))
  if (!alias) throw new FcError('AliasNotFound', `alias '${qualifier}' does not exist`)
  const others = Object.keys(alias.value.additionalVersionWeight)
  if (others.length > 0) {
    const versions = [alias.value.versionId, ...others].join(', ')
    throw new FcError(
      'InvalidArgument',
      `qualifier: '${qualifier}' stands for several versions; give one of ${versions}`,
    )
  }
  return alias.value.versionId
}

async function requireFunction(deps: SluiceRoutesDeps, key: FunctionKey): Promise<void> {
  if (await deps.metadata.read('function', keyOf.function(key))) return
  const { service, name } = splitFunctionKey(key)
  const place = service === null ? '.' : ` in service '${service}'`
  throw new FcError('FunctionNotFound', `function '${name}' does not exist${place}`)
}

function authorizeLogs(deps: SluiceRoutesDeps, request: FastifyRequest, key: FunctionKey | undefined): void {
  if (key === undefined) return authorize(deps, request, 'fc:GetLogs', '*')
  const { service, name } = splitFunctionKey(key)
  authorize(
    deps,
    request,
    'fc:GetLogs',
    service === null ? `functions/${name}` : `services/${service}/functions/${name}`,
  )
}

function authorize(deps: SluiceRoutesDeps, request: FastifyRequest, action: string, resource: string): void {
  deps.authorizer.authorize(request.principal, action, deps.arnOf(resource))
}
