import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Principal } from '../../auth/port.ts'
import { errorBody, toFcError } from '../../errors.ts'
import type { InstanceUsage } from '../../instances/port.ts'
import { makeWorld, START_MS } from '../../metrics/history/test-support.ts'
import { registerMetricRoutes } from './metrics.ts'

const ACCOUNT = '1234567890123456'
const OWNER: Principal = { kind: 'account', accountId: ACCOUNT }

const instance: InstanceUsage = {
  instanceId: 'c-1',
  functionKey: 'shop$order',
  versionId: 'LATEST',
  qualifier: 'prod',
  isProvisioned: true,
  state: 'ready',
  inFlight: 0,
  createdMs: START_MS,
  concurrency: 10,
  memoryMB: 256,
  cpuQuotaCores: 0.5,
  usedMemoryMB: 40.5,
  cpuCores: 0.01,
  idleSinceMs: START_MS + 5,
}

async function serve(t: TestContext, principal = OWNER) {
  const world = makeWorld()
  const leaving = Promise.withResolvers<void>()
  const app = fastify()
  app.decorateRequest('principal')
  app.addHook('onRequest', async (incoming) => void (incoming.principal = principal))
  app.setErrorHandler((thrown, _request, reply) => {
    const error = toFcError(thrown)
    return reply.code(error.status).type('application/json').send(errorBody(error, 'r'))
  })
  registerMetricRoutes(app, {
    authorizer: createAuthorizer({ accountId: ACCOUNT, region: 'r' }),
    clock: world.clock,
    ...{ accountId: ACCOUNT, region: 'r' },
    history: {
      catalogue: world.history.catalogue,
      secondsFromMs: world.history.secondsFromMs,
      query: (query) => world.history.query(query),
      summary: (period) => world.history.summary(period),
      follow(onSecond) {
        const following = world.history.follow(onSecond)
        return {
          stop() {
            following.stop()
            leaving.resolve()
          },
        }
      },
    },
    host: { memoryMB: 8000, cpus: 4, instancesMax: 100, sandbox: 'process' },
    instances: () => [instance, { ...instance, instanceId: 'c-2', functionKey: 'hello', isProvisioned: false }],
    stems: () => [{ kind: 'nodejs', waiting: 2, booting: 1 }],
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await world.history.close()
  })
  const { port } = app.server.address() as AddressInfo
  const get = async (url: string) => {
    const response = await app.inject({ method: 'GET', url: `/sluice/v1${url}` })
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
  }
  const follow = async (url: string) => {
    const call = request({ port, host: '127.0.0.1', path: `/sluice/v1${url}`, agent: false }).end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    const lines = createInterface({ input: response })[Symbol.asyncIterator]()
    const next = async () => JSON.parse((await lines.next()).value as string) as unknown
    return { next, leave: () => call.destroy(), response }
  }
  return { ...world, get, follow, left: leaving.promise }
}

test('the metrics are listed with level, unit and statistic', async (t) => {
  const { get } = await serve(t)
  const { status, body } = await get('/metrics')
  assert.equal(status, 200)
  const found = (body['metrics'] as { name: string }[]).find(({ name }) => name === 'FunctionP99Duration')
  assert.deepEqual(found, {
    name: 'FunctionP99Duration',
    level: 'function',
    unit: 'ms',
    statistic: 'p99',
    description: '99 % took no longer in the function',
  })
})

test('several metrics are answered in the order asked, by default of the last hour by the minute', async (t) => {
  const { get, call, clock } = await serve(t)
  call('shop$order', 3)
  clock.advance(60_000)
  const { status, body } = await get('/metrics/query?metric=RegionTotalInvocations,%20RegionErrors')
  assert.equal(status, 400)
  assert.match(String(body['ErrorMessage']), /^metric: there is no metric 'RegionErrors'/)
  const answer = await get('/metrics/query?metric=RegionMaxDuration,RegionTotalInvocations')
  const series = answer.body['series'] as { metric: string; unit: string; stepMs: number; points: unknown[][] }[]
  assert.deepEqual(
    series.map(({ metric, unit, stepMs }) => [metric, unit, stepMs]),
    [
      ['RegionMaxDuration', 'ms', 60_000],
      ['RegionTotalInvocations', 'count', 60_000],
    ],
  )
  assert.deepEqual(series[1]!.points.at(-1), [START_MS, 3])
  assert.deepEqual(series[0]!.points.slice(-2), [
    [START_MS - 60_000, null],
    [START_MS, 2.5],
  ])
  assert.equal(series[1]!.points.length, 60)
})

test('series of a function, a service and an instance', async (t) => {
  const { get, call } = await serve(t)
  call('shop$order', 2)
  const valueOf = async (query: string) => {
    const { body } = await get(`/metrics/query?${query}&step=1000&from=${START_MS}&to=${START_MS + 1000}`)
    return (body['series'] as { points: number[][] }[])[0]!.points[0]![1]
  }
  assert.equal(await valueOf('metric=FunctionTotalInvocations&function=shop%24order'), 2)
  assert.equal(await valueOf('metric=ServiceTotalInvocations&service=shop'), 2)
  assert.equal(await valueOf('metric=MaxvCPUCores&instance=c-1'), null)
})

test('a summary has the busiest function first, and the total', async (t) => {
  const { get, call } = await serve(t)
  call('a', 1)
  call('b', 2, { fault: 'function', errorType: 'E' })
  const { body } = await get(`/metrics/summary?from=${START_MS}&to=${START_MS + 1000}`)
  const functions = body['functions'] as Record<string, unknown>[]
  assert.deepEqual(
    functions.map(({ functionKey, invocations, functionErrors }) => [functionKey, invocations, functionErrors]),
    [
      ['b', 2, 2],
      ['a', 1, 0],
    ],
  )
  assert.equal((body['total'] as { invocations: number }).invocations, 3)
})

for (const [query, member] of [
  ['/metrics/query', 'metric is required'],
  ['/metrics/query?metric=RegionTotalInvocations&step=999', 'step must be'],
  ['/metrics/query?metric=RegionTotalInvocations&step=61000', 'step must be a multiple of 60000'],
  ['/metrics/query?metric=RegionTotalInvocations&step=x', 'step must be'],
  ['/metrics/query?metric=RegionTotalInvocations&from=-1', 'from must be'],
  ['/metrics/query?metric=RegionTotalInvocations&from=20&to=10', 'from (20) must be before to (10)'],
  ['/metrics/query?metric=RegionTotalInvocations&from=0', 'step: 31557600 points are more than 5000'],
  ['/metrics/query?metric=FunctionTotalInvocations&function=%23c-1', 'function must be'],
  [`/metrics/query?metric=${'RegionTotalInvocations,'.repeat(45)}`, 'metric must be'],
  [
    `/metrics/query?metric=${Array.from({ length: 21 }, (_, i) => `M${i}`).join()}`,
    'metric: 21 metrics are more than 20',
  ],
  ['/metrics/summary?from=2&to=1', 'from (2) must be before to (1)'],
  ['/metrics/follow', 'metric is required'],
  ['/metrics/follow?metric=Nope', 'metric: there is no metric'],
  ['/metrics/follow?metric=FunctionTotalInvocations', 'function is required'],
  ['/instances?function=a%20b', 'function must be'],
] as const) {
  test(`${query.slice(0, 90)} is refused: ${member}`, async (t) => {
    const { get } = await serve(t)
    const { status, body } = await get(query)
    assert.equal(status, 400)
    assert.equal(body['ErrorCode'], 'InvalidArgument')
    assert.ok(String(body['ErrorMessage']).startsWith(member), String(body['ErrorMessage']))
  })
}

test('who follows gets one line a second, and after they left nothing is read each second', async (t) => {
  const { follow, call, clock, history, left } = await serve(t)
  let readings = 0
  history.addGauges(() => {
    readings++
    return []
  })
  const { next, leave } = await follow('/metrics/follow?metric=RegionTotalInvocations,FunctionP50Duration&function=f')
  assert.deepEqual(await next(), { heartbeatMs: START_MS })
  call('f', 2, { durationMs: 4 })
  clock.advance(1000)
  const values = { RegionTotalInvocations: 2, FunctionP50Duration: 4 }
  const first = (await next()) as { timeMs: number; values: typeof values }
  assert.equal(first.timeMs, START_MS)
  assert.equal(first.values.RegionTotalInvocations, 2)
  assert.ok(Math.abs(first.values.FunctionP50Duration - 4) < 0.2)
  clock.advance(1000)
  const idle = { RegionTotalInvocations: 0, FunctionP50Duration: null }
  assert.deepEqual(await next(), { timeMs: START_MS + 1000, values: idle })
  leave()
  await left
  readings = 0
  clock.advance(10_000)
  assert.equal(readings, 1)
})

test('instances are told with what they use, beside the host and its stems', async (t) => {
  const { get } = await serve(t)
  const { body } = await get('/instances?function=shop%24order')
  assert.deepEqual(body['host'], { memoryMB: 8000, cpus: 4, instancesMax: 100, sandbox: 'process', usedMB: 512 })
  assert.deepEqual(body['instances'], [
    {
      instanceId: 'c-1',
      functionKey: 'shop$order',
      versionId: 'LATEST',
      qualifier: 'prod',
      state: 'ready',
      memoryMB: 256,
      usedMemoryMB: 40.5,
      cpuQuotaCores: 0.5,
      cpuCores: 0.01,
      inFlight: 0,
      concurrency: 10,
      provisioned: true,
      startedMs: START_MS,
      idleSinceMs: START_MS + 5,
    },
  ])
  assert.deepEqual(body['stems'], [{ kind: 'nodejs', waiting: 2, booting: 1 }])
  assert.equal(((await get('/instances')).body['instances'] as unknown[]).length, 2)
})

test('a function may not read metrics with the credentials of its role', async (t) => {
  const role: Principal = { kind: 'function', accountId: ACCOUNT, functionKey: 'f', role: 'acs:ram::1:role/r' }
  const { get } = await serve(t, role)
  for (const path of ['/metrics', '/metrics/query?metric=RegionTotalInvocations', '/metrics/summary', '/instances']) {
    const { status, body } = await get(path)
    assert.equal(status, 403)
    assert.match(String(body['ErrorMessage']), /fc:GetMetrics/)
  }
})
