/** The link against clients that a test plays. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock, systemRandom } from '../../clock.ts'
import type { FunctionConfig } from '../../model.ts'
import { FakeProgram, open, openEvent, openHttp, testInit } from '../program-test-support.ts'
import { RuntimeApiLink } from './link.ts'
import { createRuntimeApi, type RuntimeApi } from './server.ts'

const MB = 1024 * 1024

/** What an SDK does. */
class Client {
  readonly base: string

  constructor(address: string) {
    this.base = `http://${address}/2020-11-11/runtime/invocation`
  }

  next(signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.base}/next`, signal ? { signal } : {})
  }

  post(requestId: string, kind: 'response' | 'error', body: string | Buffer, headers: Record<string, string> = {}) {
    return fetch(`${this.base}/${requestId}/${kind}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    })
  }

  /** Answers the next call with what `handle` makes of it. */
  async serve(handle: (event: string, headers: Headers) => string): Promise<Headers> {
    const call = await this.next()
    const answer = await this.post(
      call.headers.get('x-fc-request-id')!,
      'response',
      handle(await call.text(), call.headers),
    )
    assert.equal(answer.status, 200)
    return call.headers
  }
}

function newApi(context: TestContext): RuntimeApi {
  const api = createRuntimeApi({ host: '127.0.0.1', port: 0 }, { random: systemRandom })
  context.after(() => api.close())
  return api
}

interface Options {
  config?: Partial<FunctionConfig>
  service?: string
}

/** A link to a program that has been run, and its address. */
async function run(api: RuntimeApi, { config = {}, service }: Options = {}) {
  const address = Promise.withResolvers<string>()
  const program = new FakeProgram((init) => address.resolve(init.environment['FC_RUNTIME_API']!))
  const link = new RuntimeApiLink(program, ['main'], { clock: systemClock, api })
  link.initialize(testInit({ runtime: 'go1', ...config }, service))
  return { link, program, client: new Client(await address.promise) }
}

/** … that has asked for its first call, whose answer comes later. */
async function ready(api: RuntimeApi, options: Options = {}) {
  const started = await run(api, options)
  const first = started.client.next()
  // One that is never answered ends with the API.
  first.catch(() => {})
  assert.equal(await started.program.outcome, null)
  return { ...started, first }
}

test('a program is ready when it asks, and gets events with all that an SDK reads', async (context) => {
  const { link, program, client, first } = await ready(newApi(context))
  assert.deepEqual([program.command, program.told], [['main'], ['ready']])
  const tracing = { openTracingSpanContext: 'span', openTracingSpanBaggages: { user: 'u' } }
  const exchange = open(link, { kind: 'event', requestId: 'r-9', deadlineMs: 123, qualifier: 'live', tracing }, 'hello')
  const call = await first
  assert.equal(await call.text(), 'hello')
  const { date: _, connection: __, 'keep-alive': ___, ...headers } = Object.fromEntries(call.headers)
  assert.deepEqual(headers, {
    'content-length': '5',
    'content-type': 'application/octet-stream',
    'x-fc-request-id': 'r-9',
    'x-fc-function-type': '0',
    'x-fc-function-deadline': '123',
    'x-fc-function-timeout': '3',
    'x-fc-function-name': 'f',
    'x-fc-function-handler': 'main',
    'x-fc-function-memory': '512',
    'x-fc-access-key-id': 'id',
    'x-fc-access-key-secret': 'secret',
    'x-fc-security-token': 'token',
    'x-fc-service-name': '',
    'x-fc-service-logproject': '',
    'x-fc-service-logstore': '',
    'x-fc-qualifier': 'live',
    'x-fc-version-id': '',
    'x-fc-region': 'cn-test',
    'x-fc-account-id': '12',
    'x-fc-instance-id': 'c-1',
    'x-fc-retry-count': '0',
    'x-fc-client-ip': '',
    'x-fc-tracing-opentracing-span-context': 'span',
    'x-fc-tracing-opentracing-span-baggage-user': 'u',
  })
  assert.equal((await client.post('r-9', 'response', 'world')).status, 200)
  const { head, text } = await exchange.outcome
  assert.deepEqual([head, text], [{}, 'world'])
})

test('large events pass both ways, a slow reader holds its own answer up', async (context) => {
  const { link, client, first } = await ready(newApi(context))
  const body = Buffer.alloc(4 * MB, 'abcdefg')
  const exchange = open(link, { kind: 'event', requestId: 'r-1' })
  await exchange.sendWhole(body)
  assert.ok(Buffer.from(await (await first).arrayBuffer()).equals(body))
  exchange.autoGrant = false
  const posted = client.post('r-1', 'response', body)
  await exchange.until(() => exchange.receivedBytes >= 262_144)
  assert.ok(exchange.receivedBytes < MB)
  exchange.autoGrant = true
  exchange.stream!.grant(exchange.receivedBytes)
  assert.equal((await posted).status, 200)
  assert.ok((await exchange.outcome).body.equals(body))
})

test('errors are told with type, message and stack; a panic is no failure that the handler reported', async (context) => {
  const { link, client, first } = await ready(newApi(context))
  const failed = async (call: Promise<Response>, requestId: string, error: object) => {
    const exchange = open(link, { kind: 'event', requestId }, '')
    await call
    assert.equal((await client.post(requestId, 'error', JSON.stringify(error))).status, 200)
    return (await exchange.outcome).failure
  }
  assert.deepEqual(await failed(first, 'r-1', { errorMessage: 'no order', errorType: 'OrderRefused' }), {
    errorMessage: 'no order',
    errorType: 'OrderRefused',
    handled: true,
  })
  const frame = { path: 'main.go', line: 7, label: 'handler' }
  assert.deepEqual(await failed(client.next(), 'r-2', { errorMessage: 'm', errorType: 't', stackTrace: [frame] }), {
    errorMessage: 'm',
    errorType: 't',
    stackTrace: ['handler (main.go:7)'],
    handled: false,
  })
  assert.match((await failed(client.next(), 'r-3', []))!.errorMessage, /without a message/)
})

test('a client that asks ahead gets no more at once than the function takes', async (context) => {
  const { link, client, first } = await ready(newApi(context), { config: { instanceConcurrency: 2 } })
  const polls = [first, client.next(), client.next(), client.next()]
  const exchanges = ['r-1', 'r-2', 'r-3'].map((requestId) => open(link, { kind: 'event', requestId }, requestId))
  const got: string[] = []
  for (const poll of polls) poll.then((call) => got.push(call.headers.get('x-fc-request-id')!)).catch(() => {})
  while (got.length < 2) await new Promise(setImmediate)
  await client.post('r-2', 'response', 'second')
  assert.equal((await exchanges[1]!.outcome).text, 'second')
  while (got.length < 3) await new Promise(setImmediate)
  assert.deepEqual(got, ['r-1', 'r-2', 'r-3'])
  await client.post('r-1', 'response', '')
  await client.post('r-3', 'response', '')
  await Promise.all(exchanges.map(({ outcome }) => outcome))
})

test('a question that was given up gets nothing, and the next one what it would have had', async (context) => {
  const { link, client, program } = await run(newApi(context))
  const given = new AbortController()
  const abandoned = client.next(given.signal)
  await program.outcome
  given.abort()
  await assert.rejects(abandoned)
  // Until the API has seen it, the question counts as one that waits.
  do {
    program.told.length = 0
    link.ping()
    await new Promise(setImmediate)
  } while (program.told.includes('pong'))
  const exchange = openEvent(link, 'x')
  await client.serve((event) => `served ${event}`)
  assert.equal((await exchange.outcome).text, 'served x')
})

test('a program can neither take nor answer what is another’s', async (context) => {
  const api = newApi(context)
  const [victim, thief] = [await ready(api), await ready(api)]
  const exchange = open(victim.link, { kind: 'event', requestId: 'r-secret' }, 'secret')
  assert.equal(await (await victim.first).text(), 'secret')
  assert.equal((await thief.client.post('r-secret', 'response', 'forged')).status, 404)
  assert.equal((await thief.client.post('r-secret', 'error', '{}')).status, 404)
  const [, origin, key] = /^(http:\/\/[^/]+)\/([^/]+)/.exec(victim.client.base)!
  for (const path of ['', '/', `/${key!.slice(0, -1)}`, `/${key!}x`, `/${key!.toLowerCase()}`, '/..']) {
    const answer = await fetch(`${origin}${path}/2020-11-11/runtime/invocation/next`)
    assert.equal(answer.status, 404, path)
  }
  await victim.client.post('r-secret', 'response', 'true')
  assert.equal((await exchange.outcome).text, 'true')
  assert.equal((await victim.client.post('r-secret', 'response', 'again')).status, 404)
  victim.program.end()
  assert.equal((await victim.client.next()).status, 404)
})

test('a cancelled call that the program has not got never reaches it; one that it has holds its place until answered', async (context) => {
  const { link, client, first } = await ready(newApi(context), { config: { instanceConcurrency: 1 } })
  const [running, waiting] = ['r-1', 'r-2'].map((requestId) => open(link, { kind: 'event', requestId }, requestId))
  await first
  waiting!.stream!.cancel('disconnect')
  assert.equal((await waiting!.outcome).failure?.errorType, 'InvocationCancelled')
  running!.stream!.cancel('disconnect')
  const third = open(link, { kind: 'event', requestId: 'r-3' }, 'third')
  const next = client.next()
  let isOver = false
  void running!.outcome.then(() => (isOver = true))
  await new Promise(setImmediate)
  assert.equal(isOver, false)
  await client.post('r-1', 'response', 'nobody wants it')
  assert.equal((await running!.outcome).failure?.errorType, 'InvocationCancelled')
  assert.equal(running!.receivedBytes, 0)
  assert.equal((await next).headers.get('x-fc-request-id'), 'r-3')
  await client.post('r-3', 'response', 'done')
  assert.equal((await third.outcome).text, 'done')
})

test('the initializer is the first call; what it reports keeps the program from serving', async (context) => {
  const api = newApi(context)
  const config = { initializer: { handler: 'i', timeoutSeconds: 7 } }
  const well = await run(api, { config })
  const headers = await well.client.serve(() => '')
  assert.deepEqual([headers.get('x-fc-function-type'), headers.get('x-fc-function-timeout')], ['1', '7'])
  assert.equal(await well.program.outcome, null)
  assert.deepEqual(well.program.told, ['ready, initialized'])
  const failing = await run(api, { config })
  await failing.client.next()
  await failing.client.post('r-init', 'error', '{"errorMessage":"no database","errorType":"E"}')
  assert.equal((await failing.program.outcome)?.errorMessage, 'no database')
})

test('hooks are calls of their own types', async (context) => {
  const { link, client, first } = await ready(newApi(context))
  const run = (name: 'preFreeze' | 'preStop') =>
    new Promise((resolve) => link.hook({ name, requestId: `r-${name}`, deadlineMs: Date.now() + 1500 }, resolve))
  const frozen = run('preFreeze')
  const call = await first
  assert.deepEqual([call.headers.get('x-fc-function-type'), call.headers.get('x-fc-function-timeout')], ['3', '2'])
  await client.post('r-preFreeze', 'response', '')
  assert.equal(await frozen, '{}')
  const stopped = run('preStop')
  assert.equal((await client.next()).headers.get('x-fc-function-type'), '2')
  await client.post('r-preStop', 'error', '{"errorMessage":"cannot flush","errorType":"E"}')
  assert.match(String(await stopped), /cannot flush/)
})

test('an HTTP request of 2.0 comes with its parameters beside the body, and so goes its answer', async (context) => {
  const { link, client, first } = await ready(newApi(context), { service: 's' })
  const request = {
    method: 'POST',
    path: '/a b',
    url: '/p/a%20b?q=1&q=2',
    query: 'q=1&q=2',
    headers: ['x-many', 'a', 'X-MANY', 'b'],
  }
  const exchange = openHttp(link, { ...request, requestId: 'r-1' }, 'body')
  const call = await first
  assert.equal(await call.text(), 'body')
  assert.deepEqual(JSON.parse(Buffer.from(call.headers.get('x-fc-http-params')!, 'base64').toString()), {
    path: '/a b',
    method: 'POST',
    requestURI: '/p/a%20b?q=1&q=2',
    clientIP: '192.0.2.1',
    host: 'f.localhost',
    queriesMap: { q: ['1', '2'] },
    headersMap: { 'X-Many': ['a', 'b'] },
  })
  const params = Buffer.from(JSON.stringify({ status: 418, headersMap: { 'X-A': ['1', '2'] } })).toString('base64')
  await client.post('r-1', 'response', 'tea', { 'x-fc-http-params': params })
  const { head, text } = await exchange.outcome
  assert.deepEqual([head, text], [{ status: 418, headers: ['X-A', '1', 'X-A', '2'] }, 'tea'])
  const without = openHttp(link, { requestId: 'r-2' }, '')
  await client.next()
  await client.post('r-2', 'response', 'tea')
  assert.equal((await without.outcome).failure?.errorType, 'BadResponse')
})

test('an HTTP request of 3.0 comes as an event, and its answer is read as JSON', async (context) => {
  const { link, client, first } = await ready(newApi(context))
  const exchange = openHttp(link, { requestId: 'r-1', method: 'POST' }, 'body')
  const event = (await (await first).json()) as { body: string; requestContext: { http: { method: string } } }
  assert.deepEqual([event.body, event.requestContext.http.method], ['body', 'POST'])
  const answer = {
    statusCode: 201,
    headers: { 'X-A': 'ü' },
    isBase64Encoded: true,
    body: Buffer.from('héllo').toString('base64'),
  }
  await client.post('r-1', 'response', JSON.stringify(answer))
  const { head, text } = await exchange.outcome
  assert.equal(text, 'héllo')
  assert.deepEqual(head, { status: 201, headers: ['X-A', Buffer.from('ü').toString('latin1')] })
  const bad = openHttp(link, { requestId: 'r-2' }, '')
  await client.next()
  await client.post('r-2', 'response', '{"statusCode":99}')
  assert.equal((await bad.outcome).failure?.errorType, 'BadResponse')
})

test('an idle program that waits for its next call is alive', async (context) => {
  const { link, program, client, first } = await ready(newApi(context))
  link.ping()
  assert.deepEqual(program.told, ['ready', 'pong'])
  const exchange = open(link, { kind: 'event', requestId: 'r-1' }, '')
  await first
  link.ping()
  assert.equal(program.told.length, 2, 'it asks no more')
  await client.post('r-1', 'response', '')
  await exchange.outcome
  const abort = new AbortController()
  const poll = client.next(abort.signal)
  while (program.told.length < 3) await new Promise(setImmediate)
  abort.abort()
  await assert.rejects(poll)
})
