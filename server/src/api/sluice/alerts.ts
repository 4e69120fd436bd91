/** The endpoints of alerts: rules, routes, silences; what is firing, and what was. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import type { Alerts, AlertRule } from '../../alerts/port.ts'
import type { Authorizer } from '../../auth/port.ts'
import type { Clock } from '../../clock.ts'
import type { MetadataStore } from '../../metadata/port.ts'
import type { MetricHistory } from '../../metrics/port.ts'
import { keyOf } from '../../model.ts'
import { createReader } from '../schema.ts'
import { createAlertDocuments } from './alert-documents.ts'
import { refuse, routeOf, ruleOf, shownRoute, type RouteRules } from './alert-rules.ts'
import * as schemas from './alert-schemas.ts'
import { queryReader } from './query-reader.ts'
import { DEFAULT_LIMIT } from './schemas.ts'

export interface AlertRoutesDeps extends RouteRules {
  alerts: Alerts
  history: Pick<MetricHistory, 'catalogue'>
  metadata: MetadataStore
  clock: Clock
  authorizer: Authorizer
}

const PREFIX = '/sluice/v1/alerts'

interface Endpoint {
  operationId: string
  summary: string
  body?: TSchema
  querystring?: TSchema
  answer: TSchema
  status?: number
  run: (request: FastifyRequest, name: string) => Promise<unknown>
}

/** The app authenticates: `request.principal` says who asks. */
export function registerAlertRoutes(app: FastifyInstance, deps: AlertRoutesDeps): void {
  const documents = createAlertDocuments(deps)
  const { alerts, metadata, clock, authorizer, accountId, region } = deps

  function add(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, endpoint: Endpoint): void {
    const { operationId, summary, body, querystring, answer, status = 200, run } = endpoint
    const schema = { operationId, summary, ...(body && { body }), ...(querystring && { querystring }) }
    app.route({
      method,
      url: `${PREFIX}${path}`,
      config: { operation: operationId },
      schema: { ...schema, response: { [status]: answer } },
      async handler(request, reply) {
        authorizer.authorize(request.principal, `fc:${operationId}`, `acs:fc:${region}:${accountId}:*`)
        const { name = '' } = request.params as { name?: string }
        const result = await run(request, name)
        return status === 204 ? reply.code(204).send() : reply.code(status).send(result)
      },
    })
  }

  const readRule = createReader(schemas.ruleInput)
  const readRoute = createReader(schemas.routeInput)
  const readSilence = createReader(schemas.silenceInput)
  const readQuery = queryReader(schemas.historyQuery)

  async function ruleFrom(body: unknown): Promise<AlertRule> {
    const rule = ruleOf(readRule.read(body), deps.history.catalogue)
    const { functionKey, service } = rule
    if (functionKey !== null && !(await metadata.read('function', keyOf.function(functionKey)))) {
      refuse('functionKey', `there is no function '${functionKey}'`)
    }
    if (service !== null && !(await metadata.read('service', keyOf.service(service)))) {
      refuse('service', `there is no service '${service}'`)
    }
    return rule
  }

  add('GET', '/rules', {
    operationId: 'ListAlertRules',
    summary: 'Rules of alerts, by name',
    answer: schemas.listOf('rules'),
    run: async () => ({ rules: await documents.rules() }),
  })
  add('POST', '/rules', {
    operationId: 'CreateAlertRule',
    summary: 'A new rule about a metric',
    body: schemas.ruleInput,
    answer: schemas.anObject,
    run: async ({ body }) => documents.createRule(await ruleFrom(body)),
  })
  add('GET', '/rules/:name', {
    operationId: 'GetAlertRule',
    summary: 'One rule',
    answer: schemas.anObject,
    run: async (_request, name) => (await documents.rule(name)).value,
  })
  add('PUT', '/rules/:name', {
    operationId: 'UpdateAlertRule',
    summary: 'Replaces a rule; its state goes on',
    body: schemas.ruleInput,
    answer: schemas.anObject,
    async run({ body }, name) {
      await documents.rule(name)
      return documents.putRule(await ruleFrom(named(body, name)))
    },
  })
  add('DELETE', '/rules/:name', {
    operationId: 'DeleteAlertRule',
    summary: 'Deletes a rule; when it fires, nobody is told',
    answer: schemas.anObject,
    status: 204,
    run: (_request, name) => documents.deleteRule(name),
  })
  add('POST', '/rules/:name/test', {
    operationId: 'TestAlertRule',
    summary: 'Sends a test notice through the routes of a rule and waits for what becomes of it',
    answer: schemas.listOf('deliveries'),
    async run(_request, name) {
      const { value: rule } = await documents.rule(name)
      const routes = await Promise.all(rule.routes.map(async (route) => (await documents.route(route)).value))
      return { deliveries: await alerts.test(rule, routes) }
    },
  })

  add('GET', '/routes', {
    operationId: 'ListAlertRoutes',
    summary: 'Routes that notices take, by name, without their secrets',
    answer: schemas.listOf('routes'),
    run: async () => ({ routes: (await documents.routes()).map(shownRoute) }),
  })
  add('POST', '/routes', {
    operationId: 'CreateAlertRoute',
    summary: 'A new route: a webhook, e-mail addresses, or a function',
    body: schemas.routeInput,
    answer: schemas.anObject,
    async run({ body }) {
      return shownRoute(await documents.createRoute(routeOf(readRoute.read(body), undefined, deps)))
    },
  })
  add('PUT', '/routes/:name', {
    operationId: 'UpdateAlertRoute',
    summary: 'Replaces a route; a secret that is not given stays',
    body: schemas.routeInput,
    answer: schemas.anObject,
    async run({ body }, name) {
      await documents.route(name)
      const input = readRoute.read(named(body, name))
      return shownRoute(await documents.putRoute(name, (before) => routeOf(input, before, deps)))
    },
  })
  add('DELETE', '/routes/:name', {
    operationId: 'DeleteAlertRoute',
    summary: 'Deletes a route that no rule names',
    answer: schemas.anObject,
    status: 204,
    run: (_request, name) => documents.deleteRoute(name),
  })
  add('POST', '/routes/:name/test', {
    operationId: 'TestAlertRoute',
    summary: 'Sends a test notice through a route and waits for what becomes of it',
    answer: schemas.listOf('deliveries'),
    run: async (_request, name) => ({ deliveries: await alerts.test(null, [(await documents.route(name)).value]) }),
  })

  add('GET', '/silences', {
    operationId: 'ListAlertSilences',
    summary: 'Silences, those that ended in the last days too',
    answer: schemas.listOf('silences'),
    run: async () => ({ silences: await documents.silences() }),
  })
  add('POST', '/silences', {
    operationId: 'CreateAlertSilence',
    summary: 'Keeps rules quiet for a time',
    body: schemas.silenceInput,
    answer: schemas.anObject,
    async run({ body }) {
      const { rule, fromMs = clock.nowMs(), toMs, reason = '' } = readSilence.read(body)
      if (toMs <= fromMs) refuse('toMs', 'must be after fromMs (now, when it is not given)')
      if (toMs <= clock.nowMs()) refuse('toMs', 'must be in the future')
      return documents.createSilence({ rule, fromMs, toMs, reason })
    },
  })
  add('DELETE', '/silences/:name', {
    operationId: 'DeleteAlertSilence',
    summary: 'Ends a silence',
    answer: schemas.anObject,
    status: 204,
    run: (_request, id) => documents.deleteSilence(id),
  })

  add('GET', '/status', {
    operationId: 'GetAlertStatus',
    summary: 'What each enabled rule is at',
    answer: schemas.listOf('statuses'),
    run: async () => ({ statuses: alerts.statuses() }),
  })
  add('GET', '/history', {
    operationId: 'ListAlertEvents',
    summary: 'What happened to rules and notices, newest first',
    querystring: schemas.historyQuery,
    answer: schemas.historyAnswer,
    async run(asked) {
      const { rule, from, to, limit = DEFAULT_LIMIT, cursor } = readQuery(asked)
      return alerts.history({ rule, fromMs: from, toMs: to, limit, cursor })
    },
  })
}

/** A body that names another than the path is refused. */
function named(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const { name: given = name } = body as { name?: unknown }
  if (given !== name) refuse('name', `the path names '${name}'`)
  return { ...body, name }
}
