/** What the tests of this folder share: signing as a client does, apart from how signatures are verified. */
import assert from 'node:assert/strict'
import { createHmac, hash } from 'node:crypto'
import { createKeyRing } from '../../../auth/key-ring.ts'
import { OssError } from '../../port.ts'
import { readingIn, type Reading } from '../addressing.ts'
import { percentEncode, readTarget } from '../target.ts'
import { readProof, verify } from './authenticate.ts'
import { isSignedByV1 } from './signed-parameters.ts'
import type { Principal } from '../../../auth/port.ts'
import type { SignedParts } from './proof.ts'

export const ACCOUNT_ID = '1234567890123456'
export const KEY_ID = 'testid'
export const SECRET = 'testsecret'
export const TOKEN_KEY = Buffer.alloc(32, 7)
/** The time of the published vectors. */
export const NOW_MS = Date.UTC(2024, 0, 1)
export const NOW_HTTP = 'Mon, 01 Jan 2024 00:00:00 GMT'
export const NOW_BASIC = '20240101T000000Z'

export const keys = createKeyRing({
  accountId: ACCOUNT_ID,
  accessKeyId: KEY_ID,
  accessKeySecret: SECRET,
  tokenKey: TOKEN_KEY,
})

export interface ClientRequest {
  method: string
  bucket: string
  /** Decoded. */
  key: string
  query: Record<string, string>
  /** Lower-case names. */
  headers: Record<string, string>
}

export interface SentRequest {
  method: string
  url: string
  headers: Record<string, string>
}

const encodePath = (text: string) => percentEncode(text).replaceAll('%2F', '/')

/** Path style. */
export function urlOf(request: Pick<ClientRequest, 'bucket' | 'key' | 'query'>): string {
  const parameters = Object.entries(request.query).map(([k, v]) => `${percentEncode(k)}=${percentEncode(v)}`)
  return `${encodePath(resourceOf(request))}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`
}

/** Decoded; without a bucket it is the service. */
function resourceOf({ bucket, key }: Pick<ClientRequest, 'bucket' | 'key'>): string {
  return bucket === '' ? '/' : `/${bucket}/${key}`
}

const sorted = (names: Iterable<string>) => [...names].sort((a, b) => (a < b ? -1 : 1))

function v1Text({ method, bucket, key, query, headers }: ClientRequest, date: string): string {
  const lines = sorted(Object.keys(headers).filter((name) => name.startsWith('x-oss-'))).map(
    (name) => `${name}:${headers[name]}\n`,
  )
  const parameters = sorted(Object.keys(query).filter(isSignedByV1)).map((name) =>
    query[name] === '' ? name : `${name}=${query[name]}`,
  )
  const resource = `${resourceOf({ bucket, key })}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`
  const fixed = [method, headers['content-md5'] ?? '', headers['content-type'] ?? '', date]
  return `${fixed.join('\n')}\n${lines.join('')}${resource}`
}

const v1Hmac = (text: string, secret: string) => createHmac('sha1', secret).update(text).digest('base64')

export function signV1Header(request: ClientRequest, keyId = KEY_ID, secret = SECRET): SentRequest {
  const headers = { date: NOW_HTTP, ...request.headers }
  const text = v1Text({ ...request, headers }, headers['x-oss-date' as keyof typeof headers] ?? headers.date)
  return {
    method: request.method,
    url: urlOf(request),
    headers: { ...headers, authorization: `OSS ${keyId}:${v1Hmac(text, secret)}` },
  }
}

export function signV1Url(request: ClientRequest, expires = NOW_MS / 1000 + 60): SentRequest {
  const signature = v1Hmac(v1Text(request, String(expires)), SECRET)
  const query = { ...request.query, OSSAccessKeyId: KEY_ID, Expires: String(expires), Signature: signature }
  return { method: request.method, url: urlOf({ ...request, query }), headers: request.headers }
}

const SCOPE = '20240101/cn-hangzhou/oss/aliyun_v4_request'

function v4Signature(request: ClientRequest, secret: string, additional: readonly string[]): string {
  const { method, bucket, key, query, headers } = request
  const parameters = Object.entries(query).map(([k, v]): [string, string] => [percentEncode(k), percentEncode(v)])
  const canonicalQuery = sorted(
    parameters.map(([k, v]) => (v === '' ? k : `${k}=${v}`)).map((text) => text.replace('=', '\0')),
  )
    .map((text) => text.replace('\0', '='))
    .join('&')
  const names = sorted(
    Object.keys(headers).filter(
      (name) => name.startsWith('x-oss-') || ['content-type', 'content-md5', ...additional].includes(name),
    ),
  )
  const canonical = [
    method,
    encodePath(resourceOf({ bucket, key })),
    canonicalQuery,
    names.map((name) => `${name}:${headers[name]}\n`).join(''),
    additional.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const text = ['OSS4-HMAC-SHA256', NOW_BASIC, SCOPE, hash('sha256', canonical)].join('\n')
  const key4 = SCOPE.split('/').reduce<string | Buffer>(
    (chained, part) => createHmac('sha256', chained).update(part).digest(),
    `aliyun_v4${secret}`,
  )
  return createHmac('sha256', key4).update(text).digest('hex')
}

export function signV4Header(request: ClientRequest, keyId = KEY_ID, secret = SECRET): SentRequest {
  const headers: Record<string, string> = {
    ...request.headers,
    'x-oss-date': NOW_BASIC,
    'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
  }
  const additional = sorted(Object.keys(headers).filter((name) => name === 'host' || name === 'content-length'))
  const signature = v4Signature({ ...request, headers }, secret, additional)
  const added = additional.length === 0 ? '' : `AdditionalHeaders=${additional.join(';')},`
  const authorization = `OSS4-HMAC-SHA256 Credential=${keyId}/${SCOPE},${added}Signature=${signature}`
  return { method: request.method, url: urlOf(request), headers: { ...headers, authorization } }
}

export function signV4Url(request: ClientRequest, expires = 60): SentRequest {
  const query: Record<string, string> = {
    ...request.query,
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': `${KEY_ID}/${SCOPE}`,
    'x-oss-date': NOW_BASIC,
    'x-oss-expires': String(expires),
  }
  const signature = v4Signature({ ...request, query }, SECRET, [])
  const url = urlOf({ ...request, query: { ...query, 'x-oss-signature': signature } })
  return { method: request.method, url, headers: request.headers }
}

/** Null: anonymous. */
export function authenticate(
  { method, url, headers }: SentRequest,
  nowMs = NOW_MS,
  readings: (rawPath: string) => Reading[] = (rawPath) => [readingIn('mybkt', rawPath.slice('/mybkt'.length))],
): { principal: Principal; reading: Reading } | null {
  const target = readTarget(url)
  const parts: SignedParts = { method, headers, query: target.query }
  const proof = readProof(parts, nowMs)
  return proof === null ? null : verify(proof, readings(target.rawPath), keys, nowMs)
}

export function assertRefused(act: () => unknown, code: string, message: string | RegExp = ''): OssError {
  let refusal: OssError | undefined
  assert.throws(act, (error) => {
    assert.ok(error instanceof OssError, String(error))
    assert.equal(error.code, code, error.message)
    if (typeof message === 'string') assert.ok(error.message.includes(message), error.message)
    else assert.match(error.message, message)
    refusal = error
    return true
  })
  return refusal!
}
