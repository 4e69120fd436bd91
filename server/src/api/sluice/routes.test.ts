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
import type {
  InvocationRecord,
  LiveHit,
  LogLine,
  LogQuery,
  LogSearch,
  LogSearcher,
  LogStore,
  RecordQuery,
} from '../../logs/port.ts'
import { QueryError } from '../../logs/query/error.ts'
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
  const searched: (LogSearch | string)[] = []
  const told: ((hit: LiveHit) => void)[] = []
  const logSearcher: LogSearcher = {
    async search(search) {
      searched.push(search)
      if (search.text === '(') throw new QueryError('expected a word', 1)
      return search.text.includes('|')
        ? { kind: 'table', columns: ['n'], rows: [[1]], scannedLines: 3, truncated: false }
        : { kind: 'hits', hits: [], scannedLines: 3 }
    },
    async histogram(search, buckets) {
      searched.push(search as LogSearch)
      return { bucketMs: buckets, buckets: [], total: 0 }
    },
    async context(id, before, after) {
      searched.push(`${id} ${before} ${after}`)
      return []
    },
    follow({ text }, onHit) {
      if (text === '(') throw new QueryError('expected a word', 1)
      told.push(onHit)
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
    logSearcher,
    defaultLogBounds: { retentionDays: 7, maxMB: 256 },
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
  const send = async (method: 'PUT' | 'DELETE', url: string, payload?: object) => {
    const response = await app.inject({ method, url: `/sluice/v1${url}`, ...(payload && { payload }) })
    return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
  }
  return { app, asked, searched, told, send, followed, recordFollowers, time, get, follow, stopped: () => stopped }
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
    ['/logs/search?limit=0', /^limit must be a whole number from 1 to 1000/],
    ['/logs/histogram?buckets=1001', /^buckets must be a whole number from 1 to 1000/],
    ['/logs/context', /^id is required: the id of a hit/],
    ['/logs/context?id=a&before=501', /^before must be a whole number from 0 to 500/],
    ['/logs/bounds', /^function is required/],
    ['/logs/follow?qualifier=prod&query=a', /^qualifier is of a function: function is required/],
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
    '/logs/search?function=gone',
    '/logs/bounds?function=gone',
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
    '/logs/follow?query=a',
    '/logs/search?query=a',
    '/logs/search?function=fn',
    '/logs/histogram',
    '/logs/context?id=a',
    '/logs/bounds?function=fn',
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

test('a search is asked for with its function, times and page, and answers hits or a table', async (t) => {
  const { get, searched } = await serve(t)
  const page = await get(
    '/logs/search?query=level%3A%20error&function=fn&from=1&to=9&limit=7&cursor=c1&descending=true',
  )
  assert.deepEqual(page, { status: 200, body: { hits: [], scannedLines: 3 } })
  const search = { text: 'level: error', functionKey: 'fn', fromMs: 1, toMs: 9 }
  assert.deepEqual(searched[0], { ...search, descending: true, cursor: 'c1', limit: 7 })
  const table = await get('/logs/search?query=*%20%7C%20SELECT%201%20AS%20n')
  assert.deepEqual(table.body, { columns: ['n'], rows: [[1]], scannedLines: 3, truncated: false })
  // What was stamped in this ms, and an end that is rounded up, belong to it.
  assert.deepEqual(searched[1], { text: '* | SELECT 1 AS n', fromMs: 0, toMs: 2000, limit: 100 })
  await get('/logs/histogram?query=a&from=0&to=10')
  assert.deepEqual(searched[2], { text: 'a', fromMs: 0, toMs: 10 })
  await get('/logs/context?id=fn~x&before=3')
  assert.equal(searched[3], 'fn~x 3 20')
})

test('a query that cannot be read is answered with the place in it, also where it is to be followed', async (t) => {
  const { get } = await serve(t)
  for (const url of ['/logs/search?query=(', '/logs/follow?query=(']) {
    const { status, body } = await get(url)
    assert.equal(status, 400)
    assert.equal(body['ErrorCode'], 'InvalidArgument')
    assert.equal(body['ErrorMessage'], 'query: expected a word (at 1)')
    assert.equal(body['Position'], 1)
  }
})

test('what a query finds is followed with its fields, of one function or of all, within the other filters', async (t) => {
  const { follow, told } = await serve(t)
  const hit: LiveHit = { line, source: 'log', highlights: [[0, 1]], fields: {} }
  const { call, lines } = await follow('/logs/follow?query=h&requestId=r1')
  assert.deepEqual(await next(lines), { heartbeatMs: 1000 })
  told[0]!({ ...hit, line: { ...line, requestId: 'r2' } })
  told[0]!(hit)
  assert.deepEqual(await next(lines), hit)
  call.destroy()
})

test('bounds of a log are set for one function, read, and taken back; the settings hold for the rest', async (t) => {
  const { get, send } = await serve(t)
  const defaults = { retentionDays: 7, maxMB: 256, isDefault: true }
  assert.deepEqual((await get('/logs/bounds?function=fn')).body, defaults)
  const set = { retentionDays: 30, maxMB: 256, isDefault: false }
  assert.deepEqual(await send('PUT', '/logs/bounds?function=fn', { retentionDays: 30 }), { status: 200, body: set })
  assert.deepEqual((await get('/logs/bounds?function=fn')).body, set)
  for (const body of [{ retentionDays: 0 }, { retentionDays: 1.5 }, { maxMB: '5' }]) {
    const refused = await send('PUT', '/logs/bounds?function=fn', body)
    assert.equal(refused.status, 400)
    assert.match(String(refused.body['Message']), /^(retentionDays|maxMB) must be .* from 1 to/)
  }
  assert.equal((await send('PUT', '/logs/bounds?function=gone', { maxMB: 1 })).status, 404)
  assert.deepEqual((await send('DELETE', '/logs/bounds?function=fn')).body, defaults)
  assert.deepEqual((await get('/logs/bounds?function=fn')).body, defaults)
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
