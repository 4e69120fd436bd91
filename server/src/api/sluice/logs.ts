/** The lines of a function, read by page and followed. */
import type { FastifyInstance } from 'fastify'
import { FcError } from '../../errors.ts'
import type { LogLine, LogQuery } from '../../logs/port.ts'
import { type FunctionKey, keyOf, LATEST, scopeOf } from '../../model.ts'
import type { Followers } from './follow.ts'
import { authorizeLogs, PREFIX, requireFunction, type LogRoutesDeps } from './of-function.ts'
import { queryReader } from './query-reader.ts'
import * as schemas from './schemas.ts'

export function addLogRoutes(scope: FastifyInstance, deps: LogRoutesDeps, followers: Followers): void {
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
      const { function: functionKey, query: text } = query
      authorizeLogs(deps, request, functionKey)
      if (functionKey !== undefined) await requireFunction(deps, functionKey)
      if (functionKey !== undefined && text === undefined) {
        const filter = { ...(await lineFilter(deps, { ...query, function: functionKey })), limit: 1 }
        followers.open(reply, (send) => deps.logs.follow(filter, (line) => send({ line })))
        return reply
      }
      const isWanted = await hitFilter(deps, query)
      const search = { text: text ?? '', ...(functionKey !== undefined && { functionKey }) }
      followers.open(reply, (send) => deps.logSearcher.follow(search, (hit) => void (isWanted(hit.line) && send(hit))))
      return reply
    },
  )
}

async function lineFilter(
  deps: LogRoutesDeps,
  query: Omit<schemas.LinesQuery, 'limit'>,
): Promise<Omit<LogQuery, 'limit'>> {
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
async function resolveVersion(deps: LogRoutesDeps, key: FunctionKey, qualifier: string): Promise<string> {
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

/** The same filters for hits of a query, of one function or of all. */
async function hitFilter(deps: LogRoutesDeps, query: schemas.FollowLinesQuery): Promise<(line: LogLine) => boolean> {
  const { function: functionKey, qualifier, requestId, instanceId } = query
  if (qualifier !== undefined && functionKey === undefined) {
    throw new FcError('InvalidArgument', 'qualifier is of a function: function is required with it')
  }
  const versionId =
    qualifier === undefined || functionKey === undefined
      ? undefined
      : await resolveVersion(deps, functionKey, qualifier)
  const text = query.text?.toLowerCase()
  return (line) =>
    (versionId === undefined || line.versionId === versionId) &&
    (requestId === undefined || line.requestId === requestId) &&
    (instanceId === undefined || line.instanceId === instanceId) &&
    (text === undefined || line.text.toLowerCase().includes(text))
}
