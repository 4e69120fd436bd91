import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { sendCallback } from './callback-sender.ts'

const message = (url: string, mayReachInside: boolean) => ({
  ...{ url: new URL(url), headers: { host: 'shown.example' }, body: '{}', mayReachInside },
})

test('addresses of this network are for those who may reach them, whatever name leads there', async () => {
  for (const host of ['127.0.0.1', '10.1.2.3', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', 'localhost']) {
    await assert.rejects(sendCallback(message(`http://${host}:9/`, false)), /address is one of this network/, host)
  }
})

test('an answer is taken when it is 200 and JSON', async (t) => {
  let answer = { status: 200, body: '{"a":1}' }
  const hosts: (string | undefined)[] = []
  const server = createServer((request, response) => {
    hosts.push(request.headers.host)
    response.writeHead(answer.status).end(answer.body)
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  assert.equal(await sendCallback(message(url, true)), '{"a":1}')
  assert.deepEqual(hosts, ['shown.example'])
  answer = { status: 502, body: '{}' }
  await assert.rejects(sendCallback(message(url, true)), /Error status : 502\./)
  answer = { status: 200, body: 'hello' }
  await assert.rejects(sendCallback(message(url, true)), /not valid json/)
  answer = { status: 200, body: `"${'a'.repeat(1024 * 1024)}"` }
  await assert.rejects(sendCallback(message(url, true)), /larger than/)
})
