/** HTTP triggers and custom domains from outside: sections 2.2 and 4.4 of the Function Compute reference. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'
import { addTrigger, must, recordsOf } from './http-support.ts'

interface HttpEvent {
  version: string
  rawPath: string
  headers: Record<string, string>
  queryParameters: Record<string, string>
  body: string
  isBase64Encoded: boolean
  requestContext: Record<string, unknown> & { http: Record<string, string> }
}

interface Seen {
  method: string
  path: string
  url: string
  clientIP: string
  headers: Record<string, string>
  queries: Record<string, string | string[]>
  body: string
  requestId: string
}

const eventEcho = { 'index.js': 'exports.handler = async (event) => event.toString()' }
/** Answers what the body of the request says. */
const eventAnswer = { 'index.js': 'exports.handler = async (event) => JSON.parse(JSON.parse(event).body)' }
const web = {
  'index.js': `
    exports.handler = (request, response, context) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { method, path, url, clientIP, headers, queries } = request
        response.setStatusCode(Number(queries.status) || 200)
        for (const [name, value] of Object.entries(JSON.parse(queries.set || '{}'))) response.setHeader(name, value)
        const seen = { method, path, url, clientIP, headers, queries, body: Buffer.concat(chunks).toString(), requestId: context.requestId }
        response.send(queries.raw === undefined ? JSON.stringify(seen) : Buffer.concat(chunks))
      })
    }`,
}

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

const codeOf = (answer: { status: number; json(): Record<string, unknown> }) => [answer.status, answer.json()['Code']]

/** Sends an answer as 3.0 handlers return it through the function that gives it back. */
const returned = (value: unknown, method = 'POST') =>
  platform.send(method, '/', { host: answerHost, body: JSON.stringify(value) })

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
  const seen = answer.json<Seen>()
  assert.deepEqual(
    [seen.method, seen.path, seen.clientIP, seen.body, seen.headers['x-mine']],
    ['POST', '/a b/c', '127.0.0.1', 'body', 'yes'],
  )
  assert.deepEqual(seen.queries, { q: ['1', '2'], z: '' })
  assert.equal(seen.url, '/2016-08-15/proxy/shop/web/a%20b/c?q=1&q=2&z')
  assert.equal(seen.requestId, answer.headers['x-fc-request-id'])
  assert.equal((await platform.send('GET', '/2016-08-15/proxy/shop/web')).json<Seen>().path, '/')
})

test('a 2.0 function answers by its host name with the path untouched', async () => {
  const seen = (await platform.send('GET', '/2016-08-15/proxy/x', { host: webHost })).json<Seen>()
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

// ---- what decides about a request ----

test('a trigger on a version or an alias answers with that version', async () => {
  const says = (text: string) => ({ 'index.js': `exports.handler = async () => '${text}'` })
  await platform.deploy('released', says('one'))
  await must(platform, 'POST', '/2023-03-30/functions/released/versions', {})
  await must(platform, 'POST', '/2023-03-30/functions/released/aliases', { aliasName: 'live', versionId: '1' })
  await must(platform, 'PUT', '/2023-03-30/functions/released', {
    code: { zipFile: (await zip(says('two'))).toString('base64') },
  })
  const hosts = [
    await addTrigger(platform, 'released', 'on-latest', {}),
    await addTrigger(platform, 'released', 'on-version', {}, '1'),
    await addTrigger(platform, 'released', 'on-alias', {}, 'live'),
  ]
  const texts = await Promise.all(hosts.map(async (host) => (await platform.send('GET', '/', { host })).text))
  assert.deepEqual(texts, ['two', 'one', 'one'])
  await must(platform, 'POST', '/2023-03-30/functions/released/versions', {})
  await must(platform, 'PUT', '/2023-03-30/functions/released/aliases/live', { versionId: '2' })
  assert.equal((await platform.send('GET', '/', { host: hosts[2]! })).text, 'two')
})

test('a method that the trigger does not list is refused with those it does', async () => {
  const { host } = await platform.deploy('reading', eventEcho, { http: { methods: ['GET', 'HEAD'] } })
  const refused = await platform.send('POST', '/', { host, body: 'x' })
  assert.deepEqual(codeOf(refused), [405, 'MethodNotAllowed'])
  assert.equal(refused.headers['allow'], 'GET, HEAD')
  assert.equal((await platform.send('GET', '/', { host })).status, 200)
})

test('an address that is switched off refuses', async () => {
  const { host } = await platform.deploy('inward', eventEcho, { http: { disableURLInternet: true } })
  assert.deepEqual(codeOf(await platform.send('GET', '/', { host })), [403, 'AccessDenied'])
})

test('cross-origin rules answer the preflight and mark the answers', async () => {
  const { host } = await platform.deploy('shared', eventEcho, {
    http: {
      corsConfig: {
        allowOrigins: ['https://*.example.com'],
        allowMethods: ['GET', 'PUT'],
        allowHeaders: ['x-token'],
        exposeHeaders: ['x-shown', 'broken\r\nx-injected: 1'],
        allowCredentials: true,
        maxAge: 600,
      },
    },
  })
  const origin = 'https://app.example.com'
  const preflight = await platform.send('OPTIONS', '/', {
    host,
    headers: { origin, 'access-control-request-method': 'PUT' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], origin)
  assert.equal(preflight.headers['access-control-allow-methods'], 'GET, PUT')
  assert.equal(preflight.headers['access-control-allow-headers'], 'x-token')
  assert.equal(preflight.headers['access-control-max-age'], '600')
  assert.equal(preflight.headers['access-control-allow-credentials'], 'true')
  const allowed = await platform.send('GET', '/', { host, headers: { origin } })
  assert.equal(allowed.status, 200)
  assert.equal(allowed.headers['access-control-allow-origin'], origin)
  assert.equal(allowed.headers['access-control-expose-headers'], 'x-shown')
  assert.equal(allowed.headers['vary'], 'Origin')
  const foreign = await platform.send('GET', '/', { host, headers: { origin: 'https://example.org' } })
  assert.deepEqual([foreign.status, foreign.headers['access-control-allow-origin']], [200, undefined])
})

test('without cross-origin rules a preflight is the function’s own to answer', async () => {
  const preflight = await platform.send('OPTIONS', '/2016-08-15/proxy/shop/web/', {
    headers: { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
  })
  assert.equal(preflight.json<Seen>().method, 'OPTIONS')
})

// ---- who may ----

const require = createRequire(import.meta.url)
const Fc2 = require('@alicloud/fc2') as {
  getSignature(id: string, secret: string, method: string, path: string, headers: object, queries: object): string
  new (accountId: string, config: object): Record<string, (...all: unknown[]) => Promise<{ data: unknown }>>
}

test('a signed trigger takes ACS3 and FC signatures, and nothing else', async () => {
  const { host } = await platform.deploy('signed', eventEcho, { http: { authType: 'function' } })
  const { accessKeyId, accessKeySecret } = platform.credentials
  assert.deepEqual(codeOf(await platform.send('GET', '/', { host })), [403, 'AccessDenied'])

  const body = 'signed body'
  const sign = (method: string, url: string, text: string) =>
    signAcs3(
      {
        method,
        url,
        host,
        headers: {},
        bodySha256: text === '' ? EMPTY_SHA256 : createHash('sha256').update(text).digest('hex'),
      },
      { accessKeyId, accessKeySecret, securityToken: null },
      randomUUID(),
      Date.now(),
    )
  const accepted = await platform.send('POST', '/p?a=1', { headers: sign('POST', '/p?a=1', body), body })
  assert.equal(accepted.status, 200, accepted.text)
  const event = accepted.json<HttpEvent>()
  assert.equal(event.body, body)
  const passed = Object.keys(event.headers).filter((name) => /^(authorization|x-acs-)/i.test(name))
  assert.deepEqual(passed, [], 'a function must not see what its caller signed with')

  const changedBody = await platform.send('POST', '/p', { headers: sign('POST', '/p', body), body: 'another' })
  assert.deepEqual(codeOf(changedBody), [403, 'SignatureNotMatch'])
  const changedPath = await platform.send('GET', '/q', { headers: sign('GET', '/p', '') })
  assert.deepEqual(codeOf(changedPath), [403, 'SignatureNotMatch'])

  const fc: Record<string, string> = { date: new Date().toUTCString(), 'x-fc-account-id': '1' }
  fc['authorization'] = Fc2.getSignature(accessKeyId, accessKeySecret, 'GET', '/a b', fc, { x: '1 2' })
  assert.equal((await platform.send('GET', '/a%20b?x=1%202', { host, headers: fc })).status, 200)
  const otherQuery = await platform.send('GET', '/a%20b?x=2', { host, headers: fc })
  assert.deepEqual(codeOf(otherQuery), [403, 'SignatureNotMatch'])
})

test('the 2016-08-15 client calls a signed 2.0 trigger', async () => {
  await platform.deploy('guarded', web, { service: 'shop', http: { authType: 'function' } })
  const { accountId, accessKeyId, accessKeySecret } = platform.credentials
  const client = new Fc2(accountId, {
    accessKeyID: accessKeyId,
    accessKeySecret,
    region: 'cn-hangzhou',
    endpoint: `http://127.0.0.1:${platform.port}`,
  })
  const { data } = await client['get']!('/proxy/shop/guarded/a', { q: '1' })
  const seen = (typeof data === 'string' ? JSON.parse(data) : data) as Seen
  assert.deepEqual([seen.path, seen.queries], ['/a', { q: '1' }])
  assert.equal(seen.headers['authorization'], undefined)
  const unsigned = await platform.send('GET', '/2016-08-15/proxy/shop/guarded/a')
  assert.deepEqual(codeOf(unsigned), [403, 'AccessDenied'])
})

test('a jwt trigger lets in who holds a token, and passes its claims', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const { host } = await platform.deploy('tokened', eventEcho, {
    http: {
      authType: 'jwt',
      authConfig: {
        jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'one' }] },
        tokenLookup: 'header:Authorization:Bearer',
        claimPassBy: 'header:sub:x-user,query:role:role',
      },
    },
  })
  const token = (key: CryptoKey, expires: string) =>
    new SignJWT({ sub: 'u-1', role: 'admin' })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setExpirationTime(expires)
      .sign(key)
  const ask = async (jwt: string) =>
    platform.send('GET', '/p?role=forged&q=1', {
      host,
      headers: { authorization: `Bearer ${jwt}`, 'x-user': 'forged' },
    })
  const accepted = await ask(await token(privateKey, '1h'))
  assert.equal(accepted.status, 200, accepted.text)
  const event = accepted.json<HttpEvent>()
  assert.equal(event.headers['X-User'], 'u-1')
  assert.deepEqual(event.queryParameters, { q: '1', role: 'admin' })

  const { privateKey: stranger } = await generateKeyPair('RS256')
  for (const jwt of [await token(stranger, '1h'), await token(privateKey, '-1h'), 'no.token.atall']) {
    assert.deepEqual(codeOf(await ask(jwt)), [403, 'AccessDenied'])
  }
  assert.deepEqual(codeOf(await platform.send('GET', '/p', { host })), [403, 'AccessDenied'])
})

// ---- headers, methods and statuses ----

test('the platform’s and the connection’s headers pass in neither direction', async () => {
  const seen = (
    await platform.send('GET', '/2016-08-15/proxy/shop/web/', {
      headers: { 'x-fc-access-key-id': 'forged', 'X-Fc-Request-Id': 'forged', connection: 'keep-alive', te: 'trailers' },
    })
  ).json<Seen>()
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
  const { Agent } = await import('node:http')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { exchange } = await import('../support/platform.ts')
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
