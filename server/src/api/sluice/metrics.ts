/** Sluice's own endpoints of metrics: what there is, its history, what functions did in a period, and what runs now. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authorizer } from '../../auth/port.ts'
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { InstanceUsage } from '../../instances/port.ts'
import type { MetricHistory, MetricSources, SeriesQuery } from '../../metrics/port.ts'
import { createFollowers } from './follow.ts'
import * as schemas from './metric-schemas.ts'
import { queryReader } from './query-reader.ts'

export interface MetricRoutesDeps {
  authorizer: Authorizer
  clock: Clock
  accountId: string
  region: string
  history: MetricHistory
  host: schemas.HostFacts
  instances(): InstanceUsage[]
  stems: MetricSources['stems']
}

const PREFIX = '/sluice/v1'
/** Of one question. */
const METRICS_MAX = 20
const STEP_MS = 60_000
/** What is asked about when the period is left open. */
const PERIOD_MS = 60 * 60_000

/** The app authenticates: `request.principal` says who asks. */
export function registerMetricRoutes(app: FastifyInstance, deps: MetricRoutesDeps): void {
  const followers = createFollowers(deps.clock)
  void app.register(async (scope) => {
    // The schemas document; the reader below checks, with the messages that the whole API gives.
    scope.setValidatorCompiler(() => () => true)
    scope.setSerializerCompiler(() => (value) => JSON.stringify(value))
    scope.addHook('preClose', async () => followers.close())
    addHistoryRoutes(scope, deps)
    addFollowRoute(scope, deps, followers)
    addInstancesRoute(scope, deps)
  })
}

function addHistoryRoutes(scope: FastifyInstance, deps: MetricRoutesDeps): void {
  const { history, clock } = deps
  scope.get(
    `${PREFIX}/metrics`,
    {
      schema: {
        operationId: 'ListMetrics',
        summary: 'Every metric that has a history',
        response: { 200: schemas.metricsAnswer },
      },
    },
    async (request) => {
      authorize(deps, request)
      return { metrics: history.catalogue, secondsFromMs: history.secondsFromMs }
    },
  )

  const readQuery = queryReader(schemas.seriesQuery)
  scope.get(
    `${PREFIX}/metrics/query`,
    {
      schema: {
        operationId: 'QueryMetrics',
        summary: 'Values of metrics over time, one for each step',
        querystring: schemas.seriesQuery,
        response: { 200: schemas.seriesAnswer },
      },
    },
    async (request) => {
      authorize(deps, request)
      const query = readQuery(request)
      const toMs = query.to ?? clock.nowMs()
      const rest = { fromMs: query.from ?? toMs - PERIOD_MS, toMs, stepMs: query.step ?? STEP_MS, ...subjectOf(query) }
      const series = await Promise.all(metricsOf(query.metric).map((metric) => history.query({ metric, ...rest })))
      return {
        series: series.map(({ info, stepMs, points }) => ({
          metric: info.name,
          unit: info.unit,
          stepMs,
          points: points.map(({ timeMs, value }) => [timeMs, value]),
        })),
      }
    },
  )

  const readPeriod = queryReader(schemas.periodQuery)
  scope.get(
    `${PREFIX}/metrics/summary`,
    {
      schema: {
        operationId: 'SummariseMetrics',
        summary: 'What each function did in a period, the busiest first',
        querystring: schemas.periodQuery,
        response: { 200: schemas.summaryAnswer },
      },
    },
    async (request) => {
      authorize(deps, request)
      const { from, to = clock.nowMs() } = readPeriod(request)
      return history.summary({ fromMs: from ?? to - PERIOD_MS, toMs: to })
    },
  )
}

function addFollowRoute(
  scope: FastifyInstance,
  deps: MetricRoutesDeps,
  followers: ReturnType<typeof createFollowers>,
): void {
  const { history, clock } = deps
  const readFollow = queryReader(schemas.followQuery)
  scope.get(
    `${PREFIX}/metrics/follow`,
    {
      schema: {
        operationId: 'FollowMetrics',
        summary: 'Values of metrics in each second, one JSON object a line, until the client leaves',
        querystring: schemas.followQuery,
      },
    },
    async (request, reply) => {
      authorize(deps, request)
      const query = readFollow(request)
      const metrics = metricsOf(query.metric)
      const valuesAt = async (timeMs: number) => {
        const second = { fromMs: timeMs, toMs: timeMs + 1000, stepMs: 1000, ...subjectOf(query) }
        const series = await Promise.all(metrics.map((metric) => history.query({ metric, ...second })))
        return Object.fromEntries(series.map(({ info, points }) => [info.name, points[0]?.value ?? null]))
      }
      // What is wrong with the question is told before the stream begins.
      await valuesAt(Math.floor(clock.nowMs() / 1000) * 1000)
      followers.open(reply, (send) =>
        history.follow((timeMs) => {
          valuesAt(timeMs).then(
            (values) => send({ timeMs, values }),
            // The clock was set, and that second is no longer known.
            () => {},
          )
        }),
      )
      return reply
    },
  )
}

function addInstancesRoute(scope: FastifyInstance, deps: MetricRoutesDeps): void {
  const readQuery = queryReader(schemas.instancesQuery)
  scope.get(
    `${PREFIX}/instances`,
    {
      schema: {
        operationId: 'ListAllInstances',
        summary: 'What runs on this host now: instances, what they use, and sandboxes that stand ready',
        querystring: schemas.instancesQuery,
        response: { 200: schemas.instancesAnswer },
      },
    },
    async (request) => {
      authorize(deps, request)
      const { function: functionKey } = readQuery(request)
      const all = deps.instances()
      const usedMB = all.reduce((sum, { memoryMB }) => sum + memoryMB, 0)
      return {
        host: { ...deps.host, usedMB },
        instances: all.filter((one) => functionKey === undefined || one.functionKey === functionKey).map(instanceOf),
        stems: [...deps.stems()].map(({ kind, waiting, booting }) => ({ kind, waiting, booting })),
      }
    },
  )
}

function instanceOf({ isProvisioned, createdMs, ...rest }: InstanceUsage) {
  return { ...rest, provisioned: isProvisioned, startedMs: createdMs }
}

function metricsOf(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  if (names.length > METRICS_MAX) {
    throw new FcError(
      'InvalidArgument',
      `metric: ${names.length} metrics are more than ${METRICS_MAX}; ask again for others`,
    )
  }
  return names
}

function subjectOf(query: schemas.SubjectQuery): Pick<SeriesQuery, 'functionKey' | 'service' | 'instanceId'> {
  const { function: functionKey, service, instance: instanceId } = query
  return {
    ...(functionKey !== undefined && { functionKey }),
    ...(service !== undefined && { service }),
    ...(instanceId !== undefined && { instanceId }),
  }
}

function authorize({ authorizer, region, accountId }: MetricRoutesDeps, { principal }: FastifyRequest): void {
  authorizer.authorize(principal, 'fc:GetMetrics', `acs:fc:${region}:${accountId}:*`)
}
