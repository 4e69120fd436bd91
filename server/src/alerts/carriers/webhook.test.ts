import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../clock.ts'
import { post } from '../../invocations/async/http-post.ts'
import { noticeFor } from '../test-support.ts'
import { carrierContract, PATIENCE_MS } from './contract.ts'
import { createWebhookCarrier } from './webhook.ts'

const carry = createWebhookCarrier({ clock: systemClock, post, answerMsMax: PATIENCE_MS })
const send = (url: string, secret = '') =>
  carry(
    { id: 'd-1', notice: noticeFor() },
    { name: 'hook', kind: 'webhook', url, secret },
    new AbortController().signal,
  )

async function serve(context: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

interface Received {
  id: string
  text: string
  headers: IncomingMessage['headers']
}

async function taking(context: TestContext) {
  const { promise: received, resolve } = Promise.withResolvers<Received>()
  const port = await serve(context, (request, response) => {
    void text(request).then((body) => {
      response.end('thanks')
      resolve({ id: String(request.headers['x-sluice-delivery']), text: body, headers: request.headers })
    })
  })
  return { port, received }
}

carrierContract('webhook', {
  taking,
  async refusing(context) {
    const port = await serve(context, (_request, response) => response.writeHead(500).end('no hunter-2'))
    return { port, reason: /^it answered with status 500$/ }
  },
  drip: (said) => (said === 0 ? 'HTTP/1.1 200 OK\r\n' : `X-More-${said}: x\r\n`),
  send: (port, secret, parcel, signal) =>
    carry(parcel, { name: 'hook', kind: 'webhook', url: `http://127.0.0.1:${port}/`, secret }, signal),
})

test('webhook: the signature is that of the time and the body, by the secret; without a secret there is none', async (context) => {
  const signed = await taking(context)
  await send(`http://127.0.0.1:${signed.port}/`, 'key')
  const { headers, text: body } = await signed.received
  const expected = createHmac('sha256', 'key')
    .update(`${String(headers['x-sluice-timestamp'])}.${body}`)
    .digest('hex')
  assert.equal(headers['x-sluice-signature'], `v1=${expected}`)
  assert.deepEqual(JSON.parse(body), noticeFor())
  const unsigned = await taking(context)
  await send(`http://127.0.0.1:${unsigned.port}/`)
  assert.equal((await unsigned.received).headers['x-sluice-signature'], undefined)
})

test('webhook: a redirect is a refusal, and nothing is sent where it points', async (context) => {
  const paths: string[] = []
  const port = await serve(context, (request, response) => {
    paths.push(request.url!)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  await assert.rejects(send(`http://127.0.0.1:${port}/here`), /it answered with status 302/)
  assert.deepEqual(paths, ['/here'])
})

test('webhook: an answer without an end is not read', async (context) => {
  const closed = Promise.withResolvers<void>()
  const port = await serve(context, (_request, response) => {
    response.on('close', () => closed.resolve()).writeHead(200)
    const more = () => response.write(Buffer.alloc(1024 * 1024))
    response.on('drain', more)
    more()
  })
  await send(`http://127.0.0.1:${port}/`)
  await closed.promise
})

test('webhook: addresses that would give the host away are not spoken to', async () => {
  await assert.rejects(send('http://169.254.169.254/latest/meta-data'), /link-local, metadata/)
})
