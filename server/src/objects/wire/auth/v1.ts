/** Signature version 1: HMAC-SHA1 over the decoded resource, in a header or a presigned URL. */
import { createHmac } from 'node:crypto'
import {
  byCodeUnit,
  checkDate,
  checkNotExpired,
  denied,
  headerSpellings,
  headerText,
  readSeconds,
  signedHeaderNames,
} from './proof.ts'
import { isSignedByV1 } from './signed-parameters.ts'
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
  checkNotExpired(readSeconds('Expires', expires) * 1000, nowMs)
  return {
    accessKeyId: query.get('OSSAccessKeyId')!,
    securityToken: query.get('security-token') ?? headerText(headers, 'x-oss-security-token'),
    // A plus sign that was not escaped.
    signature: (query.get('Signature') ?? '').replaceAll(' ', '+'),
    signables: (reading) => signables(parts, expires!, reading),
    sign: signV1,
  }
}

function signV1(stringToSign: string, secret: string): string {
  return createHmac('sha1', secret).update(stringToSign).digest('base64')
}

function signables(parts: SignedParts, date: string, reading: Reading): Signable[] {
  const { method, headers } = parts
  const resource = resourceOf(parts, reading)
  const headerNames = signedHeaderNames(headers)
  return headerSpellings(parts, ['content-type', ...headerNames]).map((header) => {
    const lines = headerNames.map((name) => `${name}:${header(name)}\n`).join('')
    const contentMd5 = headerText(headers, 'content-md5')
    return { stringToSign: `${method}\n${contentMd5}\n${header('content-type')}\n${date}\n${lines}${resource}` }
  })
}

/**
 * Decoded, so that a key `a?acl` and the parameter `acl` of key `a` sign alike: who signs keys that others choose does
 * it by version 4. For that reason parameters that the version does not list are not signed, even if a client did.
 */
function resourceOf({ query }: SignedParts, { bucket, key }: Reading): string {
  const path = bucket === '' ? '/' : `/${bucket}/${key}`
  const names = [...query.keys()].filter(isSignedByV1)
  if (names.length === 0) return path
  const parameters = names.sort(byCodeUnit).map((name) => {
    const value = query.get(name)!
    return value === '' ? name : `${name}=${value}`
  })
  return `${path}?${parameters.join('&')}`
}
