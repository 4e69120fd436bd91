import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Principal } from '../../auth/port.ts'
import { systemClock } from '../../clock.ts'
import { errorBody, toFcError } from '../../errors.ts'
import type { Bill, UsageQuery, UsageRow } from '../../meter/port.ts'
import { registerMeterRoutes } from './meter.ts'

const ACCOUNT = '1234567890123456'
const ROW: UsageRow = {
  ...{ functionKey: '=shop$checkout', versionId: '3', day: '2030-03-04', invocations: 12, activeVcpuSeconds: 0.5 },
  ...{ idleVcpuSeconds: 0, activeMemoryGigabyteSeconds: 1.25, idleMemoryGigabyteSeconds: 0, diskGigabyteSeconds: 0 },
  internetOutBytes: 2048,
}
const { functionKey: _, versionId: __, day: ___, ...USAGE } = ROW
const BILL: Bill = {
  ...{ month: '2030-03', currency: 'CNY', total: 1.5 },
  lines: [{ meter: 'invocations', quantity: 12, unit: 'invocation', per: 10, freeQuantity: 2, tiers: [], amount: 1.5 }],
  groups: [{ name: '@evil', amount: 1.5, usage: USAGE }],
  days: [{ day: '2030-03-04', amount: 1.5 }],
  forecast: { amount: 3, method: 'as it was' },
  servers: null,
}

async function serve(t: TestContext, principal: Principal = { kind: 'account', accountId: ACCOUNT }) {
  const asked: unknown[] = []
  const app = fastify()
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request) => void (request.principal = principal))
  app.setErrorHandler((thrown, _request, reply) => {
    const error = toFcError(thrown)
    return reply.code(error.status).type('application/json').send(errorBody(error, 'r'))
  })
  // As the app does: the readers check.
  app.setValidatorCompiler(() => () => true)
  registerMeterRoutes(app, {
    meter: {
      async usage(query: UsageQuery) {
        asked.push(query)
        return [ROW]
      },
    },
    billing: {
      async bill(query) {
        asked.push(query)
        return BILL
      },
      priceBook: async () => ({ currency: 'CNY', source: 'here', meters: {}, servers: [] }),
    },
    authorizer: createAuthorizer({ accountId: ACCOUNT, region: 'r' }),
    clock: { ...systemClock, nowMs: () => Date.UTC(2030, 2, 15, 12) },
    arnOf: (resource) => `acs:fc:r:${ACCOUNT}:${resource}`,
  })
  t.after(() => app.close())
  const get = async (path: string) => {
    const answer = await app.inject({ method: 'GET', url: `/sluice/v1${path}` })
    return {
      status: answer.statusCode,
      text: answer.payload,
      headers: answer.headers,
      json: () => answer.json() as unknown,
    }
  }
  const message = async (path: string) => {
    const { status, json } = await get(path)
    return [status, (json() as { ErrorMessage: string }).ErrorMessage]
  }
  return { get, message, asked }
}

test('usage: of this month when nothing is said, of a function and days when they are', async (t) => {
  const { get, asked } = await serve(t)
  assert.deepEqual((await get('/usage')).json(), { rows: [ROW] })
  await get('/usage?from=2030-01-31&to=2030-02-01&function=shop%24checkout')
  assert.deepEqual(asked, [
    { fromDay: '2030-03-01', toDay: '2030-03-15' },
    { fromDay: '2030-01-31', toDay: '2030-02-01', functionKey: 'shop$checkout' },
  ])
})

test('usage as CSV, with names that are no formulas', async (t) => {
  const { get } = await serve(t)
  const { text, headers } = await get('/usage?format=csv')
  assert.equal(
    text,
    'day,functionKey,versionId,invocations,activeVcpuSeconds,idleVcpuSeconds,activeMemoryGigabyteSeconds,idleMemoryGigabyteSeconds,diskGigabyteSeconds,internetOutBytes\r\n' +
      "2030-03-04,'=shop$checkout,3,12,0.5,0,1.25,0,0,2048\r\n",
  )
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
  assert.equal(headers['content-disposition'], 'attachment; filename="usage-2030-03-01-2030-03-15.csv"')
})

test('bill: of this month by service when nothing is said', async (t) => {
  const { get, asked } = await serve(t)
  assert.deepEqual((await get('/bill')).json(), BILL)
  await get('/bill?month=2029-12&by=tag&tag=team')
  await get('/bill?by=function')
  assert.deepEqual(asked, [
    { month: '2030-03', by: 'service' },
    { month: '2029-12', by: 'tag', tagKey: 'team' },
    { month: '2030-03', by: 'function' },
  ])
})

test('bill as CSV', async (t) => {
  const { get } = await serve(t)
  assert.equal(
    (await get('/bill?format=csv&by=function')).text,
    [
      'of,name,quantity,unit,free,amount,currency',
      'meter,invocations,12,invocation,2,1.5,CNY',
      "function,'@evil,,,,1.5,CNY",
      'day,2030-03-04,,,,1.5,CNY',
      'total,2030-03,,,,1.5,CNY',
      'forecast,2030-03,,,,3,CNY',
      '',
    ].join('\r\n'),
  )
})

test('the price book is shown', async (t) => {
  const { get } = await serve(t)
  assert.deepEqual((await get('/price-book')).json(), { currency: 'CNY', source: 'here', meters: {}, servers: [] })
})

test('what is asked wrongly is refused, with what is accepted', async (t) => {
  const { message, asked } = await serve(t)
  assert.deepEqual(await message('/usage?from=2030-02-30'), [
    400,
    'from must be a day that there is, such as 2026-01-31',
  ])
  assert.deepEqual(await message('/usage?from=2030-03-02&to=2030-03-01'), [400, 'to must not be before from'])
  assert.deepEqual(await message('/usage?from=2028-01-01'), [400, 'from and to must span at most 367 days'])
  assert.match(String((await message('/usage?to=tomorrow'))[1]), /^to must be a day such as 2026-01-31/)
  assert.match(String((await message('/usage?format=xml'))[1]), /^format must be json \(when it is left out\) or csv/)
  assert.match(String((await message('/bill?month=2030-13'))[1]), /^month must be a month such as 2026-01/)
  assert.match(String((await message('/bill?by=region'))[1]), /^by must be service, function or tag/)
  assert.deepEqual(await message('/bill?by=tag'), [400, 'tag is required with by=tag: the key of a tag'])
  assert.deepEqual(asked, [])
})

test('a function may not read what others used', async (t) => {
  const policy = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'fc:InvokeFunction', Resource: '*' }] }
  const { get } = await serve(t, {
    kind: 'function',
    accountId: ACCOUNT,
    functionKey: 'f',
    policy,
  } as unknown as Principal)
  for (const path of ['/usage', '/bill', '/price-book']) assert.equal((await get(path)).status, 403, path)
})
