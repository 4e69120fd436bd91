/** Signature version 2: HMAC-SHA256 over the encoded resource and every parameter. Older clients for Python and Go make it. */
import { createHmac } from 'node:crypto'
import { percentEncode } from '../target.ts'
import {
  byCodeUnit,
  checkDate,
  checkNotExpired,
  denied,
  headerSpellings,
  headerText,
  readNames,
  readSeconds,
  signedHeaderNames,
} from './proof.ts'
import type { Reading } from '../addressing.ts'
import type { Proof, Signable, SignedParts } from './proof.ts'

export const V2_SCHEME = 'OSS2 '
export const V2_NAME = 'OSS2'

export function readV2Header(parts: SignedParts, authorization: string, nowMs: number): Proof {
  const fields = authorization
    .slice(V2_SCHEME.length)
    .split(',')
    .map((field) => field.trim().split(/:(.*)/s) as [string, string?])
  const field = (name: string) => fields.find(([given]) => given === name)?.[1] ?? ''
  const accessKeyId = field('AccessKeyId')
  const signature = field('Signature')
  if (accessKeyId === '' || signature === '') {
    throw denied(
      `The Authorization header is malformed; it must read 'OSS2 AccessKeyId:{AccessKeyId},AdditionalHeaders:{a;b},Signature:{Signature}'.`,
    )
  }
  const { headers } = parts
  const date = headerText(headers, 'x-oss-date') || headerText(headers, 'date')
  checkDate(date, nowMs)
  return {
    accessKeyId,
    securityToken: headerText(headers, 'x-oss-security-token'),
    signature,
    signables: (reading) => signables(parts, date, readNames(field('AdditionalHeaders')), reading),
    sign: signV2,
  }
}

/** The query holds `x-oss-signature-version=OSS2`. */
export function readV2Url(parts: SignedParts, nowMs: number): Proof {
  const { query, headers } = parts
  const expires = query.get('x-oss-expires')
  checkNotExpired(readSeconds('x-oss-expires', expires) * 1000, nowMs)
  const signed = { ...parts, query: new Map([...query].filter(([name]) => name !== 'x-oss-signature')) }
  const additional = readNames(query.get('x-oss-additional-headers'))
  return {
    accessKeyId: query.get('x-oss-access-key-id') ?? '',
    securityToken: query.get('security-token') ?? headerText(headers, 'x-oss-security-token'),
    // A plus sign that was not escaped.
    signature: (query.get('x-oss-signature') ?? '').replaceAll(' ', '+'),
    signables: (reading) => signables(signed, expires!, additional, reading),
    sign: signV2,
  }
}

function signV2(stringToSign: string, secret: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('base64')
}

function signables(parts: SignedParts, date: string, additional: readonly string[], reading: Reading): Signable[] {
  const { method, headers } = parts
  const names = [...new Set([...signedHeaderNames(headers), ...additional])].sort(byCodeUnit)
  const resource = resourceOf(parts, reading)
  return headerSpellings(parts, ['content-type', ...names]).map((header) => {
    const lines = names.map((name) => `${name}:${header(name)}\n`).join('')
    const fixed = [method, headerText(headers, 'content-md5'), header('content-type'), date]
    const additionalNames = additional.toSorted(byCodeUnit).join(';')
    return { stringToSign: `${fixed.join('\n')}\n${lines}${additionalNames}\n${resource}` }
  })
}

function resourceOf({ query }: SignedParts, { bucket, key }: Reading): string {
  const path = percentEncode(bucket === '' ? '/' : `/${bucket}/${key}`)
  const parameters = [...query]
    .map(([name, value]): [string, string] => [percentEncode(name), percentEncode(value)])
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`
}
