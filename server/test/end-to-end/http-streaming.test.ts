/** Bodies on their way: what streams, what waits, what is cancelled, and what is too much. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeOf, eventually, linesOf, rawClient, recordsOf, type RawClient } from './http-support.ts'

const MB = 1024 * 1024

/** One instance whose requests talk with each other: `/open` lets the one that waits go on. */
const gate = {
  'index.js': `
    const { Readable } = require('stream')
    let open, opened, produced = 0, hanging = 0, aborted = 0
    const reset = () => (opened = new Promise((resolve) => (open = resolve)))
    reset()
    const paths = {
      '/open': (request, response) => { open(); reset(); response.send('opened') },
      '/state': (request, response) => response.send(JSON.stringify({ produced, hanging, aborted })),
      '/stream': (request, response) => {
        const waiting = opened
        response.setHeader('Content-Type', 'text/event-stream')
        response.send(Readable.from((async function* () {
          yield 'data: one\\n\\n'
          await waiting
          yield 'data: two\\n\\n'
        })()))
      },
      '/head-first': (request, response) => {
        const waiting = opened
        response.send(Readable.from((async function* () { await waiting; yield 'late body' })()))
      },
      '/echo': (request, response) => response.send(request),
      '/early': (request, response) => response.send('early'),
      '/length': async (request, response) => {
        let bytes = 0
        for await (const chunk of request) bytes += chunk.length
        response.send(String(bytes))
      },
      '/later': async (request, response) => {
        await opened
        await paths['/length'](request, response)
      },
      '/produce': (request, response) => {
        produced = 0
        response.send(Readable.from((function* () {
          for (let left = Number(request.queries.bytes); left > 0; left -= 65536) {
            const chunk = Buffer.alloc(Math.min(left, 65536), 'x')
            produced += chunk.length
            yield chunk
          }
        })()))
      },
      '/hang': (request, response) => { hanging++; request.on('aborted', () => { aborted++; response.send('') }) },
      '/break': (request, response) => {
        response.send(Readable.from((async function* () { yield 'begun'; throw new Error('broke') })()))
      },
    }
    exports.handler = (request, response) => paths[request.path](request, response)`,
}

interface State {
  produced: number
  hanging: number
  aborted: number
}

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await platform.deploy('gate', gate, {
    service: 'flow',
    http: true,
    instanceConcurrency: 20,
    timeout: 30,
    memorySize: 1024,
  })
})
after(() => platform.stop())

const PREFIX = '/2016-08-15/proxy/flow/gate'
const call = (path: string) => platform.send('GET', `${PREFIX}${path}`)
const state = async () => (await call('/state')).json<State>()

interface Exchange {
  request: ClientRequest
  response: Promise<IncomingMessage>
}

function openRequest(method: string, path: string, headers: Record<string, string> = {}): Exchange {
  const request = httpRequest({
    host: '127.0.0.1',
    port: platform.port,
    method,
    path: `${PREFIX}${path}`,
    headers,
    agent: false,
  })
  const response = once(request, 'response').then(([message]) => message as IncomingMessage)
  return { request, response }
}

const nextChunk = async (message: IncomingMessage) => String((await once(message, 'data'))[0])

async function bytesOf(message: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of message) bytes += (chunk as Buffer).length
  return bytes
}

/** Reads the state until it has stopped changing. */
async function settled(read: (now: State) => number): Promise<number> {
  let last = -1
  for (let same = 0; same < 30;) {
    const value = read(await state())
    same = value === last ? same + 1 : 0
    last = value
  }
  return last
}

test('an event of a stream arrives while the function waits to send the next', async () => {
  const { request, response } = openRequest('GET', '/stream')
  request.end()
  const message = await response
  assert.equal(message.headers['content-type'], 'text/event-stream')
  assert.equal(message.headers['transfer-encoding'], 'chunked')
  assert.equal(await nextChunk(message), 'data: one\n\n')
  const second = nextChunk(message)
  const end = once(message, 'end')
  await call('/open')
  assert.equal(await second, 'data: two\n\n')
  await end
})

test('the head arrives before there is any body', async () => {
  const { request, response } = openRequest('GET', '/head-first')
  request.end()
  const message = await response
  assert.equal(message.statusCode, 200)
  const body = nextChunk(message)
  await call('/open')
  assert.equal(await body, 'late body')
})

test('request and answer stream at the same time', async () => {
  const { request, response } = openRequest('POST', '/echo')
  request.write('first')
  const message = await response
  assert.equal(await nextChunk(message), 'first')
  for (const part of ['second', 'third']) {
    const echoed = nextChunk(message)
    request.write(part)
    assert.equal(await echoed, part)
  }
  const end = once(message, 'end')
  request.end()
  await end
})

test('who reads slowly stops the function from producing, and loses nothing', async () => {
  const total = 30 * MB
  const { request, response } = openRequest('GET', `/produce?bytes=${total}`)
  request.end()
  const message = await response
  const stalledAt = await settled(({ produced }) => produced)
  assert.ok(stalledAt < 20 * MB, `${stalledAt} bytes were produced for a reader that reads nothing`)
  assert.equal((await call('/state')).status, 200, 'others are served meanwhile')
  assert.equal(await bytesOf(message), total)
})

test('a function that does not read stops its client from sending, and gets all of it later', async () => {
  const body = Buffer.alloc(30 * MB, 'y')
  const { request, response } = openRequest('POST', '/later', { 'content-length': String(body.length) })
  request.end(body)
  await once(request, 'socket')
  const left = () => request.socket!.writableLength
  let before = -1
  for (let same = 0; same < 30;) {
    await call('/state')
    same = left() === before ? same + 1 : 0
    before = left()
  }
  assert.ok(left() > 10 * MB, `${left()} bytes are left for a function that reads nothing`)
  await call('/open')
  assert.equal(await nextChunk(await response), String(body.length))
})

test('the first request of an instance brings its body along', async () => {
  const answers = await Promise.all(
    ['cold-one', 'cold-two'].map(async (name, index) => {
      await platform.deploy(name, gate, { service: 'flow', http: true })
      const { request, response } = openRequest('POST', '/length')
      request.path = `/2016-08-15/proxy/flow/${name}/length`
      // One with its length told, one in chunks.
      if (index === 0) request.setHeader('content-length', String(MB))
      request.write(Buffer.alloc(MB / 2))
      request.end(Buffer.alloc(MB / 2))
      return nextChunk(await response)
    }),
  )
  assert.deepEqual(answers, [String(MB), String(MB)])
})

test('an answer that comes before the whole request leaves the connection usable', async () => {
  const client = await rawClient(platform.port)
  const half = 'z'.repeat(MB / 2)
  client.send(`POST ${PREFIX}/early HTTP/1.1\r\nHost: a\r\nContent-Length: ${MB}\r\n\r\n${half}`)
  await client.until((received) => received.endsWith('early'))
  client.received = ''
  client.send(half)
  client.send(`GET ${PREFIX}/early HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  assert.match(await client.ended(), /^HTTP\/1\.1 200 OK\r\n[^]*early$/)
})

test('a client that leaves cancels its request, and the record says so', async () => {
  const { aborted } = await state()
  const clients = await Promise.all([1, 2, 3].map(() => rawClient(platform.port)))
  const [reset, leftEarly, left] = clients as [RawClient, RawClient, RawClient]
  for (const client of [reset, leftEarly]) {
    client.send(`POST ${PREFIX}/hang HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf`)
  }
  left.send(`GET ${PREFIX}/hang HTTP/1.1\r\nHost: a\r\n\r\n`)
  await settled(({ hanging }) => hanging)
  reset.socket.resetAndDestroy()
  leftEarly.destroy()
  left.destroy()
  await eventually(async () => ((await state()).aborted === aborted + 3 ? true : undefined))
  const records = await eventually(async () => {
    const gone = (await recordsOf(platform, 'flow$gate', '&failed=true')).filter(({ statusCode }) => statusCode === 499)
    return gone.length === 3 ? gone : undefined
  })
  assert.ok(records.every(({ errorType, fault }) => errorType === 'ClientClosedRequest' && fault === 'caller'))
})

test('a client that leaves in the middle of an answer ends the stream in the function', async () => {
  const { request, response } = openRequest('GET', `/produce?bytes=${30 * MB}`)
  request.end()
  await nextChunk(await response)
  request.on('error', () => {})
  request.destroy()
  const stoppedAt = await settled(({ produced }) => produced)
  assert.ok(stoppedAt < 30 * MB, `${stoppedAt} bytes were produced for nobody`)
})

test('an answer that breaks breaks the connection, for its status is out', async () => {
  const { request, response } = openRequest('GET', '/break')
  request.end()
  const message = await response
  await assert.rejects(bytesOf(message), /aborted|ECONNRESET/)
})

test('fifty requests run in one instance, and each line finds its request', async () => {
  const count = 50
  await platform.deploy(
    'crowd',
    {
      'index.js': `
        let arrived = 0, all
        const everybody = new Promise((resolve) => (all = resolve))
        exports.handler = async (event, context) => {
          console.log('arrived ' + context.requestId)
          if (++arrived === ${count}) all()
          await everybody
          console.error('left ' + context.requestId)
          return String(process.pid)
        }`,
    },
    { instanceConcurrency: count, timeout: 20 },
  )
  const answers = await Promise.all(Array.from({ length: count }, () => platform.invoke('crowd')))
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  const lines = (await linesOf(platform, 'crowd')).filter(({ stream }) => stream !== 'system')
  const expected = answers.flatMap(({ headers }) => {
    const id = String(headers['x-fc-request-id'])
    return [`${id} stdout arrived ${id}`, `${id} stderr left ${id}`]
  })
  assert.deepEqual(
    lines.map(({ requestId, stream, text }) => `${requestId} ${stream} ${text}`).toSorted(),
    expected.toSorted(),
  )
})

test('output that belongs to no request is not given to the one that happens to run', async () => {
  await platform.deploy(
    'late',
    {
      'index.js': `
        let speak
        exports.handler = async (event, context) => {
          if (String(event) === 'first') {
            new Promise((resolve) => (speak = resolve)).then(() => console.log('from the first'))
            return
          }
          console.log('from the second')
          speak()
          await new Promise(setImmediate)
        }`,
    },
    { timeout: 10 },
  )
  await platform.invoke('late', 'first')
  const id = String((await platform.invoke('late', 'second')).headers['x-fc-request-id'])
  const lines = (await linesOf(platform, 'late')).filter(({ stream }) => stream === 'stdout')
  assert.deepEqual(lines.map(({ requestId, text }) => `${requestId} ${text}`).toSorted(), [
    ' from the first',
    `${id} from the second`,
  ])
})

test('32 MB pass in both directions', async () => {
  const body = Buffer.alloc(32 * MB, '0123456789abcdef')
  const { request, response } = openRequest('POST', '/echo', { 'content-length': String(body.length) })
  request.end(body)
  assert.equal(await bytesOf(await response), body.length)
})

test('a request of more is refused, told before or found on the way', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const send = (headers: Record<string, string>) =>
      exchange(
        { agent, host: '127.0.0.1', port: platform.port, method: 'POST', path: `${PREFIX}/length`, headers },
        Buffer.alloc(33 * MB),
      )
    assert.deepEqual(codeOf(await send({ 'content-length': String(33 * MB) })), [400, 'EntityTooLarge'])
    assert.deepEqual(codeOf(await send({ 'transfer-encoding': 'chunked' })), [400, 'EntityTooLarge'])
  } finally {
    agent.destroy()
  }
})

test('an answer of more is cut off, and its record blames the function', async () => {
  const { request, response } = openRequest('GET', `/produce?bytes=${33 * MB}`)
  request.end()
  await assert.rejects(response.then(bytesOf), /aborted|ECONNRESET/)
  const [newest] = await recordsOf(platform, 'flow$gate', '&failed=true')
  assert.deepEqual([newest!.errorType, newest!.fault], ['BadResponse', 'function'])
  assert.equal((await call('/state')).status, 200)
})
