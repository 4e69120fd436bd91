/** The records of invocations: one each, read and followed. */
import type { FastifyInstance } from 'fastify'
import type { Followers } from './follow.ts'
import { authorizeLogs, PREFIX, requireFunction, type LogRoutesDeps } from './of-function.ts'
import { queryReader } from './query-reader.ts'
import * as schemas from './schemas.ts'

export function addRecordRoutes(scope: FastifyInstance, deps: LogRoutesDeps, followers: Followers): void {
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
