import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { RULES_MAX, SILENCES_MAX, type AlertRule, type Alerts, type AlertRoute } from '../../alerts/port.ts'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Principal } from '../../auth/port.ts'
import { systemClock } from '../../clock.ts'
import { errorBody, FcError, toFcError } from '../../errors.ts'
import { createMetadataStore } from '../../metadata/sql-store.ts'
import type { MetricInfo } from '../../metrics/port.ts'
import type { FunctionDocument, ServiceDocument } from '../../model.ts'
import { registerAlertRoutes } from './alerts.ts'

const ACCOUNT = '1234567890123456'
const NOW_MS = 1_900_000_000_000
const metric = (name: string, level: MetricInfo['level']): MetricInfo => ({
  ...{ name, level, unit: 'count', statistic: 'sum', description: '' },
})
const catalogue = [
  metric('RegionErrors', 'region'),
  metric('ServiceErrors', 'service'),
  metric('FunctionErrors', 'function'),
  metric('MaxCores', 'instance'),
]

type Call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<Answer>
interface Answer {
  status: number
  body: Record<string, unknown>
}

async function serve(
  context: TestContext,
  {
    principal = { kind: 'account', accountId: ACCOUNT },
    hasSmtp = true,
  }: { principal?: Principal; hasSmtp?: boolean } = {},
) {
  const tested: { rule: AlertRule | null; routes: readonly AlertRoute[] }[] = []
  const asked: unknown[] = []
  const alerts: Alerts = {
    statuses: () => [],
    async history(query) {
      asked.push(query)
      return { events: [], nextCursor: '7' }
    },
    async test(rule, routes) {
      tested.push({ rule, routes })
      return routes.map(({ name }) => ({ route: name, ok: true, message: 'delivered', durationMs: 1 }))
    },
  }
  const metadata = await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock: systemClock })
  await metadata.commit([
    { kind: 'function', key: 'shop', value: { name: 'shop' } as FunctionDocument },
    { kind: 'service', key: 'web', value: { name: 'web' } as ServiceDocument },
  ])
  const app = fastify()
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request) => void (request.principal = principal))
  app.setErrorHandler((thrown, _request, reply) => {
    const error = toFcError(thrown)
    return reply.code(error.status).type('application/json').send(errorBody(error, 'r'))
  })
  registerAlertRoutes(app, {
    ...{ alerts, metadata, hasSmtp, accountId: ACCOUNT, region: 'r' },
    history: { catalogue },
    clock: { ...systemClock, nowMs: () => NOW_MS },
    authorizer: createAuthorizer({ accountId: ACCOUNT, region: 'r' }),
    resolve(functionKey, qualifier) {
      if (functionKey !== 'shop') throw new FcError('FunctionNotFound', `function '${functionKey}' does not exist`)
      if (qualifier !== 'LATEST') throw new FcError('AliasNotFound', `alias '${qualifier}' does not exist`)
    },
  })
  await app.ready()
  context.after(async () => {
    await app.close()
    await metadata.close()
  })
  const call: Call = async (method, path, body) => {
    const response = await app.inject({ method, url: `/sluice/v1/alerts${path}`, ...(body && { payload: body }) })
    return { status: response.statusCode, body: response.body === '' ? {} : response.json<Answer['body']>() }
  }
  return { call, tested, asked, metadata }
}

const threshold = { kind: 'threshold', comparison: '>', threshold: 5 }
const rule = { name: 'errors', metric: 'RegionErrors', condition: threshold }
const webhook = { name: 'hook', kind: 'webhook', url: 'https://example.com/x', secret: 'hunter-2' }

test('a rule is made with its defaults, read, replaced and deleted', async (context) => {
  const { call } = await serve(context)
  await call('POST', '/routes', webhook)
  const made = await call('POST', '/rules', { ...rule, routes: ['hook'] })
  const expected = {
    ...{ name: 'errors', description: '', enabled: true, metric: 'RegionErrors' },
    ...{ service: null, functionKey: null, instanceId: null, condition: threshold },
    ...{ windowSeconds: 60, forSeconds: 0, repeatSeconds: 0, onNoData: 'ok', severity: 'warning', routes: ['hook'] },
  }
  assert.deepEqual(made, { status: 200, body: expected })
  assert.deepEqual((await call('GET', '/rules/errors')).body, expected)
  const replaced = await call('PUT', '/rules/errors', { ...rule, enabled: false, windowSeconds: 300 })
  assert.deepEqual(replaced.body, { ...expected, enabled: false, windowSeconds: 300, routes: [] })
  assert.deepEqual((await call('GET', '/rules')).body, { rules: [replaced.body] })
  assert.equal((await call('DELETE', '/rules/errors')).status, 204)
  assert.deepEqual((await call('GET', '/rules')).body, { rules: [] })
})

test('what a rule cannot be is refused by the name of its member, and nothing is kept', async (context) => {
  const { call } = await serve(context)
  const of = (more: object) => call('POST', '/rules', { ...rule, ...more })
  const cases: [object, RegExp][] = [
    [{ name: 'a b' }, /^name must be 1 to 64 of the characters/],
    [{ name: '*' }, /^name must be/],
    [{ metric: 'Nothing' }, /^metric: 'Nothing' is no metric; GET \/sluice\/v1\/metrics lists them/],
    [{ metric: undefined }, /^metric is required/],
    [{ functionKey: 'shop' }, /^functionKey: is not accepted: RegionErrors is a metric of the region/],
    [{ metric: 'FunctionErrors' }, /^functionKey: is required: FunctionErrors is a metric of one function/],
    [{ metric: 'FunctionErrors', functionKey: 'nope' }, /^functionKey: there is no function 'nope'/],
    [{ metric: 'ServiceErrors', service: 'nope' }, /^service: there is no service 'nope'/],
    [{ metric: 'MaxCores', functionKey: 'shop' }, /^instanceId: is required/],
    [{ condition: { kind: 'magic' } }, /^condition.kind must be one of threshold, noData, anomaly/],
    [{ condition: { kind: 'threshold', comparison: '>' } }, /^condition.threshold: is required for the kind threshold/],
    [{ condition: { ...threshold, comparison: '!=' } }, /^condition.comparison must be one of >, >=, <, <=/],
    [{ condition: { ...threshold, threshold: '5' } }, /^condition.threshold must be a number/],
    [{ condition: { kind: 'anomaly', days: 7 } }, /^condition.deviations: is required/],
    [{ condition: { kind: 'anomaly', deviations: 3, days: 2 } }, /^condition.days must be a whole number from 3 to 30/],
    [{ windowSeconds: 15 }, /^windowSeconds: 15 is not accepted; give 10, 20/],
    [{ windowSeconds: 1 }, /^windowSeconds must be a whole number from 10 to 86400/],
    [{ windowSeconds: 420, condition: { kind: 'anomaly', deviations: 3, days: 7 } }, /divides an hour/],
    [{ forSeconds: -1 }, /^forSeconds must be/],
    [{ repeatSeconds: 1e9 }, /^repeatSeconds must be/],
    [{ onNoData: 'maybe' }, /^onNoData must be one of ok, keep, fire/],
    [{ severity: 'loud' }, /^severity must be one of/],
    [{ routes: ['absent'] }, /^routes: there is no route 'absent'/],
    [{ routes: Array(11).fill('hook') }, /^routes must be a list of at most 10/],
    [{ enabled: 'yes' }, /^enabled must be true or false/],
  ]
  for (const [more, message] of cases) {
    const { status, body } = await of(more)
    assert.equal(status, 400, JSON.stringify(more))
    assert.equal(body['ErrorCode'], 'InvalidArgument')
    assert.match(String(body['ErrorMessage']), message)
  }
  assert.deepEqual((await call('GET', '/rules')).body, { rules: [] })
})

test('the secret of a webhook is never answered, and stays when a change does not give it', async (context) => {
  const { call, metadata } = await serve(context)
  const secretNow = async () => ((await metadata.read('alertRoute', 'hook'))!.value as { secret: string }).secret
  const answers = [
    await call('POST', '/routes', webhook),
    await call('PUT', '/routes/hook', { kind: 'webhook', url: 'https://example.com/y' }),
    await call('PUT', '/routes/hook', { kind: 'webhook', url: 'https://example.com/y', secret: '(set)' }),
    await call('GET', '/routes'),
  ]
  assert.ok(!JSON.stringify(answers).includes('hunter-2'))
  assert.equal(answers[1]!.body['secret'], '(set)')
  assert.equal(await secretNow(), 'hunter-2')
  await call('PUT', '/routes/hook', { kind: 'webhook', url: 'https://example.com/y', secret: 'other' })
  assert.equal(await secretNow(), 'other')
  const removed = await call('PUT', '/routes/hook', { kind: 'webhook', url: 'https://example.com/y', secret: '' })
  assert.deepEqual([removed.body['secret'], await secretNow()], ['', ''])
})

test('what a route cannot be is refused by the name of its member', async (context) => {
  const { call } = await serve(context)
  const cases: [object, RegExp][] = [
    [{ name: 'r', kind: 'pigeon' }, /^kind must be one of webhook, email, function/],
    [{ name: 'r', kind: 'webhook' }, /^url: is required for the kind webhook/],
    [{ name: 'r', kind: 'webhook', url: 'ftp://example.com' }, /^url: /],
    [{ name: 'r', kind: 'webhook', url: 'http://u:p@example.com' }, /^url: an address holds no user name/],
    [{ name: 'r', kind: 'webhook', url: 'http://169.254.169.254/' }, /^url: .*metadata/],
    [{ name: 'r', kind: 'webhook', url: 'oss://bucket/x' }, /^url: an http:\/\/ or https:\/\/ address/],
    [{ name: 'r', kind: 'email', to: ['not an address'] }, /^to\.0 must be an e-mail address/],
    [{ name: 'r', kind: 'email', to: ['a@b.c\r\nBcc: x@y.z'] }, /^to\.0 must be an e-mail address/],
    [{ name: 'r', kind: 'email', to: [] }, /^to must be a list of 1 to 20/],
    [{ name: 'r', kind: 'email' }, /^to: is required/],
    [{ name: 'r', kind: 'function', functionKey: 'nope' }, /^functionKey: function 'nope' does not exist/],
    [{ name: 'r', kind: 'function', functionKey: 'shop', qualifier: 'x' }, /^qualifier: alias 'x' does not exist/],
  ]
  for (const [body, message] of cases) {
    const answer = await call('POST', '/routes', body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.match(String(answer.body['ErrorMessage']), message)
  }
  const made = await call('POST', '/routes', { name: 'r', kind: 'function', functionKey: 'shop' })
  assert.deepEqual(made.body, { name: 'r', kind: 'function', functionKey: 'shop', qualifier: 'LATEST' })
})

test('an e-mail route needs a mail server', async (context) => {
  const { call } = await serve(context, { hasSmtp: false })
  const { status, body } = await call('POST', '/routes', { name: 'mail', kind: 'email', to: ['a@example.com'] })
  assert.equal(status, 400)
  assert.match(String(body['ErrorMessage']), /^kind: email needs a mail server: set smtpUrl/)
})

test('a route that a rule names is not deleted, and one that is not there is not found', async (context) => {
  const { call } = await serve(context)
  await call('POST', '/routes', webhook)
  await call('POST', '/rules', { ...rule, routes: ['hook'] })
  const refused = await call('DELETE', '/routes/hook')
  assert.deepEqual([refused.status, refused.body['ErrorCode']], [409, 'AlertRouteInUse'])
  assert.match(String(refused.body['ErrorMessage']), /named by 'errors'/)
  await call('DELETE', '/rules/errors')
  assert.equal((await call('DELETE', '/routes/hook')).status, 204)
  const codes = [
    await call('DELETE', '/routes/hook'),
    await call('PUT', '/routes/hook', webhook),
    await call('GET', '/rules/errors'),
    await call('PUT', '/rules/errors', rule),
    await call('DELETE', '/silences/none'),
  ].map(({ status, body }) => `${status} ${String(body['ErrorCode'])}`)
  assert.deepEqual(codes, [
    '404 AlertRouteNotFound',
    '404 AlertRouteNotFound',
    '404 AlertRuleNotFound',
    '404 AlertRuleNotFound',
    '404 AlertSilenceNotFound',
  ])
})

test('names are taken once, a path and its body agree, and there are limits', async (context) => {
  const { call, metadata } = await serve(context)
  await call('POST', '/routes', webhook)
  await call('POST', '/rules', rule)
  assert.equal((await call('POST', '/routes', webhook)).body['ErrorCode'], 'AlertRouteAlreadyExists')
  assert.equal((await call('POST', '/rules', rule)).body['ErrorCode'], 'AlertRuleAlreadyExists')
  assert.match(String((await call('PUT', '/rules/errors', { ...rule, name: 'x' })).body['ErrorMessage']), /^name: /)
  const { value } = (await metadata.read('alertRule', 'errors'))!
  await metadata.commit(
    Array.from({ length: RULES_MAX - 1 }, (_, i) => ({
      kind: 'alertRule',
      key: `r${i}`,
      value: { ...value, name: `r${i}` },
    })),
  )
  const { status, body } = await call('POST', '/rules', { ...rule, name: 'last' })
  assert.deepEqual([status, body['ErrorCode']], [400, 'LimitExceededError'])
  assert.equal(body['ErrorMessage'], `there can be at most ${RULES_MAX} alert rules`)
})

test('at the same time, a route is deleted and a rule made that names it: one of them is refused', async (context) => {
  const { call } = await serve(context)
  for (let round = 0; round < 5; round++) {
    await call('POST', '/routes', webhook)
    const [deleted, made] = await Promise.all([
      call('DELETE', '/routes/hook'),
      call('POST', '/rules', { ...rule, routes: ['hook'] }),
    ])
    assert.notEqual(deleted.status === 204, made.status === 200)
    if (made.status === 200) await call('DELETE', '/rules/errors')
    await call('DELETE', '/routes/hook')
  }
})

test('silences begin now unless they say, end later, and are forgotten a week after they have', async (context) => {
  const { call, metadata } = await serve(context)
  const { body } = await call('POST', '/silences', { rule: 'err*', toMs: NOW_MS + 1000, reason: 'deploy' })
  assert.match(String(body['id']), /^[0-9a-f-]{36}$/)
  assert.deepEqual({ ...body, id: '' }, { id: '', rule: 'err*', fromMs: NOW_MS, toMs: NOW_MS + 1000, reason: 'deploy' })
  const refused: [object, RegExp][] = [
    [{ rule: 'x' }, /^toMs is required/],
    [{ rule: 'x', toMs: NOW_MS }, /^toMs: must be after fromMs/],
    [{ rule: 'x', fromMs: 5, toMs: 6 }, /^toMs: must be in the future/],
    [{ rule: 'a b', toMs: NOW_MS + 1 }, /^rule must be the name of a rule, in which \*/],
  ]
  for (const [input, message] of refused) {
    assert.match(String((await call('POST', '/silences', input)).body['ErrorMessage']), message)
  }
  const old = { id: 'old', rule: 'x', fromMs: 0, toMs: NOW_MS - 8 * 86_400_000, reason: '' }
  await metadata.commit([{ kind: 'alertSilence', key: 'old', value: old }])
  await call('POST', '/silences', { rule: 'y', toMs: NOW_MS + 1000 })
  const listed = (await call('GET', '/silences')).body['silences'] as { id: string; rule: string }[]
  assert.deepEqual(listed.map(({ rule: pattern }) => pattern).toSorted(), ['err*', 'y'])
  assert.equal((await call('DELETE', `/silences/${String(body['id'])}`)).status, 204)

  await metadata.commit(
    Array.from({ length: SILENCES_MAX }, (_, i) => ({
      ...{ kind: 'alertSilence', key: `s${i}` },
      value: { ...old, id: `s${i}`, toMs: NOW_MS + 5 },
    })),
  )
  const { body: full } = await call('POST', '/silences', { rule: 'z', toMs: NOW_MS + 1000 })
  assert.equal(full['ErrorMessage'], `there can be at most ${SILENCES_MAX} silences that have not ended`)
})

test('a test goes through the routes of the rule, with their secrets, or through one route', async (context) => {
  const { call, tested } = await serve(context)
  await call('POST', '/routes', webhook)
  await call('POST', '/rules', { ...rule, routes: ['hook'] })
  const { body } = await call('POST', '/rules/errors/test')
  assert.deepEqual(body, { deliveries: [{ route: 'hook', ok: true, message: 'delivered', durationMs: 1 }] })
  await call('POST', '/routes/hook/test')
  assert.deepEqual(
    tested.map(({ rule: about, routes }) => [about?.name, routes]),
    [
      ['errors', [webhook]],
      [undefined, [webhook]],
    ],
  )
})

test('the history is asked as the query says', async (context) => {
  const { call, asked } = await serve(context)
  const { body } = await call('GET', '/history?rule=errors&from=1&to=2&limit=5&cursor=9')
  assert.deepEqual(body, { events: [], nextCursor: '7' })
  assert.deepEqual(asked, [{ rule: 'errors', fromMs: 1, toMs: 2, limit: 5, cursor: '9' }])
  assert.match(String((await call('GET', '/history?limit=0')).body['ErrorMessage']), /^limit must be/)
  assert.match(String((await call('GET', '/history?cursor=x')).body['ErrorMessage']), /^cursor must be nextCursor/)
})

test('functions have no say in alerts, whatever their role', async (context) => {
  const principal: Principal = {
    kind: 'function',
    accountId: ACCOUNT,
    functionKey: 'shop',
    role: 'acs:ram::1:role/any',
  }
  const { call } = await serve(context, { principal })
  const answers = [
    await call('GET', '/rules'),
    await call('POST', '/routes', webhook),
    await call('GET', '/history'),
    await call('POST', '/rules/errors/test'),
  ]
  for (const { status, body } of answers) assert.deepEqual([status, body['ErrorCode']], [403, 'AccessDenied'])
})
