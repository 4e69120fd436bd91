import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../clock.ts'
import { createAuthenticator } from './authenticator.ts'
import { fcResource, fcSignature, fcStringToSign } from './fc-signature.ts'
import { readQuery } from './request-target.ts'
import { createKeyRing } from './key-ring.ts'
import { createTokenIssuer } from './security-token.ts'
import { signAcs3 } from './sign-acs3.ts'
import { createVouching } from './vouching.ts'
import {
  ACCOUNT_ID,
  KEY,
  NOW_HTTP,
  NOW_MS,
  TOKEN_KEY,
  acs3Request,
  assertRefused,
  changed,
  handClock,
  makeAuthenticator,
} from './test-support.ts'
import type { Acs3Key, Acs3Request, SignedRequest } from './port.ts'

const MINUTE_MS = 60_000
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your access key and signing method'

function acs3(nonce: string, parts: Partial<Acs3Request> = {}, key: Acs3Key = KEY, dateMs = NOW_MS): SignedRequest {
  const request = acs3Request(parts)
  return { method: request.method, url: request.url, headers: signAcs3(request, key, nonce, dateMs) }
}

function fc(parts: Partial<SignedRequest> = {}, accessKeyId = KEY.accessKeyId, secret = KEY.accessKeySecret) {
  const request: SignedRequest = {
    method: 'GET',
    url: '/2016-08-15/services',
    ...parts,
    headers: { date: NOW_HTTP, 'x-fc-account-id': ACCOUNT_ID, ...parts.headers },
  }
  const [path = '', query = ''] = request.url.split('?')
  const signsQuery = request.httpTrigger === true || path.startsWith('/2016-08-15/proxy/')
  const date = String(request.headers['date'])
  const text = fcStringToSign(request, date, fcResource(path, signsQuery ? readQuery(query) : null))
  return changed(request, { headers: { authorization: `FC ${accessKeyId}:${fcSignature(text, secret)}` } })
}

function signedUrl(parts: { expires?: number; extra?: string; key?: Acs3Key } = {}): SignedRequest {
  const { accessKeyId, accessKeySecret, securityToken } = parts.key ?? KEY
  const expires = parts.expires ?? NOW_MS / 1000 + 60
  const token = securityToken === null ? '' : `&x-fc-security-token=${encodeURIComponent(securityToken)}`
  const query = `a=1&x-fc-access-key-id=${accessKeyId}&x-fc-expires=${expires}${token}${parts.extra ?? ''}`
  const path = '/2016-08-15/proxy/svc/fn/'
  const request: SignedRequest = { method: 'GET', url: `${path}?${query}`, headers: {} }
  const signature = fcSignature(
    fcStringToSign(request, String(expires), fcResource(path, readQuery(query))),
    accessKeySecret,
  )
  return { ...request, url: `${request.url}&x-fc-signature=${encodeURIComponent(signature)}` }
}

const issuer = createTokenIssuer({ tokenKey: TOKEN_KEY }, { random: systemRandom })

test('a request without a signature is refused, and told what to send', () => {
  const { authenticate } = makeAuthenticator()
  const unsigned = { method: 'GET', url: '/2023-03-30/functions', headers: {} }
  assertRefused(() => authenticate(unsigned), 'AccessDenied', 'neither an Authorization header nor a signed URL')
  const bearer = changed(unsigned, { headers: { authorization: 'Bearer abc' } })
  assertRefused(() => authenticate(bearer), 'AccessDenied', `accepted are 'FC', 'ACS3-HMAC-SHA256' and 'acs'`)
})

test('an unknown key id is named, a wrong secret is told as a mismatch', () => {
  const { authenticate } = makeAuthenticator()
  assertRefused(() => authenticate(fc({}, 'other')), 'InvalidAccessKeyID', /^invalid access key ID 'other'$/)
  assertRefused(() => authenticate(fc({}, 'testak', 'wrong')), 'SignatureNotMatch', MISMATCH)
  const stranger = { ...KEY, accessKeyId: 'other' }
  assertRefused(() => authenticate(acs3('n', {}, stranger)), 'InvalidAccessKeyID', `'other'`)
})

test('malformed Authorization headers are refused with the form that is accepted', () => {
  const { authenticate } = makeAuthenticator()
  const malformed: [string, string][] = [
    ['FC testak', 'FC {accessKeyId}:{signature}'],
    ['FC testak:', 'FC {accessKeyId}:{signature}'],
    ['FC :sig', 'access key ID must have 1 to 128'],
    [`FC ${'a'.repeat(129)}:sig`, 'access key ID must have 1 to 128'],
    ['acs testak', 'acs {accessKeyId}:{signature}'],
    ['ACS3-HMAC-SHA256', 'SignedHeaders={a;b;c}'],
    ['ACS3-HMAC-SHA256 Credential=testak,Signature=00', 'SignedHeaders={a;b;c}'],
    ['ACS3-HMAC-SHA256X Credential=testak,SignedHeaders=host,Signature=00', 'SignedHeaders={a;b;c}'],
    [`ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=${'a;'.repeat(64)}b,Signature=0`, 'at most 64 headers'],
  ]
  for (const [authorization, message] of malformed) {
    const request = fc()
    assertRefused(() => authenticate(changed(request, { headers: { authorization } })), 'AccessDenied', message)
  }
})

test('a second Authorization header is refused, also when it was joined to the first', () => {
  const { authenticate } = makeAuthenticator()
  const request = fc()
  const authorization = String(request.headers['authorization'])
  const twice = changed(request, { headers: { authorization: [authorization, authorization] } })
  assertRefused(() => authenticate(twice), 'AccessDenied', 'sent 2 times')
  const joined = changed(request, { headers: { authorization: `${authorization}, ${authorization}` } })
  assertRefused(() => authenticate(joined), 'SignatureNotMatch', MISMATCH)
})

test('dates are accepted up to 15 minutes away, and missing or unreadable ones are refused', () => {
  const requests = [fc(), acs3('a'), acs3('b')]
  for (const offsetMs of [-15 * MINUTE_MS, 15 * MINUTE_MS]) {
    for (const request of requests) makeAuthenticator(handClock(NOW_MS + offsetMs)).authenticate(request)
    const justBeyond = makeAuthenticator(handClock(NOW_MS + offsetMs * 1.002))
    for (const request of requests) {
      assertRefused(() => justBeyond.authenticate(request), 'AccessDenied', 'more than 15 minutes away')
    }
  }
  const { authenticate } = makeAuthenticator()
  const dated = (date: string | undefined) => changed(fc(), { headers: { date } })
  assertRefused(() => authenticate(dated(undefined)), 'AccessDenied', 'the Date header is missing')
  assertRefused(() => authenticate(dated('yesterday')), 'AccessDenied', `must look like '${NOW_HTTP}'`)
  assertRefused(() => authenticate(dated('Tue, 01 Jan 2030 00:00:00')), 'AccessDenied', 'malformed')
  const acsDated = changed(acs3('c'), { headers: { 'x-acs-date': NOW_HTTP } })
  assertRefused(() => authenticate(acsDated), 'AccessDenied', 'x-acs-date header must look like')
})

test('an ACS3 nonce passes once, and is only remembered when the signature was right', () => {
  const clock = handClock()
  const { authenticate } = makeAuthenticator(clock)
  const request = acs3('once')
  const forged = acs3('once', {}, { ...KEY, accessKeySecret: 'wrong' })
  assertRefused(() => authenticate(forged), 'SignatureNotMatch', MISMATCH)
  authenticate(request)
  assertRefused(() => authenticate(request), 'AccessDenied', 'x-acs-signature-nonce was used before')
  clock.advance(15 * MINUTE_MS)
  assertRefused(() => authenticate(request), 'AccessDenied', 'x-acs-signature-nonce was used before')
  assertRefused(() => authenticate(acs3('n'.repeat(129), {}, KEY, clock.nowMs())), 'AccessDenied', 'at most 128')
})

test('ACS3 on the API must sign host, body digest, date, nonce, and every x-acs header that is sent', () => {
  const { authenticate } = makeAuthenticator()
  for (const name of ['host', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce']) {
    const request = acs3('n')
    const authorization = String(request.headers['authorization']).replace(new RegExp(`([=;])${name};`), '$1')
    const without = changed(request, { headers: { authorization } })
    assertRefused(() => authenticate(without), 'AccessDenied', `SignedHeaders must include '${name}'`)
  }
  const unsigned = changed(acs3('n'), { headers: { 'x-acs-zz': '1' } })
  assertRefused(() => authenticate(unsigned), 'AccessDenied', `the header 'x-acs-zz' must be in SignedHeaders`)
  const absent = changed(acs3('n'), { headers: { 'x-acs-action': undefined } })
  assertRefused(() => authenticate(absent), 'AccessDenied', `the signed header 'x-acs-action' is missing`)
  const request = acs3('n')
  const repeated = String(request.headers['authorization']).replace('host;', 'host;host;')
  assertRefused(
    () => authenticate(changed(request, { headers: { authorization: repeated } })),
    'AccessDenied',
    'sorted and free of repetitions',
  )
  const digest = changed(acs3('n'), { headers: { 'x-acs-content-sha256': 'UNSIGNED-PAYLOAD' } })
  assertRefused(() => authenticate(digest), 'AccessDenied', '64 lower-case hex digits')
})

test('ACS3 tells the body digest it was signed with', () => {
  const bodySha256 = 'ab'.repeat(32)
  const accepted = makeAuthenticator().authenticate(acs3('n', { method: 'POST', bodySha256 }))
  assert.equal(accepted.bodySha256, bodySha256)
})

test('exchanging the values of a repeated query key breaks the signature', () => {
  const { authenticate } = makeAuthenticator()
  const request = acs3('n', { url: '/2023-03-30/functions?a=1&a=2' })
  const exchanged = changed(request, { url: '/2023-03-30/functions?a=2&a=1' })
  assertRefused(() => authenticate(exchanged), 'SignatureNotMatch', MISMATCH)
})

test('a query that would sign like another one is refused', () => {
  const { authenticate } = makeAuthenticator()
  const trigger = '/2016-08-15/proxy/svc/fn/x'
  const honest = fc({ url: `${trigger}?a=1&b=2` })
  const moved = changed(honest, { url: `${trigger}%0Aa=1?b=2` })
  assertRefused(() => authenticate(moved), 'AccessDenied', 'a path with a line break')
  const merged = changed(honest, { url: `${trigger}?a=1%0Ab%3D2` })
  assertRefused(() => authenticate(merged), 'AccessDenied', `send parameter 'a' in the body`)
  const renamed = changed(fc({ url: `${trigger}?a=b=c` }), { url: `${trigger}?a%3Db=c` })
  assertRefused(() => authenticate(renamed), 'AccessDenied', `send parameter 'a=b' in the body`)
  const acs3Honest = acs3('n', { url: '/2023-03-30/functions?a=1&b=2' })
  const acs3Merged = changed(acs3Honest, { url: '/2023-03-30/functions?a%3D1%26b=2' })
  assertRefused(() => authenticate(acs3Merged), 'SignatureNotMatch', MISMATCH)
  const roa = changed(fc(), { url: '/x?a=1%26b%3D2', headers: { authorization: 'acs testak:AAAA' } })
  assertRefused(() => authenticate(roa), 'AccessDenied', `sign parameter 'a' with ACS3-HMAC-SHA256`)
})

test('a target that is no path, or not percent-encoded UTF-8, is refused', () => {
  const { authenticate } = makeAuthenticator()
  const target = (url: string) => () => authenticate(changed(fc(), { url }))
  assertRefused(target('http://other/2016-08-15/services'), 'AccessDenied', 'must be a path')
  assertRefused(target('*'), 'AccessDenied', 'must be a path')
  assertRefused(target('/2016-08-15/%zz'), 'AccessDenied', 'the path of the request is not percent-encoded UTF-8')
  assertRefused(target('/2016-08-15/services?a=%ff'), 'AccessDenied', 'the query of the request is not')
})

test('a signed URL works until it expires, and covers every parameter', () => {
  const clock = handClock()
  const { authenticate } = makeAuthenticator(clock)
  const request = signedUrl()
  assert.deepEqual(authenticate(request).principal, { kind: 'account', accountId: ACCOUNT_ID })
  const extended = { ...request, url: request.url.replace('a=1', 'a=1&admin=1') }
  assertRefused(() => authenticate(extended), 'SignatureNotMatch', MISMATCH)
  const prolonged = { ...request, url: request.url.replace('x-fc-expires=', 'x-fc-expires=1') }
  assertRefused(() => authenticate(prolonged), 'SignatureNotMatch', MISMATCH)
  clock.advance(60_000)
  authenticate(request)
  clock.advance(1)
  assertRefused(() => authenticate(request), 'AccessDenied', 'the signed URL expired at 2030-01-01T00:01:00.000Z')
})

test('a signed URL with missing, repeated or unreadable parameters is refused', () => {
  const { authenticate } = makeAuthenticator()
  const { url } = signedUrl()
  const at = (url: string) => () => authenticate({ method: 'GET', url, headers: {} })
  assertRefused(at(url.replace('x-fc-access-key-id', 'key')), 'AccessDenied', `needs the query parameter 'x-fc-access`)
  assertRefused(at(url.replace('x-fc-expires', 'until')), 'AccessDenied', `the query parameter 'x-fc-expires'`)
  assertRefused(at(url.replace('x-fc-expires=', 'x-fc-expires=0x')), 'AccessDenied', 'whole seconds since 1970')
  for (const name of ['x-fc-signature', 'x-fc-access-key-id', 'x-fc-expires', 'x-fc-security-token']) {
    assertRefused(at(`${url}&${name}=1&${name}=2`), 'AccessDenied', `the query parameter '${name}' was sent`)
  }
})

test('a signed URL counts beside an Authorization header that is meant for the function', () => {
  const request = changed(signedUrl(), { headers: { authorization: 'Bearer for-the-function' } })
  makeAuthenticator().authenticate(request)
})

test('short-lived credentials work with every scheme, until they expire', () => {
  const clock = handClock()
  const { authenticate } = makeAuthenticator(clock)
  const credentials = issuer.issue('svc$fn', 'acs:ram::1:role/r', NOW_MS)
  const { accessKeyId, accessKeySecret } = credentials
  const securityToken = credentials.securityToken!
  const expected = { kind: 'function', accountId: ACCOUNT_ID, functionKey: 'svc$fn', role: 'acs:ram::1:role/r' }
  const viaFc = fc({ headers: { 'x-fc-security-token': securityToken } }, accessKeyId, accessKeySecret)
  assert.deepEqual(authenticate(viaFc).principal, expected)
  assert.deepEqual(authenticate(acs3('n', {}, credentials)).principal, expected)
  assert.deepEqual(authenticate(signedUrl({ key: credentials })).principal, expected)

  clock.advance(36 * 60 * MINUTE_MS)
  const late = acs3('m', {}, credentials, clock.nowMs())
  assertRefused(() => authenticate(late), 'AccessDenied', 'the security token expired at 2030-01-02T12:00:00.000Z')
})

test('a security token that is missing, forged, truncated or of another key is refused', () => {
  const { authenticate } = makeAuthenticator()
  const mine = issuer.issue('fn', 'role', NOW_MS)
  const other = issuer.issue('fn', 'role', NOW_MS)
  const foreign = createTokenIssuer({ tokenKey: Buffer.alloc(32, 8) }, { random: systemRandom }).issue(
    'fn',
    'r',
    NOW_MS,
  )
  const using = (securityToken: string | null) => () => authenticate(acs3('n', {}, { ...mine, securityToken }))
  const token = mine.securityToken!
  assertRefused(using(null), 'AccessDenied', 'needs its security token')
  assertRefused(using(''), 'AccessDenied', 'needs its security token')
  assertRefused(using(other.securityToken), 'AccessDenied', `is not of access key ID '${mine.accessKeyId}'`)
  assertRefused(using(foreign.securityToken), 'AccessDenied', 'the security token is not valid')
  for (let length = 1; length < token.length; length++) {
    assertRefused(using(token.slice(0, length)), 'AccessDenied', 'the security token is not valid')
  }
  const forged = JSON.stringify({ ...mine, functionKey: 'admin' })
  const body = Buffer.from(forged).toString('base64url')
  assertRefused(using(token.replace(/^[^.]+/, body)), 'AccessDenied', 'the security token is not valid')
  assertRefused(using(`${'a'.repeat(5000)}.b`), 'AccessDenied', 'the security token is not valid')
  const keyHeader = changed(acs3('n', {}, mine), { headers: { 'x-acs-accesskey-id': 'other' } })
  assertRefused(() => authenticate(keyHeader), 'AccessDenied', 'name different keys')
})

test('on an HTTP trigger ACS3 may sign the date alone, as the vendor samples do, but not on the API', () => {
  const clock = handClock()
  const { authenticate } = makeAuthenticator(clock)
  const request: SignedRequest = {
    method: 'POST',
    url: '/hello?foo=bar',
    headers: {
      host: 'fn-abcdefghij.localhost:7800',
      'x-acs-date': '2030-01-01T00:00:00.123456Z',
      'x-acs-security-token': '',
      // Made with the vendor's getAuthorization and an empty body digest.
      authorization:
        'ACS3-HMAC-SHA256 Credential=testak,SignedHeaders=x-acs-date;x-acs-security-token,' +
        'Signature=4c4547a3cb26808fcd1cc2d4229b3851001d87e473dabd5b622a7867e0aa535b',
    },
  }
  assert.deepEqual(authenticate({ ...request, httpTrigger: true }), {
    principal: { kind: 'account', accountId: ACCOUNT_ID },
    bodySha256: null,
  })
  assertRefused(() => authenticate(request), 'AccessDenied', `SignedHeaders must include 'host'`)
})

test('on an HTTP trigger by host name the FC signature covers the query', () => {
  const { authenticate } = makeAuthenticator()
  const request = fc({ url: '/hello?a=1', httpTrigger: true })
  authenticate(request)
  assertRefused(() => authenticate(changed(request, { url: '/hello?a=2' })), 'SignatureNotMatch', MISMATCH)
})

test('no refusal tells a secret', () => {
  const { authenticate } = makeAuthenticator()
  const credentials = issuer.issue('fn', 'role', NOW_MS)
  const requests = [
    fc({}, 'testak', 'wrong'),
    acs3('n', {}, { ...credentials, securityToken: `${credentials.securityToken!}x` }),
    changed(acs3('n'), { headers: { host: 'other' } }),
  ]
  const secrets = [
    KEY.accessKeySecret,
    credentials.accessKeySecret,
    credentials.securityToken!,
    TOKEN_KEY.toString('hex'),
  ]
  for (const request of requests) {
    assert.throws(
      () => authenticate(request),
      (error: Error) => !secrets.some((secret) => `${error.message}${error.stack}`.includes(secret)),
    )
  }
})

test('a request that this process vouches for needs no signature, and no copy of it will do', () => {
  const vouching = createVouching()
  const keys = createKeyRing({ ...KEY, accountId: ACCOUNT_ID, tokenKey: TOKEN_KEY })
  const authenticator = createAuthenticator(keys, { clock: handClock(), vouching })
  const headers = { host: 'localhost:7800' }
  const ask = (of: SignedRequest['headers']) =>
    authenticator.authenticate({ method: 'GET', url: '/2023-03-30/functions', headers: of })
  assert.throws(() => ask(headers), { code: 'AccessDenied' })
  vouching.vouch(headers, { kind: 'account', accountId: ACCOUNT_ID })
  assert.deepEqual(ask(headers), { principal: { kind: 'account', accountId: ACCOUNT_ID }, bodySha256: null })
  assert.throws(() => ask({ ...headers }), { code: 'AccessDenied' })
})
