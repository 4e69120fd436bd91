/** How long and how much of a function's log is kept. */
import type { FastifyInstance } from 'fastify'
import { type FunctionKey, keyOf, type LogBoundsDocument } from '../../model.ts'
import { createReader } from '../schema.ts'
import * as schemas from './log-search-schemas.ts'
import { authorizeLogs, PREFIX, requireFunction, type LogRoutesDeps } from './of-function.ts'
import { queryReader } from './query-reader.ts'

export function addLogBoundsRoutes(scope: FastifyInstance, deps: LogRoutesDeps): void {
  const { metadata, defaultLogBounds } = deps
  const url = `${PREFIX}/logs/bounds`
  const readQuery = queryReader(schemas.boundsQuery)
  const bodyReader = createReader(schemas.boundsBody)
  const response = { 200: schemas.boundsAnswer }

  const answerOf = (own: LogBoundsDocument | undefined) => ({
    retentionDays: own?.retentionDays ?? defaultLogBounds.retentionDays,
    maxMB: own?.maxMB ?? defaultLogBounds.maxMB,
    isDefault: own === undefined,
  })
  const write = async (key: FunctionKey, value: LogBoundsDocument | null) => {
    await metadata.commit([{ kind: 'logBounds', key: keyOf.logBounds(key), value }])
    return answerOf(value ?? undefined)
  }

  scope.get(
    url,
    {
      schema: {
        operationId: 'GetLogBounds',
        summary: "How long and how much of a function's log is kept",
        querystring: schemas.boundsQuery,
        response,
      },
    },
    async (request) => {
      const { function: key } = readQuery(request)
      authorizeLogs(deps, request, key)
      const own = await metadata.read('logBounds', keyOf.logBounds(key))
      if (own === undefined) await requireFunction(deps, key)
      return answerOf(own?.value)
    },
  )

  scope.put(
    url,
    {
      schema: {
        operationId: 'PutLogBounds',
        summary: 'Sets bounds for the log of one function; what is not given is as the settings say',
        querystring: schemas.boundsQuery,
        body: schemas.boundsBody,
        response,
      },
    },
    async (request) => {
      const { function: key } = readQuery(request)
      authorizeLogs(deps, request, key, 'fc:PutLogBounds')
      await requireFunction(deps, key)
      const { retentionDays = null, maxMB = null } = bodyReader.read(request.body ?? {})
      return write(key, retentionDays === null && maxMB === null ? null : { retentionDays, maxMB })
    },
  )

  scope.delete(
    url,
    {
      schema: {
        operationId: 'DeleteLogBounds',
        summary: 'Lets the settings bound the log of a function again',
        querystring: schemas.boundsQuery,
        response,
      },
    },
    async (request) => {
      const { function: key } = readQuery(request)
      authorizeLogs(deps, request, key, 'fc:DeleteLogBounds')
      return write(key, null)
    },
  )
}
