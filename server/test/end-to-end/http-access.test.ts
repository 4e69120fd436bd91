/** Who gets through to a function by an HTTP trigger: qualifiers, methods, cross-origin rules, signatures, tokens. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'
import { addTrigger, codeOf, eventEcho, must, web, type HttpEvent, type WebSeen } from './http-support.ts'

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await platform.deploy('web', web, { service: 'shop', http: true })
})
after(() => platform.stop())

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
        exposeHeaders: ['x-shown'],
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

test('cross-origin rules that would break a header are refused when they are set', async () => {
  await assert.rejects(
    platform.deploy('injecting', eventEcho, { http: { corsConfig: { exposeHeaders: ['broken\r\nx-injected: 1'] } } }),
    /400 .*corsConfig/,
  )
})

test('without cross-origin rules a preflight is the function’s own to answer', async () => {
  const preflight = await platform.send('OPTIONS', '/2016-08-15/proxy/shop/web/', {
    headers: { origin: 'https://a.example', 'access-control-request-method': 'PUT' },
  })
  assert.equal(preflight.json<WebSeen>().method, 'OPTIONS')
})

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
  const seen = (typeof data === 'string' ? JSON.parse(data) : data) as WebSeen
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
