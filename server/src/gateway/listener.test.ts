import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { systemClock, type Clock } from '../clock.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { HALF_CLOSED_MS } from './limits.ts'
import { listen, type Patience } from './listener.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => void
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const refuseUpgrade = () => assert.fail('upgraded')
const hasty = { headersMs: 50, requestMs: 100, checkMs: 20 }
/** So long that a busy machine gets a whole request in meanwhile. */
const patient = { headersMs: 1000, requestMs: 60_000, checkMs: 20 }

/** A listener that serves one test; `send` resolves to all that comes back. */
async function withListener(
  handle: Handle,
  run: (send: (text: string, end?: boolean) => Promise<string>, port: number) => Promise<void>,
  { clock = systemClock, patience = patient }: { clock?: Clock; patience?: Patience } = {},
): Promise<void> {
  const listener = await listen('127.0.0.1', 0, clock, { request: handle, upgrade: refuseUpgrade }, patience)
  const send = async (text: string, end = false) => {
    const socket = connect({ host: '127.0.0.1', port: listener.port, allowHalfOpen: true })
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.write(text)
    if (end) socket.end()
    await once(socket, 'end')
    socket.destroy()
    return received
  }
  try {
    await run(send, listener.port)
  } finally {
    await listener.close(0)
  }
}

test('headers that never end are answered 408, while others are served', async () => {
  await withListener(
    (_request, response) => response.end('served'),
    async (send) => {
      const slow = send('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
      assert.match(await send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')), /served$/)
      assert.match(await slow, /^HTTP\/1\.1 408 Request Timeout\r\n[^]*within 1 seconds \(headers\)/)
    },
  )
})

test('a body that never ends is answered 408', async () => {
  await withListener(
    (request) => void request.resume().on('error', () => {}),
    async (send) => {
      assert.match(await send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc'), /^HTTP\/1\.1 408 /)
    },
    { patience: hasty },
  )
})

test('what is no HTTP is answered once, with a request id', async () => {
  await withListener(
    () => assert.fail('handled'),
    async (send) => {
      const received = await send('GARB AGE\r\n\r\n')
      assert.match(
        received,
        /^HTTP\/1\.1 400 Bad Request\r\n[^]*X-Fc-Request-Id: [0-9a-f-]{36}\r\nConnection: close\r\n/,
      )
      assert.match(received, /"Code":"InvalidArgument"/)
    },
  )
})

test('a client that closed its half gets an answer that begins in time', async () => {
  await withListener(
    (_request, response) => setImmediate(() => response.end('answered')),
    async (send) => assert.match(await send(GET, true), /answered$/),
  )
})

test('a client that closed its half and is not answered is hung up on', async () => {
  const clock = new SimulatedClock()
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>()
  await withListener(
    (request, response) => {
      response.on('close', onClosed)
      request.socket.on('end', () => clock.advance(HALF_CLOSED_MS))
    },
    async (send) => {
      assert.equal(await send(GET, true), '')
      await closed
    },
    { clock },
  )
})

test('a client that closed its half keeps an answer that has begun, however long it takes', async () => {
  const clock = new SimulatedClock()
  await withListener(
    (request, response) => {
      request.socket.on('end', () => {
        response.write('begun ', () => {
          clock.advance(HALF_CLOSED_MS)
          setImmediate(() => response.end('and ended'))
        })
      })
    },
    async (send) => assert.match(await send(GET, true), /begun [^]*and ended/),
    { clock },
  )
})

test('closing lets an answer in flight end', async () => {
  let finish = () => {}
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
  const request: Handle = (_request, response) => {
    finish = () => response.end('last')
    onAsked()
  }
  const listener = await listen('127.0.0.1', 0, systemClock, { request, upgrade: refuseUpgrade })
  const answer = fetch(`http://127.0.0.1:${listener.port}/`)
  await asked
  const closing = listener.close(10_000)
  finish()
  assert.equal(await (await answer).text(), 'last')
  await closing
})

test('an offer to speak HTTP/2 is an ordinary request, a WebSocket is handed over', async () => {
  const listener = await listen('127.0.0.1', 0, systemClock, {
    request: (_request, response) => response.end('served'),
    upgrade: (_request, socket) => socket.end('handed over'),
  })
  const ask = async (upgrade: string) => {
    const socket = connect({ host: '127.0.0.1', port: listener.port, allowHalfOpen: true })
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\n\r\n`)
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
    await once(socket, 'end')
    socket.end()
    return received
  }
  try {
    assert.match(await ask('h2c'), /^HTTP\/1\.1 200 [^]*served$/)
    assert.equal(await ask('WebSocket'), 'handed over')
  } finally {
    await listener.close(0)
  }
})
