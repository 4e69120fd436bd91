/** Reads and verifies ACS3-HMAC-SHA256, the signature of the 2021-04-06 and 2023-03-30 clients. */
import { checkAccessKeyId, checkSkew, denied, headerOf, sameSignature } from './proof.ts'
import { byCodeUnit } from './request-target.ts'
import { ACS3_SCHEME, acs3Signature, canonicalQuery, canonicalRequest, headerLine } from './sign-acs3.ts'
import type { SignedRequest } from './port.ts'
import type { Proof } from './proof.ts'
import type { RequestTarget } from './request-target.ts'

const SIGNED_HEADERS_MAX = 64
const DATE_LENGTH_MAX = 30

/** What has to be signed wherever it decides what the request means; HTTP triggers need the date only. */
const API_SIGNED_HEADERS = ['host', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce']
const TRIGGER_SIGNED_HEADERS = ['x-acs-date']

export function readAcs3(request: SignedRequest, target: RequestTarget, authorization: string, nowMs: number): Proof {
  const { accessKeyId, signedNames, signature } = readAuthorization(authorization)
  const names = checkSignedNames(request, signedNames)
  const signedAtMs = readAcsDate(headerOf(request, 'x-acs-date'), nowMs)
  const bodySha256 = readBodyDigest(request)
  const namedKey = headerOf(request, 'x-acs-accesskey-id')
  if (namedKey !== '' && namedKey !== accessKeyId) {
    throw denied('the header x-acs-accesskey-id and the Credential of the Authorization header name different keys')
  }
  const canonical = (form: 'encodedKeys' | 'plainKeys') =>
    canonicalRequest({
      method: request.method,
      path: target.path,
      query: canonicalQuery(target.pairs, form),
      headerLines: names.map((name) => headerLine(name, headerOf(request, name))).join(''),
      signedNames,
      payload: bodySha256 ?? '',
    })
  return {
    accessKeyId,
    securityToken: headerOf(request, 'x-acs-security-token').trim(),
    nonce: headerOf(request, 'x-acs-signature-nonce') || null,
    signedAtMs,
    bodySha256,
    matches(secret) {
      const encodedKeys = canonical('encodedKeys')
      if (sameSignature(acs3Signature(encodedKeys, secret), signature)) return true
      if (!target.pairs.every(({ key }) => isPlainKey(key))) return false
      const plainKeys = canonical('plainKeys')
      return plainKeys !== encodedKeys && sameSignature(acs3Signature(plainKeys, secret), signature)
    },
  }
}

interface Authorization {
  accessKeyId: string
  signedNames: string
  signature: string
}

const CREDENTIAL = `${ACS3_SCHEME} Credential=`
const SIGNED_HEADERS = ',SignedHeaders='
const SIGNATURE = ',Signature='

function readAuthorization(authorization: string): Authorization {
  const namesAt = authorization.indexOf(SIGNED_HEADERS)
  const signatureAt = authorization.indexOf(SIGNATURE, namesAt)
  if (!authorization.startsWith(CREDENTIAL) || namesAt < 0 || signatureAt < 0) {
    throw denied(
      `the Authorization header is malformed; it must read '${CREDENTIAL}{accessKeyId}${SIGNED_HEADERS}{a;b;c}${SIGNATURE}{hex}'`,
    )
  }
  return {
    accessKeyId: checkAccessKeyId(authorization.slice(CREDENTIAL.length, namesAt)),
    signedNames: authorization.slice(namesAt + SIGNED_HEADERS.length, signatureAt),
    signature: authorization.slice(signatureAt + SIGNATURE.length),
  }
}

/** Every header that means something to us must be signed, none twice, and none that the request does not have. */
function checkSignedNames(request: SignedRequest, signedNames: string): string[] {
  const names = signedNames.split(';', SIGNED_HEADERS_MAX + 1)
  if (names.length > SIGNED_HEADERS_MAX) throw denied(`SignedHeaders may list at most ${SIGNED_HEADERS_MAX} headers`)
  for (let i = 1; i < names.length; i++) {
    if (byCodeUnit(names[i - 1]!, names[i]!) >= 0) throw denied('SignedHeaders must be sorted and free of repetitions')
  }
  for (const name of request.httpTrigger === true ? TRIGGER_SIGNED_HEADERS : API_SIGNED_HEADERS) {
    if (!names.includes(name)) throw denied(`SignedHeaders must include '${name}'`)
  }
  for (const name of names) {
    if (request.headers[name] === undefined) throw denied(`the signed header '${name}' is missing from the request`)
  }
  for (const name in request.headers) {
    if (name.startsWith('x-acs-') && !names.includes(name))
      throw denied(`the header '${name}' must be in SignedHeaders`)
  }
  return names
}

/** ISO 8601 in UTC; some clients send fractions of a second. */
function readAcsDate(date: string, nowMs: number): number {
  const isUtc = date.length <= DATE_LENGTH_MAX && date[10] === 'T' && date.endsWith('Z')
  const timeMs = isUtc ? Date.parse(date) : Number.NaN
  if (Number.isNaN(timeMs)) throw denied(`the x-acs-date header must look like '${new Date(nowMs).toISOString()}'`)
  checkSkew('x-acs-date', timeMs, nowMs)
  return timeMs
}

function readBodyDigest(request: SignedRequest): string | null {
  if (request.headers['x-acs-content-sha256'] === undefined) return null
  const digest = headerOf(request, 'x-acs-content-sha256')
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    throw denied('the x-acs-content-sha256 header must hold the SHA-256 of the body as 64 lower-case hex digits')
  }
  return digest
}

/** Left unescaped, any of these could pass for a separator or for an escaped name. */
function isPlainKey(key: string): boolean {
  return !/[&=%\n]/.test(key)
}
