/** HTTP triggers from outside: sections 2.2 and 4.4 of the Function Compute reference. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeOf, eventAnswer, eventEcho, web, type HttpEvent, type WebSeen } from './http-support.ts'

let platform: TestPlatform
let echoHost = ''
let answerHost = ''
let webHost = ''
before(async () => {
  platform = await startPlatform()
  ;[echoHost, answerHost, webHost] = await Promise.all([
    platform.deploy('echo', eventEcho, { http: true }).then(({ host }) => host),
    platform.deploy('answer', eventAnswer, { http: true }).then(({ host }) => host),
    platform.deploy('web', web, { service: 'shop', http: true }).then(({ host }) => host),
  ])
})
after(() => platform.stop())

/** Sends an answer as 3.0 handlers return it through the function that gives it back. */
const returned = (value: unknown) => platform.send('POST', '/', { host: answerHost, body: JSON.stringify(value) })

// ---- 3.0 ----

test('a 3.0 function gets the request as the documented event', async () => {
  const sent = await platform.send('PUT', '/a%20b/%E4%BD%A0?q=1&q=2&empty=&space=x%20y', {
    host: echoHost,
    headers: { 'X-Custom-Name': 'v', 'user-agent': 'probe/1', 'content-type': 'text/plain' },
    body: 'plain text',
  })
  assert.equal(sent.status, 200)
  assert.equal(sent.headers['content-type'], 'application/json')
  const event = sent.json<HttpEvent>()
  const { time, timeEpoch, triggerId, ...context } = event.requestContext
  assert.equal(event.version, 'v1')
  assert.equal(event.rawPath, '/a%20b/%E4%BD%A0')
  assert.deepEqual(event.queryParameters, { q: '1,2', empty: '', space: 'x y' })
  assert.deepEqual([event.body, event.isBase64Encoded], ['plain text', false])
  assert.equal(event.headers['X-Custom-Name'], 'v')
  assert.equal(event.headers['Content-Length'], '10')
  assert.deepEqual(context, {
    accountId: platform.credentials.accountId,
    domainName: echoHost.split(':')[0],
    domainPrefix: echoHost.split('.')[0],
    requestId: sent.headers['x-fc-request-id'],
    http: { method: 'PUT', path: '/a b/你', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'probe/1' },
  })
  assert.equal(new Date(Number(timeEpoch)).toISOString(), time)
  assert.match(String(triggerId), /./)
})

test('a binary body arrives as base64, and a base64 body leaves as bytes', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  const event = (await platform.send('POST', '/', { host: echoHost, body: bytes })).json<HttpEvent>()
  assert.equal(event.isBase64Encoded, true)
  assert.ok(Buffer.from(event.body, 'base64').equals(bytes))
  const back = await returned({ statusCode: 200, isBase64Encoded: true, body: bytes.toString('base64') })
  assert.ok(back.body.equals(bytes))
  assert.equal(back.headers['content-length'], '256')
})

test('statusCode, headers and cookies of an answer are passed on', async () => {
  const answer = await returned({
    statusCode: 201,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Set-Cookie': ['a=1; Path=/', 'b=2'], 'X-Number': 7 },
    body: '<b>é</b>',
  })
  assert.equal(answer.status, 201)
  assert.equal(answer.text, '<b>é</b>')
  assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  assert.deepEqual(answer.headers['set-cookie'], ['a=1; Path=/', 'b=2'])
  assert.equal(answer.headers['x-number'], '7')
})

test('an answer of any other shape is the body of a 200', async () => {
  for (const [value, text] of [
    [{ hello: 'world' }, '{"hello":"world"}'],
    [[1, 2], '[1,2]'],
    ['text', 'text'],
    [null, ''],
  ] as const) {
    const answer = await returned(value)
    assert.deepEqual([answer.status, answer.text], [200, text])
    assert.equal(answer.headers['content-type'], 'application/json')
  }
})

test('an answer that no HTTP answer can be is a 502 that says why', async () => {
  for (const [wrong, message] of [
    [{ statusCode: 99 }, /statusCode 99/],
    [{ statusCode: 101 }, /statusCode 101/],
    [{ statusCode: '2 00' }, /statusCode "2 00"/],
    [{ statusCode: 200, headers: { 'x-a': 'b\r\nset-cookie: c' } }, /x-a/],
  ] as const) {
    const answer = await returned(wrong)
    assert.equal(answer.status, 502)
    assert.match(String(answer.json()['errorMessage']), message)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
})

test('a handler that throws is a 502 with the error, not a 200', async () => {
  const { host } = await platform.deploy(
    'throwing',
    { 'index.js': 'exports.handler = async () => { throw new RangeError("on purpose") }' },
    { http: true },
  )
  const answer = await platform.send('GET', '/', { host })
  assert.equal(answer.status, 502)
  assert.equal(answer.headers['x-fc-error-type'], 'HandledInvocationError')
  assert.deepEqual([answer.json()['errorMessage'], answer.json()['errorType']], ['on purpose', 'RangeError'])
})

// ---- 2.0 ----

test('a 2.0 function sees the path behind the proxy prefix, and the request as it came', async () => {
  const answer = await platform.send('POST', '/2016-08-15/proxy/shop/web/a%20b/c?q=1&q=2&z', {
    headers: { 'x-mine': 'yes', 'content-type': 'text/plain' },
    body: 'body',
  })
  assert.equal(answer.status, 200)
  const seen = answer.json<WebSeen>()
  assert.deepEqual(
    [seen.method, seen.path, seen.clientIP, seen.body, seen.headers['x-mine']],
    ['POST', '/a b/c', '127.0.0.1', 'body', 'yes'],
  )
  assert.deepEqual(seen.queries, { q: ['1', '2'], z: '' })
  assert.equal(seen.url, '/2016-08-15/proxy/shop/web/a%20b/c?q=1&q=2&z')
  assert.equal(seen.requestId, answer.headers['x-fc-request-id'])
  assert.equal((await platform.send('GET', '/2016-08-15/proxy/shop/web')).json<WebSeen>().path, '/')
})

test('a 2.0 function answers by its host name with the path untouched', async () => {
  const seen = (await platform.send('GET', '/2016-08-15/proxy/x', { host: webHost })).json<WebSeen>()
  assert.equal(seen.path, '/2016-08-15/proxy/x')
  assert.equal((await platform.send('GET', '/', { host: webHost.toUpperCase() })).status, 200)
  assert.equal((await platform.send('GET', '/', { host: webHost.split(':')[0]! })).status, 200)
})

test('names that lead nowhere are told apart', async () => {
  const unknown = 'web-0123456789.localhost'
  assert.deepEqual(codeOf(await platform.send('GET', '/', { host: unknown })), [404, 'TriggerNotFound'])
  assert.deepEqual(codeOf(await platform.send('GET', '/2016-08-15/proxy/none/web/')), [404, 'ServiceNotFound'])
  assert.deepEqual(codeOf(await platform.send('GET', '/2016-08-15/proxy/shop/none/')), [404, 'FunctionNotFound'])
  assert.deepEqual(codeOf(await platform.send('GET', '/2016-08-15/proxy/shop.9/web/')), [404, 'VersionNotFound'])
  assert.deepEqual(codeOf(await platform.send('GET', '/2016-08-15/proxy/shop')), [400, 'PathNotSupported'])
  await platform.deploy('bare', web, { service: 'shop' })
  assert.deepEqual(codeOf(await platform.send('GET', '/2016-08-15/proxy/shop/bare/')), [404, 'TriggerNotFound'])
})

test('Python functions serve HTTP in both generations', async () => {
  const wsgi = `
import json
def handler(environ, start_response):
    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0)).decode()
    start_response('202 Accepted', [('Content-Type', 'application/json'), ('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])
    return [json.dumps([environ['REQUEST_METHOD'], environ['PATH_INFO'], environ['fc.request_uri'], environ['HTTP_X_MINE'], environ['fc.context'].request_id, body]).encode()]
`
  const event = `
import json
def handler(event, context):
    e = json.loads(event)
    return {'statusCode': 203, 'headers': {'X-Path': e['rawPath']}, 'body': e['body'], 'isBase64Encoded': e['isBase64Encoded']}
`
  const python = { runtime: 'python3.10', timeout: 10, http: true }
  const [, second] = await Promise.all([
    platform.deploy('wsgi', { 'index.py': wsgi }, { ...python, service: 'shop' }),
    platform.deploy('event-python', { 'index.py': event }, python),
  ])
  const [two, three] = await Promise.all([
    platform.send('POST', '/2016-08-15/proxy/shop/wsgi/p?q=1', { headers: { 'x-mine': 'v' }, body: 'hello' }),
    platform.send('POST', '/p%20q', { host: second.host, body: Buffer.from([0xff, 0, 1]) }),
  ])
  assert.equal(two.status, 202, two.text)
  assert.deepEqual(two.json(), [
    'POST',
    '/p',
    '/2016-08-15/proxy/shop/wsgi/p?q=1',
    'v',
    two.headers['x-fc-request-id'],
    'hello',
  ])
  assert.deepEqual(two.headers['set-cookie'], ['a=1', 'b=2'])
  assert.equal(three.status, 203, three.text)
  assert.equal(three.headers['x-path'], '/p%20q')
  assert.deepEqual([...three.body], [0xff, 0, 1])
})
