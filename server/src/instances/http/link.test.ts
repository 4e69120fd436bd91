/** The link against servers that a test plays. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock, type Clock } from '../../clock.ts'
import type { FunctionConfig } from '../../model.ts'
import { FakeProgram, open, openEvent, openHttp, testInit } from '../program-test-support.ts'
import { customProgram, type ProgramConfig } from '../program/config.ts'
import { testConfig } from '../program-test-support.ts'
import { HttpLink } from './link.ts'
import { Ports } from './ports.ts'

const MB = 1024 * 1024
type Serve = (request: IncomingMessage, response: ServerResponse) => unknown

async function listening(context: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface LinkOptions {
  config?: Partial<FunctionConfig>
  program?: Partial<ProgramConfig>
  clock?: Clock
  sandbox?: ConstructorParameters<typeof FakeProgram>[1]
}

function linkTo(port: number, { config = {}, program = {}, clock = systemClock, sandbox }: LinkOptions = {}) {
  const fake = new FakeProgram(() => {}, sandbox)
  const link = new HttpLink(fake, { ...customProgram(testConfig({})), port, ...program }, { clock, ports: new Ports() })
  link.initialize(testInit(config))
  return { link, program: fake }
}

/** A link to a program that answers as `serve` does, and is ready. */
async function linked(context: TestContext, serve: Serve, options: LinkOptions = {}) {
  const server = createServer((request, response) => void serve(request, response))
  const port = await listening(context, server)
  const { link, program } = linkTo(port, options)
  const failure = await program.outcome
  return { link, program, server, failure, port }
}

/** A link to a program that reads a request, writes these bytes, and closes. */
async function linkedRaw(context: TestContext, answer: string | ((socket: Socket) => void), options: LinkOptions = {}) {
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      if (typeof answer === 'string') socket.end(answer, 'latin1')
      else answer(socket)
    })
  })
  const { link, program } = linkTo(await listening(context, server), options)
  await program.outcome
  return { link, program }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const echo: Serve = (request, response) => void request.pipe(response)

test('an event comes back as the bytes that the program answers, and nothing else of its answer', async (context) => {
  const { link, failure } = await linked(context, (request, response) => {
    response.setHeader('X-Own', 'a')
    response.statusCode = 201
    request.pipe(response)
  })
  assert.equal(failure, null)
  const bytes = Buffer.from([0, 255, 128, 10, 13])
  const outcome = await openEvent(link, bytes).outcome
  assert.deepEqual([outcome.head, outcome.body, outcome.failure], [{}, bytes, null])
  assert.equal((await openEvent(link).outcome).body.length, 0)
})

test('the program reports failure by status 404 or x-fc-status, which goes before the status', async (context) => {
  const { link } = await linked(context, (request, response) => {
    const [status, fcStatus] = (request.headers['x-fc-request-id'] as string).split(',')
    response.statusCode = Number(status)
    if (fcStatus) response.setHeader('x-fc-status', fcStatus)
    response.end(
      status === '404' ? '{"errorMessage":"no order","errorType":"OrderRefused","stackTrace":["at a"]}' : 'said',
    )
  })
  const failureOf = async (requestId: string) => (await open(link, { kind: 'event', requestId }, '').outcome).failure
  assert.deepEqual(await failureOf('404'), {
    errorType: 'OrderRefused',
    errorMessage: 'no order',
    stackTrace: ['at a'],
    handled: true,
  })
  assert.deepEqual(await failureOf('500'), { errorType: 'FunctionHandledError', errorMessage: 'said', handled: true })
  assert.equal((await failureOf('200,404'))?.errorMessage, 'said')
  assert.equal(await failureOf('500,200'), null)
  assert.equal(await failureOf('204'), null)
})

test('an HTTP request and its answer pass with status, repeated headers and bytes beyond ASCII', async (context) => {
  const { link } = await linked(context, async (request, response) => {
    response.writeHead(418, [
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'X-Name',
      '\u00c3\u00bc',
      'Connection',
      'X-Hop',
      'X-Hop',
      'h',
    ])
    response.end(
      `${request.method} ${request.url} ${request.headers['x-many'] as string} ${(await bodyOf(request)).length}`,
    )
  })
  const headers = ['Host', 'a', 'X-Many', 'a', 'x-many', 'b']
  const request = { method: 'POST', rawPath: '/x', query: 'q=1', headers }
  const { head, text } = await openHttp(link, request, 'abc').outcome
  assert.equal(head?.status, 418)
  assert.equal(text, 'POST /x?q=1 a, b 3')
  const kept = head.headers!.filter((name) => !['Date', 'Content-Length'].includes(name))
  assert.deepEqual(kept.slice(0, 6), ['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'X-Name', '\u00c3\u00bc'])
  assert.ok(!kept.some((name) => /^(x-hop|connection|transfer-encoding)$/i.test(name)))
})

test('large bodies stream both ways within their credit', async (context) => {
  const { link } = await linked(context, echo)
  const body = Buffer.alloc(5 * MB + 1, 'abcdefg')
  for (const head of [
    { kind: 'event', bodyBytes: body.length },
    { kind: 'http', method: 'POST', rawPath: '/', query: '', url: '/', headers: ['Host', 'a'] },
  ]) {
    const exchange = open(link, head)
    await exchange.sendWhole(body)
    const outcome = await exchange.outcome
    assert.equal(outcome.failure, null)
    assert.ok(outcome.body.equals(body))
  }
})

test('a reader that takes nothing stops its own answer, and no other', async (context) => {
  let produced = 0
  const { link } = await linked(context, (request, response) => {
    if (request.url === '/quick') response.end('quick')
    else {
      const source = Readable.from(
        (function* () {
          for (let i = 0; i < 512; i++) {
            produced += 65_536
            yield Buffer.alloc(65_536)
          }
        })(),
      )
      source.pipe(response)
    }
  })
  const slow = openHttp(link, {}, '')
  slow.autoGrant = false
  await slow.until(() => slow.receivedBytes >= 262_144)
  assert.equal((await openHttp(link, { rawPath: '/quick' }, '').outcome).text, 'quick')
  assert.ok(slow.receivedBytes < 512 * 1024, String(slow.receivedBytes))
  assert.ok(produced < 512 * 65_536, 'the program was held up')
  slow.autoGrant = true
  slow.stream!.grant(slow.receivedBytes)
  assert.equal((await slow.outcome).body.length, 512 * 65_536)
})

test('the head of a stream arrives before its body, and each event when it is written', async (context) => {
  const written = Promise.withResolvers<ServerResponse>()
  const { link } = await linked(context, (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    written.resolve(response)
  })
  const exchange = openHttp(link, {}, '')
  assert.equal((await exchange.responded).status, 200)
  const response = await written.promise
  response.write('data: one\n\n')
  await exchange.until(() => exchange.text === 'data: one\n\n')
  response.end('data: two\n\n')
  assert.equal((await exchange.outcome).text, 'data: one\n\ndata: two\n\n')
})

test('an answer may come before the request was read', async (context) => {
  const { link } = await linked(context, (_, response) => response.end('early'))
  const exchange = openHttp(link, { method: 'POST' })
  assert.equal((await exchange.outcome).text, 'early')
  assert.equal(exchange.stream!.isRequestEnded, true)
  exchange.stream!.send(Buffer.from('crossed on the way'), true)
  assert.equal((await openHttp(link, {}, '').outcome).text, 'early')
})

test('a cancelled request ends at once, and the program sees its connection close', async (context) => {
  const closed = Promise.withResolvers<string>()
  const { link } = await linked(context, (request, response) => {
    response.writeHead(200).flushHeaders()
    response.on('close', () => closed.resolve(request.url!))
  })
  const exchange = openHttp(link, { rawPath: '/held' }, '')
  await exchange.responded
  exchange.stream!.cancel('disconnect')
  assert.equal((await exchange.outcome).failure?.errorType, 'InvocationCancelled')
  assert.equal(await closed.promise, '/held')
})

test('answers that are no HTTP, break off or never come are told as such', async (context) => {
  const answers: [string, RegExp][] = [
    ['this is no HTTP at all\r\n\r\n', /no HTTP\/1\.1 \(HPE_/],
    ['HTTP/1.1 200 OK\r\nX-Bad\x00Name: a\r\n\r\n', /no HTTP\/1\.1/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /no HTTP\/1\.1/],
    [`HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`, /headers are too long/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nonly', /broke off/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nonly', /broke off/],
    ['HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', /cannot be used/],
    ['HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'.repeat(1000), /only provisional ones/],
    ['', /closed the connection without one/],
  ]
  // At once: each waits for a while, as the program's end may be the reason.
  const told = answers.map(async ([answer, expected]) => {
    const { link } = await linkedRaw(context, answer)
    const { failure } = await openHttp(link, {}, '').outcome
    assert.equal(failure?.errorType, 'BadResponse', answer.slice(0, 40))
    assert.match(failure.errorMessage, expected)
    assert.equal(failure.handled, false)
  })
  await Promise.all(told)
})

test('when the program ends under a request, its end is the reason, not the connection', async (context) => {
  const hung = Promise.withResolvers<() => void>()
  const armed = Promise.withResolvers<() => void>()
  const clock: Clock = { ...systemClock, setTimer: (_, fire) => (armed.resolve(fire), { cancel() {} }) }
  const { link, program } = await linkedRaw(context, (socket) => hung.resolve(() => socket.destroy()), { clock })
  const exchange = openEvent(link, 'x')
  const hangUp = await hung.promise
  program.end()
  hangUp()
  let isTold = false
  void exchange.outcome.then(() => (isTold = true))
  const timeIsOver = await armed.promise
  timeIsOver()
  await turn()
  assert.equal(isTold, false)
})

test('a connection serves again at once, and is not kept for long', async (context) => {
  const sockets = new Set<Socket>()
  const { link, server } = await linked(context, (request, response) => {
    sockets.add(request.socket)
    response.end()
  })
  server.keepAliveTimeout = 60_000
  for (let i = 0; i < 5; i++) await openEvent(link).outcome
  assert.equal(sockets.size, 1)
  const [socket] = sockets
  await once(socket!, 'close')
})

test('the initializer is posted to /initialize, once the program listens, and is waited for', async (context) => {
  const asked: string[] = []
  const config = { initializer: { handler: 'i', timeoutSeconds: 5 } }
  const { program, failure } = await linked(
    context,
    (request, response) => {
      asked.push(
        `${request.method} ${request.url} ${request.headers['x-fc-control-path'] as string} ${request.headers['x-fc-request-id'] as string}`,
      )
      response.end()
    },
    { config },
  )
  assert.equal(failure, null)
  assert.deepEqual(asked, ['POST /initialize /initialize r-init'])
  assert.deepEqual(program.told, ['ready, initialized'])
})

test('an initializer that fails or takes too long keeps the program from serving', async (context) => {
  const failing: Serve = (_, response) => response.writeHead(404).end('no database')
  const { failure } = await linked(context, failing, { config: { initializer: { handler: 'i', timeoutSeconds: 5 } } })
  assert.deepEqual(failure, { errorType: 'FunctionHandledError', errorMessage: 'no database', handled: true })
  const late = await linked(context, () => {}, { config: { initializer: { handler: 'i', timeoutSeconds: 0.05 } } })
  assert.equal(late.failure?.errorMessage, 'Function initialization timed out after 0.05 seconds')
})

test('a health check is asked until it has passed as often as it must', async (context) => {
  const healthCheck = {
    path: '/ready',
    initialDelayMs: 0,
    periodMs: 1,
    timeoutMs: 1000,
    failureThreshold: 5,
    successThreshold: 2,
  }
  const statuses = [503, 200, 500, 200, 204]
  const asked: string[] = []
  const { failure, link, program } = await linked(
    context,
    (request, response) => {
      asked.push(request.url!)
      response.writeHead(statuses.shift() ?? 200).end()
    },
    { program: { healthCheck } },
  )
  assert.equal(failure, null)
  assert.deepEqual(
    asked,
    Array.from({ length: 5 }, () => '/ready'),
  )
  link.ping()
  while (!program.told.includes('pong')) await new Promise(setImmediate)
  const dead = await linked(context, (_, response) => response.writeHead(500).end(), { program: { healthCheck } })
  assert.equal(dead.failure?.errorType, 'FunctionNotStarted')
  assert.match(dead.failure.errorMessage, /health check.*GET \/ready answered 500/)
})

test('a program that listens elsewhere, or for itself alone, is told so', async () => {
  // A thousand times as fast, so that the two minutes pass in a tenth of a second.
  const clock = { ...systemClock, monotonicMs: () => performance.now() * 1000 }
  const listeningOn = (local: string) => ({
    exec: async () => ({
      stdin: { end() {} },
      stdout: Readable.from([Buffer.from(`0: ${local} 00000000:0000 0A 0`)]),
      stderr: { resume() {} },
    }),
  })
  const elsewhere = linkTo(1, { clock, sandbox: listeningOn('00000000:1F90') as never })
  const failure = await elsewhere.program.outcome
  assert.equal(failure?.errorType, 'FunctionNotStarted')
  assert.match(failure.errorMessage, /after 120 seconds.*listens on port 8080, not on 1;/)
  const alone = linkTo(1, { clock, sandbox: listeningOn('0100007F:0001') as never })
  assert.match((await alone.program.outcome)!.errorMessage, /port 1 of the loopback address/)
  const shared = linkTo(1, { clock, sandbox: { sharesNetwork: true } })
  assert.match((await shared.program.outcome)!.errorMessage, /must listen on 0\.0\.0\.0:\d+/)
})

test('hooks are GET requests, and their failure is told', async (context) => {
  const asked: string[] = []
  const { link } = await linked(context, (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-fc-request-id'] as string}`)
    response.writeHead(request.url === '/pre-stop' ? 404 : 200).end('cannot flush')
  })
  const run = (name: 'preFreeze' | 'preStop') =>
    new Promise((resolve) => link.hook({ name, requestId: 'r-h', deadlineMs: Date.now() + 1000 }, resolve))
  assert.equal(await run('preFreeze'), '{}')
  assert.match(String(await run('preStop')), /"errorMessage":"cannot flush"/)
  assert.deepEqual(asked, ['GET /pre-freeze r-h', 'GET /pre-stop r-h'])
})

test('credentials that were replaced come with the next request', async (context) => {
  const { link } = await linked(context, (request, response) => response.end(request.headers['x-fc-access-key-id']))
  assert.equal((await openEvent(link).outcome).text, 'id')
  link.credentials({ accessKeyId: 'fresh', accessKeySecret: '', securityToken: '' })
  assert.equal((await openEvent(link).outcome).text, 'fresh')
})

test('an upgraded connection passes bytes both ways with credit until the program ends it', async (context) => {
  const { link, server } = await linked(context, (_, response) => response.writeHead(400).end('no upgrade'))
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Own: a\r\n\r\nhello`,
    )
    socket.pipe(socket)
  })
  const exchange = openHttp(link, { upgrade: 'websocket' })
  const head = await exchange.responded
  assert.equal(head.status, 101)
  assert.ok(head.headers!.includes('X-Own'))
  const body = Buffer.alloc(2 * MB, 'frames')
  await exchange.sendWhole(body)
  const { text, failure } = await exchange.outcome
  assert.equal(failure, null)
  assert.ok(text === `hello${body.toString()}`)
})

test('a program that refuses an upgrade answers as to any request', async (context) => {
  const { link } = await linked(context, (_, response) => response.writeHead(403).end('not you'))
  const { head, text } = await openHttp(link, { upgrade: 'websocket' }).outcome
  assert.deepEqual([head?.status, text], [403, 'not you'])
})
