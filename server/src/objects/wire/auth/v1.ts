/** Signature version 1: HMAC-SHA1 over the decoded resource, in a header or a presigned URL. */
import { createHmac } from 'node:crypto'
import { byCodeUnit, checkDate, denied, headerSpellings, headerText, readSeconds, signedHeaderNames } from './proof.ts'
import { isListParameter, isSignedByV1 } from './signed-parameters.ts'
import type { Reading } from '../addressing.ts'
import type { Proof, Signable, SignedParts } from './proof.ts'

export const V1_SCHEME = 'OSS '

export function readV1Header(parts: SignedParts, authorization: string, nowMs: number): Proof {
  const credentials = authorization.slice(V1_SCHEME.length).trim()
  const colon = credentials.indexOf(':')
  const signature = credentials.slice(colon + 1)
  if (colon < 1 || signature === '') {
    throw denied(`The Authorization header is malformed; it must read 'OSS {AccessKeyId}:{Signature}'.`)
  }
  const ossDate = headerText(parts.headers, 'x-oss-date')
  const date = ossDate === '' ? headerText(parts.headers, 'date') : ossDate
  checkDate(date, nowMs)
  return {
    accessKeyId: credentials.slice(0, colon),
    securityToken: headerText(parts.headers, 'x-oss-security-token'),
    signature,
    signables: (reading) => signables(parts, date, reading),
    sign: signV1,
  }
}

/** The query holds `OSSAccessKeyId`. */
export function readV1Url(parts: SignedParts, nowMs: number): Proof {
  const { query, headers } = parts
  const expires = query.get('Expires')
  if (nowMs > readSeconds('Expires', expires) * 1000) {
    throw denied('Request has expired.', {
      Expires: new Date(Number(expires) * 1000).toISOString(),
      ServerTime: new Date(nowMs).toISOString(),
    })
  }
  return {
    accessKeyId: query.get('OSSAccessKeyId')!,
    securityToken: query.get('security-token') ?? headerText(headers, 'x-oss-security-token'),
    // A plus sign that was not escaped.
    signature: (query.get('Signature') ?? '').replaceAll(' ', '+'),
    signables: (reading) => signables(parts, expires!, reading),
    sign: signV1,
  }
}

export function signV1(stringToSign: string, secret: string): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64')
}

const PROOF_PARAMETERS = new Set(['OSSAccessKeyId', 'Expires', 'Signature'])

function signables(parts: SignedParts, date: string, reading: Reading): Signable[] {
  const names = [...parts.query.keys()]
  const signed = names.filter(isSignedByV1)
  // A flag that we do not know may be one that the client signs.
  const withUnknown = names.filter((name) => !isListParameter(name) && !PROOF_PARAMETERS.has(name))
  const resources = [resourceOf(parts, reading, signed)]
  const isPlain = ![reading.key, ...withUnknown, ...withUnknown.map((name) => parts.query.get(name)!)].some(isSeparator)
  if (withUnknown.length > signed.length && isPlain) resources.push(resourceOf(parts, reading, withUnknown))
  const headerNames = signedHeaderNames(parts.headers)
  const spellings = headerSpellings(parts, ['content-type', ...headerNames])
  return spellings.flatMap((header) =>
    resources.map((resource) => {
      const lines = headerNames.map((name) => `${name}:${header(name)}\n`).join('')
      const contentMd5 = headerText(parts.headers, 'content-md5')
      return { stringToSign: `${parts.method}\n${contentMd5}\n${header('content-type')}\n${date}\n${lines}${resource}` }
    }),
  )
}

function resourceOf({ query }: SignedParts, { bucket, key }: Reading, names: readonly string[]): string {
  const path = bucket === '' ? '/' : `/${bucket}/${key}`
  const parameters = names.toSorted(byCodeUnit).map((name) => {
    const value = query.get(name)!
    return value === '' ? name : `${name}=${value}`
  })
  const values = names.map((name) => query.get(name)!)
  for (const part of [key.includes('?') ? key : '', ...values]) checkUnambiguous(part)
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`
}

const isSeparator = (text: string) => /[?&]/.test(text)

/**
 * Key and parameters are signed decoded: a key `a?acl` and the parameter `acl` of key `a` sign alike, so that a
 * signature for the one would open the other. Such a request has to be signed by version 4.
 */
function checkUnambiguous(text: string): void {
  for (const [, name] of text.matchAll(/[?&]([^=?&]*)/g)) {
    if (name === undefined || !isSignedByV1(name)) continue
    throw denied(
      `The signature is ambiguous, as a key or parameter holds '${name}' like a parameter of its own: sign with OSS4-HMAC-SHA256.`,
    )
  }
}
