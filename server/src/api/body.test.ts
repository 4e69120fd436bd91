import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, request, type ClientRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createBodyReader, receiveBlocks } from './body.ts'
import { INLINE_BODY_BYTES_MAX } from './body-limits.ts'
import { handClock } from './test-support.ts'

const BYTES_MAX = 3_000_000

/** What a server receives of what `send` sends; the answer is 400 when it refuses. */
async function received(context: TestContext, send: (call: ClientRequest) => void) {
  const result = Promise.withResolvers<Uint8Array[]>()
  result.promise.catch(() => {})
  const server = createServer((incoming, response) => {
    result.resolve(receiveBlocks(incoming, BYTES_MAX))
    void result.promise.then(
      () => response.end(),
      () => response.writeHead(400).end(),
    )
  })
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const call = request({ host: '127.0.0.1', port, method: 'POST' })
  const status = new Promise<number | undefined>((resolve) => {
    call.on('response', (response) => resolve(response.resume().statusCode))
    call.on('error', () => resolve(undefined))
  })
  send(call)
  return { blocks: result.promise, status }
}

test('a body is received in a few blocks that own their memory', async (context) => {
  const body = randomBytes(BYTES_MAX)
  const { blocks } = await received(context, (call) => call.end(body))
  const pieces = await blocks
  assert.deepEqual(Buffer.concat(pieces), body)
  assert.ok(pieces.length <= 3, `${pieces.length} blocks`)
  for (const piece of pieces) assert.equal(piece.buffer.byteLength, piece.length)
})

test('a body that is too large, announced or not, is refused when the client has sent it', async (context) => {
  const body = Buffer.alloc(BYTES_MAX + 1)
  for (const send of [
    (call: ClientRequest) => call.end(body),
    (call: ClientRequest) => {
      call.flushHeaders()
      call.end(body)
    },
  ]) {
    const { blocks, status } = await received(context, send)
    await assert.rejects(blocks, { code: 'EntityTooLarge', message: `the body must be at most ${BYTES_MAX} bytes` })
    assert.equal(await status, 400)
  }
})

test('a client that goes away while it sends is the one that closed the request', async (context) => {
  const { blocks } = await received(context, (call) => call.write('some', () => call.destroy()))
  await assert.rejects(blocks, { code: 'ClientClosedRequest' })
})

test('small and large bodies are read alike', async () => {
  const reader = createBodyReader(handClock())
  const read = (body: object) => reader.read([Uint8Array.from(Buffer.from(JSON.stringify(body)))], null)
  const zip = Buffer.alloc(INLINE_BODY_BYTES_MAX, 1)
  const zipFile = zip.toString('base64')
  assert.deepEqual(await read({ a: 1, code: { zipFile: 'UEs=' } }), {
    body: { a: 1, code: { zipFile: 'UEs=' } },
    zip: null,
  })
  assert.deepEqual(await read({ a: 1, code: { zipFile } }), { body: { a: 1, code: { zipFile: '' } }, zip })
  assert.deepEqual(await reader.read([], null), { body: undefined, zip: null })
})
