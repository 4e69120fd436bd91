/** Sluice's own endpoint of traces: what one request did with its time. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Authorizer } from '../../auth/port.ts'
import type { InvocationRecord, LogStore } from '../../logs/port.ts'
import { spansOf, traceIdOf } from '../../traces/port.ts'
import { queryReader } from './query-reader.ts'

export interface TraceRoutesDeps {
  authorizer: Authorizer
  accountId: string
  region: string
  logs: Pick<LogStore, 'queryRecords'>
}

/** Attempts of one request, and runs of an initializer for it; retries have a bound well below. */
const RECORDS_MAX = 100

const traceQuery = Type.Object({
  requestId: Type.String({ minLength: 1, maxLength: 128, description: 'a request id of at most 128 characters' }),
})
const traceAnswer = Type.Object({
  traceId: Type.String({ description: '32 hex digits: of the caller’s traceparent, else derived from the request id' }),
  requestId: Type.String(),
  spans: Type.Array(
    Type.Object({
      spanId: Type.String(),
      parentSpanId: Type.Union([Type.String(), Type.Null()], { description: 'null: the trace begins with it' }),
      name: Type.String(),
      startMs: Type.Number({ description: 'since 1970, with fractions' }),
      durationMs: Type.Number(),
      attributes: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
      error: Type.Union([Type.String(), Type.Null()], { description: 'what it failed with' }),
    }),
    { description: 'parents before children, one tree for each attempt; empty while the request runs' },
  ),
})

/** The app authenticates: `request.principal` says who asks. */
export function registerTraceRoutes(app: FastifyInstance, deps: TraceRoutesDeps): void {
  const { authorizer, accountId, region, logs } = deps
  const readQuery = queryReader(traceQuery)
  app.get(
    '/sluice/v1/traces',
    {
      config: { operation: 'GetTrace' },
      // The reader checks, with the messages that the whole API gives; the schema documents.
      validatorCompiler: () => () => true,
      schema: {
        operationId: 'GetTrace',
        summary: 'The phases of an invocation as spans',
        querystring: traceQuery,
        response: { 200: traceAnswer },
      },
    },
    async (request) => {
      authorizer.authorize(request.principal, 'fc:GetLogs', `acs:fc:${region}:${accountId}:*`)
      const { requestId } = readQuery(request)
      const records = await logs.queryRecords({ requestId, limit: RECORDS_MAX })
      return {
        traceId: traceIdOf(records.find(isInvocation) ?? { requestId, traceparent: null }),
        requestId,
        spans: treesOf(records),
      }
    },
  )
}

/** The initializer that ran for a request is a phase of its cold start; a hook by itself is what its own id leads to. */
function treesOf(records: readonly InvocationRecord[]) {
  const invocations = records.filter(isInvocation)
  return (invocations.length > 0 ? invocations : records).flatMap(spansOf)
}

const isInvocation = ({ kind }: InvocationRecord) => kind === 'event' || kind === 'http'
