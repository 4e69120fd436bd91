/** What of the heads of requests and answers passes, and what the limits of the data plane are. */
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, before, test } from 'node:test'
import { exchange, startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeOf, eventAnswer, eventEcho, must, recordsOf, web, type WebSeen } from './http-support.ts'

let platform: TestPlatform
let echoHost = ''
let answerHost = ''
before(async () => {
  platform = await startPlatform()
  ;[echoHost, answerHost] = await Promise.all([
    platform.deploy('echo', eventEcho, { http: true }).then(({ host }) => host),
    platform.deploy('answer', eventAnswer, { http: true }).then(({ host }) => host),
    platform.deploy('web', web, { service: 'shop', http: true }),
  ])
})
after(() => platform.stop())

/** Sends an answer as 3.0 handlers return it through the function that gives it back. */
const returned = (value: unknown) => platform.send('POST', '/', { host: answerHost, body: JSON.stringify(value) })

test('the platform’s and the connection’s headers pass in neither direction', async () => {
  const seen = (
    await platform.send('GET', '/2016-08-15/proxy/shop/web/', {
      headers: {
        'x-fc-access-key-id': 'forged',
        'X-Fc-Request-Id': 'forged',
        connection: 'keep-alive',
        te: 'trailers',
      },
    })
  ).json<WebSeen>()
  const forbidden = Object.keys(seen.headers).filter((name) => /^(x-fc-|connection$|keep-alive$|te$)/.test(name))
  assert.deepEqual(forbidden, [])

  const set = {
    'x-fc-request-id': 'forged',
    'X-Fc-Instance-Id': 'forged',
    connection: 'close',
    'content-length': '3',
    date: 'yesterday',
    server: 'mine',
    'keep-alive': 'timeout=1',
    'transfer-encoding': 'chunked',
    'content-disposition': 'attachment',
    'x-kept': 'yes',
  }
  const answer = await platform.send(
    'GET',
    `/2016-08-15/proxy/shop/web/?set=${encodeURIComponent(JSON.stringify(set))}`,
  )
  assert.equal(answer.headers['x-kept'], 'yes')
  assert.notEqual(answer.headers['x-fc-request-id'], 'forged')
  assert.equal(answer.headers['x-fc-instance-id'], undefined)
  assert.equal(answer.headers['content-disposition'], undefined)
  assert.equal(answer.headers['server'], undefined)
  assert.equal(answer.headers['transfer-encoding'], undefined)
  assert.ok(Date.parse(answer.headers['date']!) > 0)
  assert.equal(answer.headers['content-length'], String(answer.body.length))
  assert.match(String(answer.headers['x-fc-invocation-duration']), /^\d+$/)
})

test('HEAD, 204 and 304 carry no body and leave the connection in order', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = (method: string, query: string) =>
    exchange({
      agent,
      host: '127.0.0.1',
      port: platform.port,
      method,
      path: `/2016-08-15/proxy/shop/web/?${query}`,
    })
  try {
    const head = await send('HEAD', '')
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.ok(Number(head.headers['content-length']) > 0)
    for (const status of [204, 304]) {
      const answer = await send('GET', `status=${status}`)
      assert.deepEqual([answer.status, answer.body.length], [status, 0])
      assert.equal(answer.headers['content-length'], undefined)
      assert.equal(answer.headers['transfer-encoding'], undefined)
    }
    assert.equal((await send('GET', '')).status, 200)
  } finally {
    agent.destroy()
  }
})

test('request headers of 8 KB and a path of 4 KB are accepted, more are not', async () => {
  const path = (bytes: number) => `/${'p'.repeat(bytes - 1)}`
  assert.equal((await platform.send('GET', path(4096), { host: echoHost })).status, 200)
  assert.deepEqual(codeOf(await platform.send('GET', path(4097), { host: echoHost })), [400, 'InvalidArgument'])
  const long = (bytes: number) => ({ 'x-long': 'h'.repeat(bytes) })
  assert.equal((await platform.send('GET', '/', { host: echoHost, headers: long(7800) })).status, 200)
  const refused = await platform.send('GET', '/', { host: echoHost, headers: long(8200) })
  assert.deepEqual(codeOf(refused), [400, 'InvalidArgument'])
})

test('answer headers beyond 8 KB are a 502', async () => {
  const answer = await returned({ statusCode: 200, headers: { 'x-long': 'h'.repeat(8200) }, body: '' })
  assert.deepEqual(codeOf(answer), [502, 'BadResponse'])
})

test('default addresses answer as attachments when the setting says so', async () => {
  const attaching = await startPlatform({ SLUICE_ATTACHMENT: 'on' })
  try {
    const { host } = await attaching.deploy('page', eventEcho, { http: true })
    assert.equal((await attaching.send('GET', '/', { host })).headers['content-disposition'], 'attachment')
    await must(attaching, 'POST', '/2023-03-30/custom-domains', {
      domainName: 'plain.example.com',
      protocol: 'HTTP',
      routeConfig: { routes: [{ path: '/*', functionName: 'page' }] },
    })
    const own = await attaching.send('GET', '/', { host: 'plain.example.com' })
    assert.deepEqual([own.status, own.headers['content-disposition']], [200, undefined])
  } finally {
    await attaching.stop()
  }
})

test('a request writes one record, with whose fault a refusal was', async () => {
  const { host } = await platform.deploy('recorded', eventAnswer, { http: true })
  await platform.send('POST', '/', { host, body: JSON.stringify({ statusCode: 418, body: 'tea' }) })
  await platform.send('POST', '/', { host, body: JSON.stringify({ statusCode: 200, headers: { 'x y': '' } }) })
  const [bad, good] = await recordsOf(platform, 'recorded')
  assert.deepEqual([good!.statusCode, good!.errorType, good!.fault, good!.responseBytes], [418, '', null, 3])
  assert.deepEqual([bad!.statusCode, bad!.errorType, bad!.fault], [502, 'BadResponse', 'function'])
})
