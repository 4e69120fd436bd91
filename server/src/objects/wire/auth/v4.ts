/** Signature version 4: HMAC-SHA256 over the whole request but its body, in a header or a presigned URL. */
import { createHmac, hash } from 'node:crypto'
import { percentEncode, percentEncodePath } from '../target.ts'
import {
  byCodeUnit,
  checkNotExpired,
  checkSkew,
  denied,
  headerSpellings,
  headerText,
  invalid,
  readBasicDate,
  readNames,
  readSeconds,
  signedHeaderNames,
} from './proof.ts'
import { isListParameter } from './signed-parameters.ts'
import type { Reading } from '../addressing.ts'
import type { Proof, Signable, SignedParts } from './proof.ts'

export const V4_SCHEME = 'OSS4-HMAC-SHA256'
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
const SCOPE_END = 'aliyun_v4_request'
const EXPIRES_SECONDS_MAX = 7 * 24 * 3600
/** A list has this many parameters that can be empty; beyond, all are taken to be signed in the same form. */
const MIXED_EMPTY_MAX = 4

export interface Scope {
  accessKeyId: string
  /** yyyymmdd. */
  date: string
  region: string
  product: string
}

export function readV4Header(parts: SignedParts, authorization: string, nowMs: number): Proof {
  const fields = readFields(authorization.slice(V4_SCHEME.length))
  const scope = readScope(fields.get('Credential') ?? '')
  const signature = fields.get('Signature')
  if (signature === undefined) throw malformed()
  const { headers } = parts
  const date = headerText(headers, 'x-oss-date')
  checkSkew(readDate(date, scope), nowMs)
  const payload = headerText(headers, 'x-oss-content-sha256') || UNSIGNED_PAYLOAD
  if (payload !== UNSIGNED_PAYLOAD) {
    throw invalid(`x-oss-content-sha256 must be ${UNSIGNED_PAYLOAD}.`, 'x-oss-content-sha256', payload)
  }
  return {
    accessKeyId: scope.accessKeyId,
    securityToken: headerText(headers, 'x-oss-security-token'),
    signature,
    signables: (reading) => signables(parts, reading, date, scope, readNames(fields.get('AdditionalHeaders'))),
    sign: (stringToSign, secret) => signV4(stringToSign, secret, scope),
  }
}

/** The query holds `x-oss-signature-version=OSS4-HMAC-SHA256`. */
export function readV4Url(parts: SignedParts, nowMs: number): Proof {
  const { query, headers } = parts
  const scope = readScope(query.get('x-oss-credential') ?? '')
  const date = query.get('x-oss-date') ?? ''
  const signedMs = readDate(date, scope)
  const seconds = readSeconds('x-oss-expires', query.get('x-oss-expires'))
  if (seconds < 1 || seconds > EXPIRES_SECONDS_MAX) {
    throw invalid(`x-oss-expires must be from 1 to ${EXPIRES_SECONDS_MAX} seconds.`, 'x-oss-expires', String(seconds))
  }
  if (signedMs > nowMs) checkSkew(signedMs, nowMs)
  checkNotExpired(signedMs + seconds * 1000, nowMs)
  const signed: SignedParts = {
    ...parts,
    query: new Map([...query].filter(([name]) => name !== 'x-oss-signature')),
  }
  return {
    accessKeyId: scope.accessKeyId,
    securityToken: query.get('x-oss-security-token') ?? headerText(headers, 'x-oss-security-token'),
    signature: query.get('x-oss-signature') ?? '',
    signables: (reading) => signables(signed, reading, date, scope, readNames(query.get('x-oss-additional-headers'))),
    sign: (stringToSign, secret) => signV4(stringToSign, secret, scope),
  }
}

/** Hex. Also the signature of a form: then `stringToSign` is its policy. */
export function signV4(stringToSign: string, secret: string, { date, region, product }: Scope): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const key = [date, region, product, SCOPE_END].reduce<string | Buffer>(hmac, `aliyun_v4${secret}`)
  return createHmac('sha256', key).update(stringToSign).digest('hex')
}

/** `{AccessKeyId}/{yyyymmdd}/{region}/oss/aliyun_v4_request`. */
export function readScope(credential: string): Scope {
  const parts = credential.split('/')
  const [accessKeyId, date, region, product, end] = parts
  const isWhole = parts.length === 5 && end === SCOPE_END && /^\d{8}$/.test(date!)
  if (!isWhole || accessKeyId === '' || region === '' || !/^oss[a-z-]*$/.test(product!)) throw malformed()
  return { accessKeyId: accessKeyId!, date: date!, region: region!, product: product! }
}

/** In ms; its day must be that of the scope. */
export function readDate(date: string, scope: Scope): number {
  const timeMs = readBasicDate(date)
  if (timeMs === undefined || date.slice(0, 8) !== scope.date) {
    throw denied('Invalid signing date: x-oss-date must read yyyymmddTHHMMSSZ, on the day of the credential.')
  }
  return timeMs
}

/** `Credential=…, Signature=…`, in any order. */
function readFields(text: string): Map<string, string> {
  const fields = text.split(',').map((field): [string, string] => {
    const [name, value = ''] = field.trim().split(/=(.*)/s) as [string, string?]
    return [name, value]
  })
  return new Map(fields)
}

function malformed(): Error {
  return denied(
    `The credential is malformed; the Authorization header must read '${V4_SCHEME} Credential={AccessKeyId}/{yyyymmdd}/{region}/oss/${SCOPE_END},AdditionalHeaders={a;b},Signature={Signature}'.`,
  )
}

function signables(
  parts: SignedParts,
  { bucket, key }: Reading,
  date: string,
  scope: Scope,
  additional: readonly string[],
): Signable[] {
  const path = percentEncodePath(bucket === '' ? '/' : `/${bucket}/${key}`)
  const always = ['content-type', 'content-md5'].filter((name) => parts.headers[name] !== undefined)
  const signedNames = new Set([...always, ...signedHeaderNames(parts.headers), ...additional])
  const headerNames = [...signedNames].toSorted(byCodeUnit)
  const additionalNames = additional.toSorted(byCodeUnit).join(';')
  return headerSpellings(parts, headerNames).flatMap((header) => {
    const lines = headerNames.map((name) => `${name}:${header(name)}\n`).join('')
    return queryForms(parts.query).map((query) => {
      const canonicalRequest = `${parts.method}\n${path}\n${query}\n${lines}\n${additionalNames}\n${UNSIGNED_PAYLOAD}`
      const scopeText = `${scope.date}/${scope.region}/${scope.product}/${SCOPE_END}`
      const stringToSign = `${V4_SCHEME}\n${date}\n${scopeText}\n${hash('sha256', canonicalRequest)}`
      return { stringToSign, canonicalRequest }
    })
  })
}

/**
 * The canonical query. An empty parameter of a list is signed bare, with `=`, or not at all: clients differ, even within
 * one request. An empty flag, which chooses the operation, is signed bare.
 */
function queryForms(query: SignedParts['query']): string[] {
  const pairs = [...query].map(([name, value]) => ({
    name: percentEncode(name),
    value: percentEncode(value),
    raw: name,
  }))
  pairs.sort((a, b) => byCodeUnit(a.name, b.name))
  const isOpen = (pair: (typeof pairs)[number]) => pair.value === '' && isListParameter(pair.raw)
  const isMixed = pairs.filter(isOpen).length <= MIXED_EMPTY_MAX
  let forms: string[][] = [[]]
  if (isMixed) {
    for (const pair of pairs) {
      const spellings = isOpen(pair) ? [pair.name, `${pair.name}=`, null] : [spell(pair)]
      forms = spellings.flatMap((spelling) => forms.map((form) => (spelling === null ? form : [...form, spelling])))
    }
  } else {
    forms = [
      pairs.map(spell),
      pairs.map((pair) => (isOpen(pair) ? `${pair.name}=` : spell(pair))),
      pairs.filter((pair) => !isOpen(pair)).map(spell),
    ]
  }
  return forms.map((form) => form.join('&'))
}

function spell({ name, value }: { name: string; value: string }): string {
  return value === '' ? name : `${name}=${value}`
}
