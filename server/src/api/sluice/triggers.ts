/** Sluice's own endpoints of triggers: events to a bus, and when triggers ran and will run. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Authorizer } from '../../auth/port.ts'
import { FcError } from '../../errors.ts'
import { readCloudEvents, type EventBus, type ListedTrigger } from '../../triggers/port.ts'
import { queryReader } from './query-reader.ts'

export interface TriggerRoutesDeps {
  authorizer: Authorizer
  accountId: string
  region: string
  bus: EventBus
  /** Of one function, or of all. */
  listTriggers: (functionKey: string | undefined) => ListedTrigger[]
}

const PREFIX = '/sluice/v1'
const BUS_NAME = /^[A-Za-z0-9_-]{1,127}$/

const listQuery = Type.Object({ function: Type.Optional(Type.String({ maxLength: 257 })) })
const time = Type.Union([Type.String(), Type.Null()])
const listAnswer = Type.Object({
  triggers: Type.Array(
    Type.Object({
      function: Type.String(),
      triggerName: Type.String(),
      triggerType: Type.String(),
      qualifier: Type.String(),
      lastRunTime: time,
      nextRunTime: time,
    }),
  ),
})

/** The app authenticates: `request.principal` says who asks. */
export function registerTriggerRoutes(app: FastifyInstance, deps: TriggerRoutesDeps): void {
  const { authorizer, accountId, region } = deps
  app.post(
    `${PREFIX}/events/:busName`,
    // CloudEvents: structured, binary, or a batch.
    { config: { rawBody: true, operation: 'PutEvents' } },
    async (request, reply) => {
      const { busName } = request.params as { busName: string }
      if (!BUS_NAME.test(busName)) {
        throw new FcError('InvalidArgument', 'the name of a bus has 1 to 127 letters, digits, - and _')
      }
      const resource = `acs:eventbridge:${region}:${accountId}:eventbus/${busName}`
      authorizer.authorize(request.principal, 'eventbridge:PutEvents', resource)
      const events = readCloudEvents(request.headers, request.body as Buffer)
      const { principal } = request
      const started = await deps.bus.publish(busName, events, {
        clientIp: request.ip,
        functionKey: principal.kind === 'function' ? principal.functionKey : null,
      })
      return reply.code(202).send({ events: events.length, deliveries: started })
    },
  )

  const readQuery = queryReader(listQuery)
  app.get(
    `${PREFIX}/triggers`,
    {
      config: { operation: 'ListAllTriggers' },
      schema: {
        operationId: 'ListAllTriggers',
        summary: 'Triggers of every function, and when timers ran and will run',
        querystring: listQuery,
        response: { 200: listAnswer },
      },
    },
    async (request) => {
      authorizer.authorize(request.principal, 'fc:ListTriggers', `acs:fc:${region}:${accountId}:*`)
      const query = readQuery(request)
      return { triggers: deps.listTriggers(query.function).map(answerOf) }
    },
  )
}

function answerOf({ trigger, lastMs, nextMs }: ListedTrigger) {
  const { functionKey, triggerName, triggerType, qualifier } = trigger
  return {
    function: functionKey,
    triggerName,
    triggerType,
    qualifier,
    lastRunTime: timeText(lastMs),
    nextRunTime: timeText(nextMs),
  }
}

const timeText = (ms: number | null) => (ms === null ? null : `${new Date(ms).toISOString().slice(0, 19)}Z`)
