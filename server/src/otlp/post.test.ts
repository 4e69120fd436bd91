import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createServer } from '../node-http.ts'
import { parseHeaders } from './headers.ts'
import { createPoster } from './post.ts'

async function collector(t: TestContext, answer: RequestListener, exportMsMax?: number) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`
  const poster = createPoster(url, parseHeaders('x-tenant=a%2Cb, authorization=Bearer t'), exportMsMax)
  t.after(() => {
    poster.close()
    server.closeAllConnections()
    server.close()
  })
  return { poster, server }
}

test('an export goes below the path of the collector, with the headers that were set', async (t) => {
  let asked: unknown
  const { poster } = await collector(t, (request, response) => {
    const { method, url, headers } = request
    asked = [method, url, headers['x-tenant'], headers.authorization, headers['content-type']]
    request.resume().on('end', () => response.end('{}'))
  })
  const answer = await poster.post('/v1/logs', '{"a":"ü"}')
  assert.equal(answer.status, 200)
  assert.deepEqual(asked, ['POST', '/base/v1/logs', 'a,b', 'Bearer t', 'application/json'])
})

test('a collector that takes part of a batch says how much it did not', async (t) => {
  const bodies = [
    '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}',
    '{"partialSuccess":{"rejectedLogRecords":2}}',
    '{"partialSuccess":null}',
    'null',
    'no JSON',
    `{"partialSuccess":{"rejectedSpans":"many"},"padding":"${'x'.repeat(100_000)}"}`,
  ]
  const { poster } = await collector(t, (request, response) => {
    request.resume().on('end', () => response.end(bodies.shift()))
  })
  const told = []
  for (let i = 0; i < 6; i++) told.push(await poster.post('/v1/traces', '{}'))
  assert.deepEqual(
    told.map(({ status, rejected, message }) => [status, rejected, message]),
    [
      [200, 3, 'too old'],
      [200, 2, ''],
      [200, 0, ''],
      [200, 0, ''],
      [200, 0, ''],
      [200, 0, ''],
    ],
  )
})

test('what a collector says is told in short, and without the secrets that it was sent', async (t) => {
  const { poster } = await collector(t, (request, response) => {
    const errorMessage = `'${request.headers.authorization}' may not write ${'x'.repeat(10_000)}`
    request
      .resume()
      .on('end', () => response.end(JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage } })))
  })
  const { message } = await poster.post('/v1/traces', '{}')
  assert.match(message, /^'\(secret\)' may not write x+$/)
  assert.ok(message.length <= 300)
})

test('a refusal is told with its status and when to come again; redirects are not followed', async (t) => {
  const { poster } = await collector(t, (_request, response) => {
    response.writeHead(response.req.url!.endsWith('logs') ? 429 : 307, { 'retry-after': '5', location: '/' }).end()
  })
  const busy = await poster.post('/v1/logs', '{}')
  assert.deepEqual([busy.status, busy.retryAfter, busy.message], [429, '5', 'it answered with status 429'])
  assert.equal((await poster.post('/v1/traces', '{}')).status, 307)
})

test('a collector that never answers, never ends its answer, or is not there fails the export in time', async (t) => {
  const { poster } = await collector(
    t,
    (request, response) => {
      if (request.url!.endsWith('traces')) response.writeHead(200).write('{')
    },
    100,
  )
  for (const path of ['/v1/logs', '/v1/traces']) {
    const answer = await poster.post(path, '{}')
    assert.deepEqual([answer.status, answer.message], [0, 'no answer within 0.1 s'])
  }
  const { poster: orphan, server } = await collector(t, () => {})
  server.close()
  await once(server, 'close')
  const answer = await orphan.post('/v1/logs', '{}')
  assert.equal(answer.status, 0)
  assert.match(answer.message, /ECONNREFUSED/)
})

test('headers are percent-decoded, and none can bring a line break', () => {
  assert.deepEqual(parseHeaders('a=b%20c,d=%zz,e=x%0d%0ay,=no,f'), { a: 'b c', d: '%zz', e: 'xy' })
  assert.deepEqual(parseHeaders(''), {})
})
