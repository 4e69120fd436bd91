import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import { post } from './http-post.ts'

async function listen(context: TestContext, handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a result is posted as JSON, and any status of 2xx takes it', async (context) => {
  const seen: unknown[] = []
  const url = await listen(context, (request, response) => {
    void text(request).then((body) => {
      seen.push([
        request.method,
        request.url,
        request.headers['content-type'],
        request.headers['x-fc-request-id'],
        body,
      ])
      response.writeHead(204).end()
    })
  })
  await post(`${url}/hook?a=1`, Buffer.from('{"é":1}'), { 'X-Fc-Request-Id': 'r-1' })
  assert.deepEqual(seen, [['POST', '/hook?a=1', 'application/json', 'r-1', '{"é":1}']])
})

test('other statuses are failures, redirects among them: nothing is posted where they point', async (context) => {
  const paths: string[] = []
  const url = await listen(context, (request, response) => {
    paths.push(request.url!)
    response.writeHead(request.url === '/moved' ? 307 : 500, { location: '/elsewhere' }).end('no')
  })
  await assert.rejects(post(`${url}/broken`, Buffer.from('{}'), {}), /it answered with status 500/)
  await assert.rejects(post(`${url}/moved`, Buffer.from('{}'), {}), /it answered with status 307/)
  assert.deepEqual(paths, ['/broken', '/moved'])
})

test('an answer without an end is not waited for', async (context) => {
  const url = await listen(context, (_request, response) => {
    response.writeHead(200).write('for ever')
  })
  await post(url, Buffer.from('{}'), {})
})

test('nobody who listens, and addresses that are refused, are failures with a reason', async (context) => {
  const url = await listen(context, () => {})
  await assert.rejects(post('http://127.0.0.1:1/', Buffer.from('{}'), {}), /ECONNREFUSED/)
  await assert.rejects(post('http://169.254.169.254/', Buffer.from('{}'), {}), /link-local, metadata/)
  await assert.rejects(post(url, Buffer.from('{}'), {}, 50), /it did not answer within 0.05 s/)
})
