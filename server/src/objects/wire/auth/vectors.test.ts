/** Signatures that the vendor's clients made, and the refusals around them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../../clock.ts'
import { createTokenIssuer } from '../../../auth/security-token.ts'
import { readingIn, readingsOf } from '../addressing.ts'
import { verifyPostPolicy } from './post-policy.ts'
import {
  ACCOUNT_ID,
  KEY_ID,
  NOW_BASIC,
  NOW_HTTP,
  NOW_MS,
  SECRET,
  TOKEN_KEY,
  assertRefused,
  authenticate,
  keys,
  signV1Header,
  signV1Url,
  signV4Header,
  signV4Url,
} from './test-support.ts'

const account = { kind: 'account', accountId: ACCOUNT_ID }
const plain = { method: 'GET', bucket: 'mybkt', key: 'k.txt', query: {}, headers: {} }
const MINUTE_MS = 60_000

const v1 = {
  method: 'PUT',
  url: '/mybkt/a%20b/k.txt?partNumber=1&uploadId=UP&prefix=unsigned',
  headers: {
    'content-md5': 'XUFAKrxLKna5cZ2REBfFkg==',
    'content-type': 'text/plain',
    'x-oss-date': NOW_HTTP,
    'x-oss-meta-a': '1',
    authorization: 'OSS testid:l6lju5G2RX7f09saVEsgFjyLmZg=',
  },
}

const v4 = {
  method: 'PUT',
  url: '/mybkt/a%20b%2Fk.txt?uploadId=UP&partNumber=1&acl=',
  headers: {
    'content-length': '5',
    'content-type': 'text/plain',
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-oss-date': NOW_BASIC,
    'x-oss-meta-a': '1',
    authorization:
      'OSS4-HMAC-SHA256 Credential=testid/20240101/cn-hangzhou/oss/aliyun_v4_request,AdditionalHeaders=content-length,Signature=72441439bf6e6fa4486f3cca1bcaeaaff1a79f10669ce9b2f2bc08fb2c346fc4',
  },
}

const v4Url =
  '/mybkt/k.txt?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=testid%2F20240101%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=20240101T000000Z&x-oss-expires=60&x-oss-signature=b0c48dc1337de63ad9e4fa2fe4a672568386a41a3c8ee630e8fc2cddb3150856'

test('the vector of version 1 in a header', () => {
  assert.deepEqual(authenticate(v1)?.principal, account)
})

test('the vector of version 1 in a URL', () => {
  const signature = encodeURIComponent('RPjxmkIyAY8g1BzX+CZjtJHpk6g=')
  const url = `/mybkt/k.txt?OSSAccessKeyId=testid&Expires=1704067200&Signature=${signature}&x-oss-process=image/resize,w_100&response-content-type=x/y`
  assert.deepEqual(authenticate({ method: 'GET', url, headers: {} })?.principal, account)
  const unescaped = url.replace(signature, 'RPjxmkIyAY8g1BzX+CZjtJHpk6g=')
  assert.deepEqual(authenticate({ method: 'GET', url: unescaped, headers: {} })?.principal, account)
})

test('the vector of version 4 in a header, fields in any order with spaces', () => {
  assert.deepEqual(authenticate(v4)?.principal, account)
  const [, credential, additional, signature] = /^\S+ (.+),(.+),(.+)$/.exec(v4.headers.authorization)!
  const authorization = `OSS4-HMAC-SHA256 ${signature}, ${credential}, ${additional}`
  assert.deepEqual(authenticate({ ...v4, headers: { ...v4.headers, authorization } })?.principal, account)
})

test('the vector of version 4 in a URL', () => {
  assert.deepEqual(authenticate({ method: 'GET', url: v4Url, headers: {} })?.principal, account)
})

test('the vectors of a form policy, version 1 and 4', () => {
  const json = '{"expiration":"2024-01-02T00:00:00.000Z","conditions":[{"bucket":"mybkt"}]}'
  const policy = Buffer.from(json).toString('base64')
  const signed1 = { policy, ossaccesskeyid: KEY_ID, signature: 'EmF7izQo5IMoMH0ycuGrmVqzO6w=' }
  const signed4 = {
    policy,
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': 'testid/20240101/cn-hangzhou/oss/aliyun_v4_request',
    'x-oss-date': NOW_BASIC,
    'x-oss-signature': '02c97d5cd28dec6fcf40d9e834d29477da2da530b6ab8239eae174cb44d91a76',
  }
  for (const fields of [signed1, signed4]) {
    assert.deepEqual(verifyPostPolicy(new Map(Object.entries(fields)), keys, NOW_MS)?.principal, account)
    const other = new Map(Object.entries({ ...fields, policy: Buffer.from(`${json} `).toString('base64') }))
    assertRefused(() => verifyPostPolicy(other, keys, NOW_MS), 'SignatureDoesNotMatch')
    const unsigned = new Map(Object.entries(fields).filter(([name]) => !name.endsWith('signature')))
    assertRefused(() => verifyPostPolicy(unsigned, keys, NOW_MS), 'AccessDenied', 'signed form needs')
  }
  assert.equal(verifyPostPolicy(new Map([['key', 'k']]), keys, NOW_MS), null)
})

test('a request without a signature is anonymous, one of another scheme is refused', () => {
  assert.equal(authenticate({ method: 'GET', url: '/mybkt/k.txt', headers: {} }), null)
  const basic = { method: 'GET', url: '/mybkt/k.txt', headers: { authorization: 'Basic eA==' } }
  assertRefused(() => authenticate(basic), 'AccessDenied', `accepted are 'OSS', 'OSS2' and 'OSS4-HMAC-SHA256'`)
})

test('empty list parameters of version 4 may be signed bare, with =, or not at all; flags may not be left out', () => {
  const list = (query: Record<string, string>) => signV4Header({ ...plain, key: '', query })
  const url = '/mybkt/?prefix=&marker&acl='
  const flag = { acl: '' }
  for (const signed of [flag, { ...flag, prefix: '' }, { ...flag, marker: '' }, { ...flag, prefix: '', marker: '' }]) {
    authenticate({ ...list(signed), url })
  }
  assertRefused(() => authenticate({ ...list({ prefix: '' }), url }), 'SignatureDoesNotMatch')
  assertRefused(() => authenticate({ ...list({ ...flag, prefix: 'a' }), url }), 'SignatureDoesNotMatch')
})

test('dates are accepted up to 15 minutes away', () => {
  for (const request of [v1, v4]) {
    for (const offsetMs of [-15 * MINUTE_MS, 15 * MINUTE_MS]) {
      authenticate(request, NOW_MS + offsetMs)
      const error = assertRefused(() => authenticate(request, NOW_MS + offsetMs * 1.01), 'RequestTimeTooSkewed')
      assert.equal(error.details['MaxAllowedSkewMilliseconds'], '900000')
    }
  }
  const undated = { ...v1, headers: { ...v1.headers, 'x-oss-date': 'yesterday' } }
  assertRefused(() => authenticate(undated), 'AccessDenied', 'x-oss-date or Date such as')
})

test('a presigned URL ends when it says, and cannot say more than seven days', () => {
  const expired = (act: () => unknown) => assertRefused(act, 'AccessDenied', 'Request has expired.')
  authenticate(signV1Url(plain), NOW_MS + MINUTE_MS)
  expired(() => authenticate(signV1Url(plain), NOW_MS + MINUTE_MS + 1000))
  authenticate(signV4Url(plain), NOW_MS + MINUTE_MS)
  expired(() => authenticate(signV4Url(plain), NOW_MS + MINUTE_MS + 1000))
  assertRefused(() => authenticate(signV4Url(plain), NOW_MS - 16 * MINUTE_MS), 'RequestTimeTooSkewed')
  assertRefused(() => authenticate(signV4Url(plain, 8 * 24 * 3600)), 'InvalidArgument', 'x-oss-expires')
  assertRefused(
    () => authenticate({ ...plain, url: '/mybkt/k?OSSAccessKeyId=a&Expires=x' }),
    'InvalidArgument',
    'Expires',
  )
})

test('an unknown key is named, and a wrong signature shows what should have been signed, but no secret', () => {
  assertRefused(() => authenticate(signV1Header(plain, 'other')), 'InvalidAccessKeyId')
  for (const sign of [signV1Header, signV4Header]) {
    const error = assertRefused(() => authenticate(sign(plain, KEY_ID, 'wrong')), 'SignatureDoesNotMatch')
    assert.equal(error.details['OSSAccessKeyId'], KEY_ID)
    const text = error.details['StringToSign']!
    assert.ok(text.includes(sign === signV1Header ? '/mybkt/k.txt' : 'OSS4-HMAC-SHA256'), text)
    const bytes = Buffer.from(error.details['StringToSignBytes']!.replaceAll(' ', ''), 'hex')
    assert.equal(bytes.toString(), text)
    assert.ok(!JSON.stringify([error.message, error.details]).includes(SECRET))
  }
})

test('short-lived credentials need their token, in every place that it can stand', () => {
  const issuer = createTokenIssuer({ tokenKey: TOKEN_KEY }, { random: systemRandom })
  const { accessKeyId, accessKeySecret, securityToken } = issuer.issue('svc$fn', 'acs:ram::1:role/r', NOW_MS)
  const signed = (token: string | null) => {
    const headers: Record<string, string> = token === null ? {} : { 'x-oss-security-token': token }
    return [signV1Header, signV4Header].map((sign) => sign({ ...plain, headers }, accessKeyId, accessKeySecret))
  }
  for (const request of signed(securityToken)) {
    assert.equal(authenticate(request)?.principal.kind, 'function')
    // Dates apart: a token that has expired is told so.
    const later = { ...request, headers: { ...request.headers } }
    assertRefused(() => authenticate(later, NOW_MS + 37 * 3_600_000), 'RequestTimeTooSkewed')
  }
  for (const request of signed(null)) assertRefused(() => authenticate(request), 'InvalidAccessKeyId', 'security token')
  for (const request of signed(`${securityToken}x`)) assertRefused(() => authenticate(request), 'InvalidAccessKeyId')
  const upload = issuer.issueForUpload('mybkt', 'k', MINUTE_MS, NOW_MS - 2 * MINUTE_MS)
  const headers = { 'x-oss-security-token': upload.securityToken! }
  const expired = signV1Header({ ...plain, headers }, upload.accessKeyId, upload.accessKeySecret)
  assertRefused(() => authenticate(expired), 'SecurityTokenExpired')
})

test('the signature tells which of two readings was meant, and names a bucket that nothing else does', () => {
  const endpoints = new Set(['localhost'])
  const fakeHost = (path: string) => readingsOf('mybkt.oss-cn-hangzhou.aliyuncs.com', path, endpoints)
  const pathStyle = signV1Header({ ...plain, key: 'a/b' })
  assert.deepEqual(authenticate(pathStyle, NOW_MS, fakeHost)?.reading, { bucket: 'mybkt', key: 'a/b', form: 'path' })
  const nested = signV1Header({ ...plain, key: 'mybkt/a/b' })
  const virtualHost = { ...nested, url: '/mybkt/a/b' }
  assert.deepEqual(authenticate(virtualHost, NOW_MS, fakeHost)?.reading, {
    bucket: 'mybkt',
    key: 'mybkt/a/b',
    form: 'virtualHost',
  })
  const cname = (path: string) => [...readingsOf('localhost', path, endpoints), readingIn('mybkt', path)]
  const own = { ...signV4Header(plain), url: '/k.txt' }
  assert.deepEqual(authenticate(own, NOW_MS, cname)?.reading, { bucket: 'mybkt', key: 'k.txt', form: 'cname' })
})

test('a parameter that version 1 does not sign cannot take the place of a key that was signed', () => {
  const signed = signV1Url({ ...plain, key: 'k?x' })
  authenticate(signed)
  assertRefused(() => authenticate({ ...signed, url: signed.url.replace('k%3Fx?', 'k?x&') }), 'SignatureDoesNotMatch')
})
