/** Search over logs and request metrics: hits or the table of an analysis, how many over time, what stands around a hit. */
import type { FastifyInstance } from 'fastify'
import type { LogSearch } from '../../logs/port.ts'
import * as schemas from './log-search-schemas.ts'
import { authorizeLogs, PREFIX, requireFunction, type LogRoutesDeps } from './of-function.ts'
import { queryReader } from './query-reader.ts'

/** Where no time is given: what was accepted up to now, ends rounded up. */
const AHEAD_MS = 1000
const HISTOGRAM_MS = 60 * 60_000

export function addLogSearchRoutes(scope: FastifyInstance, deps: LogRoutesDeps): void {
  const untilNow = () => deps.clock.nowMs() + AHEAD_MS
  const searchOf = ({ query, function: functionKey }: schemas.SearchedQuery, fromMs: number, toMs: number) => ({
    text: query ?? '',
    ...(functionKey !== undefined && { functionKey }),
    ...{ fromMs, toMs },
  })

  const readSearch = queryReader(schemas.searchQuery)
  scope.get(
    `${PREFIX}/logs/search`,
    {
      schema: {
        operationId: 'SearchLogs',
        summary: 'Lines and request metrics that a query finds, or the table of the analysis behind its |',
        querystring: schemas.searchQuery,
        response: { 200: schemas.searchAnswer },
      },
    },
    async (request) => {
      const query = readSearch(request)
      authorizeLogs(deps, request, query.function)
      const { from = 0, to = untilNow(), limit, descending, cursor } = query
      const search: LogSearch = {
        ...searchOf(query, from, to),
        ...(descending !== undefined && { descending }),
        ...(cursor !== undefined && { cursor }),
        limit: limit ?? schemas.DEFAULT_LIMIT,
      }
      const { kind: _, ...answer } = await deps.logSearcher.search(search)
      if ('hits' in answer && answer.hits.length === 0 && query.function !== undefined) {
        await requireFunction(deps, query.function)
      }
      return answer
    },
  )

  const readHistogram = queryReader(schemas.histogramQuery)
  scope.get(
    `${PREFIX}/logs/histogram`,
    {
      schema: {
        operationId: 'CountLogs',
        summary: 'How many lines and request metrics a query finds, over time',
        querystring: schemas.histogramQuery,
        response: { 200: schemas.histogramAnswer },
      },
    },
    async (request) => {
      const query = readHistogram(request)
      authorizeLogs(deps, request, query.function)
      const { to = untilNow(), buckets } = query
      const { from = to - HISTOGRAM_MS } = query
      return deps.logSearcher.histogram(searchOf(query, from, to), buckets ?? schemas.DEFAULT_BUCKETS)
    },
  )

  const readContext = queryReader(schemas.contextQuery)
  scope.get(
    `${PREFIX}/logs/context`,
    {
      schema: {
        operationId: 'GetLogContext',
        summary: 'A hit of a search and the lines of its function around it, oldest first',
        querystring: schemas.contextQuery,
        response: { 200: schemas.contextAnswer },
      },
    },
    async (request) => {
      const { id, before, after } = readContext(request)
      // Whatever function it names: what a caller may read is known before anything is looked for.
      authorizeLogs(deps, request, undefined)
      const hits = await deps.logSearcher.context(
        id,
        before ?? schemas.DEFAULT_CONTEXT_LINES,
        after ?? schemas.DEFAULT_CONTEXT_LINES,
      )
      return { hits }
    },
  )
}
