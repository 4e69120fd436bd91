import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Principal } from '../../auth/port.ts'
import { systemClock, type Clock } from '../../clock.ts'
import { errorBody, toFcError } from '../../errors.ts'
import type { InvocationRecord, LogLine, LogQuery, LogStore, RecordQuery } from '../../logs/port.ts'
import { createMetadataStore } from '../../metadata/sql-store.ts'
import type { AliasDocument, FunctionDocument } from '../../model.ts'
import { HEARTBEAT_MS, WAITING_BYTES_MAX } from './follow.ts'
import { registerSluiceRoutes } from './routes.ts'

const ACCOUNT = '1234567890123456'
const line: LogLine = {
  functionKey: 'fn',
  versionId: 'LATEST',
  requestId: 'r1',
  instanceId: 'c-1',
  timeMs: 5,
  stream: 'stdout',
  text: 'hello',
  hook: null,
}

/** Time stands still; `fire` runs the timers that are set. */
function stillClock() {
  const timers = new Set<() => void>()
  const clock: Clock = {
    ...systemClock,
    nowMs: () => 1000,
    setTimer(delayMs, run) {
      assert.equal(delayMs, HEARTBEAT_MS)
      timers.add(run)
      return { cancel: () => timers.delete(run) }
    },
  }
  const fire = () => {
    for (const run of [...timers]) {
      timers.delete(run)
      run()
    }
  }
  return { clock, timers, fire }
}

async function serve(t: TestContext, principal: Principal = { kind: 'account', accountId: ACCOUNT }) {
  const asked: (LogQuery | RecordQuery)[] = []
  const followed: ((item: LogLine) => void)[] = []
  const recordFollowers: ((item: InvocationRecord) => void)[] = []
  let stopped = 0
  const logs: Pick<LogStore, 'queryLines' | 'queryRecords' | 'follow' | 'followRecords'> = {
    async queryLines(query) {
      asked.push(query)
      return query.functionKey === 'fn' ? { lines: [line], nextCursor: 'c2' } : { lines: [] }
    },
    async queryRecords(query) {
      asked.push(query)
      return []
    },
    follow(query, onLine) {
      asked.push(query)
      followed.push(onLine)
      return { stop: () => void stopped++ }
    },
    followRecords(_key, onRecord) {
      recordFollowers.push(onRecord)
      return { stop: () => void stopped++ }
    },
  }
  const metadata = await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock: systemClock })
  const alias = (weights: Record<string, number>) =>
    ({ versionId: '2', additionalVersionWeight: weights }) as AliasDocument
  await metadata.commit([
    { kind: 'function', key: 'fn', value: { name: 'fn' } as FunctionDocument },
    { kind: 'alias', key: 'functions/fn/prod', value: alias({}) },
    { kind: 'alias', key: 'functions/fn/canary', value: alias({ '3': 0.1 }) },
  ])
  const time = stillClock()
  const app = fastify()
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request) => void (request.principal = principal))
  app.setErrorHandler((thrown, _request, reply) => {
    const error = toFcError(thrown)
    return reply.code(error.status).type('application/json').send(errorBody(error, 'r'))
  })
  registerSluiceRoutes(app, {
    logs: logs as LogStore,
    metadata,
    authorizer: createAuthorizer({ accountId: ACCOUNT, region: 'r' }),
    clock: time.clock,
    arnOf: (resource) => `acs:fc:r:${ACCOUNT}:${resource}`,
    info: () => ({
      version: '1',
      region: 'r',
      accountId: ACCOUNT,
      endpoints: {},
      sandbox: { kind: 'process', notice: null },
      runtimes: [],
    }),
    runtimes: async () => [
      { name: 'nodejs18', available: true, runsOn: { version: '20.1.0', program: '/node', fit: 'newer' } },
    ],
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await metadata.close()
  })
  const { port } = app.server.address() as AddressInfo
  const get = async (url: string) => {
    const response = await app.inject({ method: 'GET', url: `/sluice/v1${url}` })
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
  }
  const follow = async (url: string) => {
    const call = request({ port, host: '127.0.0.1', path: `/sluice/v1${url}`, agent: false }).end()
    const [message] = (await once(call, 'response')) as [IncomingMessage]
    return { call, message, lines: createInterface({ input: message })[Symbol.asyncIterator]() }
  }
  return { app, asked, followed, recordFollowers, time, get, follow, stopped: () => stopped }
}

const next = async (lines: AsyncIterator<string>) => JSON.parse((await lines.next()).value as string) as object

test('a page of lines is asked for with every filter, and answered with its cursor', async (t) => {
  const { get, asked } = await serve(t)
  const filters =
    'function=fn&qualifier=prod&requestId=r1&instanceId=c-1&from=1&to=9&text=a%20b&descending=true&limit=7&cursor=c1'
  assert.deepEqual(await get(`/logs?${filters}`), { status: 200, body: { lines: [line], nextCursor: 'c2' } })
  assert.deepEqual(asked[0], {
    functionKey: 'fn',
    versionId: '2',
    requestId: 'r1',
    instanceId: 'c-1',
    fromMs: 1,
    toMs: 9,
    text: 'a b',
    descending: true,
    limit: 7,
    cursor: 'c1',
  })
})

test('bad parameters get InvalidArgument that names the field and what it accepts', async (t) => {
  const { get, asked } = await serve(t)
  const cases: [url: string, message: RegExp][] = [
    ['/logs', /^function is required/],
    ['/logs?function=a/b', /^function must be the name of a function/],
    ['/logs?function=fn&limit=1001', /^limit must be a whole number from 1 to 1000/],
    ['/logs?function=fn&from=now', /^from must be milliseconds/],
    ['/logs?function=fn&qualifier=canary', /stands for several versions; give one of 2, 3/],
    ['/records?failed=maybe', /^failed must be true/],
    ['/logs/follow?function=', /^function is required/],
  ]
  for (const [url, message] of cases) {
    const { status, body } = await get(url)
    assert.equal(status, 400, url)
    assert.equal(body['Code'], 'InvalidArgument')
    assert.match(String(body['Message']), message)
  }
  assert.equal(asked.length, 0)
})

test('a name without function and without lines is not found', async (t) => {
  const { get } = await serve(t)
  for (const url of [
    '/logs?function=gone',
    '/logs/follow?function=gone',
    '/records?function=s$gone',
    '/records/follow?function=gone',
  ]) {
    const { status, body } = await get(url)
    assert.equal(status, 404, url)
    assert.equal(body['Code'], 'FunctionNotFound')
  }
  assert.equal((await get('/logs?function=fn&qualifier=none')).body['Code'], 'AliasNotFound')
})

test('the code of a function may read neither logs nor records nor info', async (t) => {
  const { get } = await serve(t, { kind: 'function', accountId: ACCOUNT, functionKey: 'fn', role: 'admin' })
  for (const url of [
    '/logs?function=fn',
    '/logs/follow?function=fn',
    '/records',
    '/records/follow',
    '/info',
    '/runtimes',
  ]) {
    const { status, body } = await get(url)
    assert.equal(status, 403, url)
    assert.match(String(body['Message']), /acs:fc:r:1234567890123456:/)
  }
})

test('following begins with a heartbeat, passes lines on, and ends with the client', async (t) => {
  const { follow, followed, time, stopped } = await serve(t)
  const { call, message, lines } = await follow('/logs/follow?function=fn')
  assert.equal(message.headers['content-type'], 'application/x-ndjson')
  assert.deepEqual(await next(lines), { heartbeatMs: 1000 })
  followed[0]!(line)
  assert.deepEqual(await next(lines), { line })
  time.fire()
  assert.deepEqual(await next(lines), { heartbeatMs: 1000 })
  const closed = new Promise<void>((resolve) => {
    const poll = () => (stopped() === 1 ? resolve() : setImmediate(poll))
    poll()
  })
  call.destroy()
  await closed
  assert.equal(time.timers.size, 0)
})

test('a reader that does not read costs a bounded buffer, hears what it missed, and is cut off when it never comes back', async (t) => {
  const { follow, recordFollowers, time, stopped } = await serve(t)
  const reader = await follow('/records/follow')
  reader.message.pause()
  const record = { errorMessage: 'x'.repeat(64 * 1024) } as InvocationRecord
  // What the sockets of both sides hold comes first; ten times the bound is beyond all of it.
  for (let i = 0; i < (10 * WAITING_BYTES_MAX) / record.errorMessage.length; i++) recordFollowers[0]!(record)
  for (let i = 0; i < 3; i++) time.fire()
  reader.message.resume()
  let dropped: number | undefined
  for await (const text of { [Symbol.asyncIterator]: () => reader.lines }) {
    ;({ dropped } = JSON.parse(text) as { dropped?: number })
    if (dropped !== undefined) break
  }
  assert.ok(dropped! > 0)

  const gone = await follow('/records/follow')
  gone.message.pause()
  for (let i = 0; i < (10 * WAITING_BYTES_MAX) / record.errorMessage.length; i++) recordFollowers[1]!(record)
  const before = stopped()
  const ended = new Promise<void>((resolve) => {
    const poll = () => (stopped() > before ? resolve() : setImmediate(poll))
    poll()
  })
  for (let i = 0; i < 8; i++) time.fire()
  await ended
})

test('stopping the platform ends the streams', async (t) => {
  const { app, follow } = await serve(t)
  const { lines } = await follow('/logs/follow?function=fn')
  await next(lines)
  await app.close()
  assert.equal((await lines.next()).done, true)
})
