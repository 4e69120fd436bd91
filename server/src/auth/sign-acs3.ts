/** ACS3-HMAC-SHA256: the canonical request and its signature, for signing and for verifying alike. */
import { createHmac, hash } from 'node:crypto'
import { byCodeUnit, percentEncode, readTarget } from './request-target.ts'
import type { QueryPair } from './request-target.ts'

export const ACS3_SCHEME = 'ACS3-HMAC-SHA256'

/** SHA-256 of nothing, in hex: the body digest of a request without a body. */
export const EMPTY_SHA256 = hash('sha256', '')

export interface Acs3Key {
  accessKeyId: string
  accessKeySecret: string
  /** Present for short-lived (STS) credentials. */
  securityToken: string | null
}

export interface Acs3Request {
  method: string
  /** Path and query as they go on the wire. */
  url: string
  /** With the port, as in the Host header. */
  host: string
  /** Lower-cased names. `content-type` and every `x-acs-*` are signed; others pass unsigned. */
  headers: Readonly<Record<string, string>>
  /** SHA-256 of the body, hex; `EMPTY_SHA256` when there is none. */
  bodySha256: string
}

/** The headers to send: those given, host, what ACS3 adds, and `authorization`. A nonce serves one request only. */
export function signAcs3(request: Acs3Request, key: Acs3Key, nonce: string, dateMs: number): Record<string, string> {
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-acs-date': `${new Date(dateMs).toISOString().slice(0, 19)}Z`,
    'x-acs-signature-nonce': nonce,
    'x-acs-content-sha256': request.bodySha256,
  }
  if (key.securityToken !== null) {
    headers['x-acs-accesskey-id'] = key.accessKeyId
    headers['x-acs-security-token'] = key.securityToken
  }
  const signedNames = Object.keys(headers)
    .filter((name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'))
    .sort(byCodeUnit)
  const { path, pairs } = readTarget(request.url)
  const canonical = canonicalRequest({
    method: request.method,
    path,
    query: canonicalQuery(pairs, 'encodedKeys'),
    headerLines: signedNames.map((name) => headerLine(name, headers[name]!)).join(''),
    signedNames: signedNames.join(';'),
    payload: request.bodySha256,
  })
  const signature = acs3Signature(canonical, key.accessKeySecret)
  headers['authorization'] =
    `${ACS3_SCHEME} Credential=${key.accessKeyId},SignedHeaders=${signedNames.join(';')},Signature=${signature}`
  return headers
}

export interface CanonicalParts {
  method: string
  /** As on the wire. */
  path: string
  /** From `canonicalQuery`. */
  query: string
  /** `headerLine` of each signed header, in the order of `signedNames`. */
  headerLines: string
  /** Joined by `;`. */
  signedNames: string
  /** Hex digest of the body. */
  payload: string
}

export function canonicalRequest(parts: CanonicalParts): string {
  const { method, path, query, headerLines, signedNames, payload } = parts
  return `${method}\n${canonicalPath(path)}\n${query}\n${headerLines}\n${signedNames}\n${payload}`
}

/** Hex. */
export function acs3Signature(canonical: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(`${ACS3_SCHEME}\n${hash('sha256', canonical)}`)
    .digest('hex')
}

export function headerLine(name: string, value: string): string {
  return `${name}:${value.trim()}\n`
}

/**
 * Sorted by key; repeated keys stay in the order of the wire, so that exchanging their values breaks the signature.
 * The vendor's Node clients leave keys unescaped (`plainKeys`), its documentation escapes them.
 */
export function canonicalQuery(pairs: readonly QueryPair[], form: 'encodedKeys' | 'plainKeys'): string {
  return pairs
    .toSorted((a, b) => byCodeUnit(a.key, b.key))
    .map(({ key, value }) => `${form === 'plainKeys' ? key : percentEncode(key)}=${percentEncode(value ?? '')}`)
    .join('&')
}

/** What clients may leave unescaped on the wire is signed escaped; `$` because the vendor's trigger samples do. */
const PATH_ESCAPES: readonly [string, string][] = [
  ['+', '%20'],
  ['*', '%2A'],
  ['$', '%24'],
  ['%7E', '~'],
]

function canonicalPath(path: string): string {
  let canonical = path
  for (const [found, signed] of PATH_ESCAPES) {
    if (canonical.includes(found)) canonical = canonical.replaceAll(found, () => signed)
  }
  return canonical
}
