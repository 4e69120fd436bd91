/** The FC signature of the 2016-08-15 clients, in a header or in a signed URL. */
import { createHmac } from 'node:crypto'
import { checkAccessKeyId, denied, headerOf, readDateHeader, readKeyAndSignature, sameSignature } from './proof.ts'
import { byCodeUnit, decodePath } from './request-target.ts'
import type { SignedRequest } from './port.ts'
import type { Proof } from './proof.ts'
import type { QueryPair, RequestTarget } from './request-target.ts'

export const FC_SCHEME = 'FC '

const TRIGGER_PATH = '/2016-08-15/proxy/'
/** What follows is an ARN, which the client for Node.js signs as it sends it, encoded, and others decoded as all else. */
const LAYER_ARN_PATH = '/2016-08-15/layerarn/'
const SIGNATURE_PARAMETER = 'x-fc-signature'

export function readFcHeader(
  request: SignedRequest,
  target: RequestTarget,
  authorization: string,
  nowMs: number,
): Proof {
  const { accessKeyId, signature } = readKeyAndSignature(
    authorization.slice(FC_SCHEME.length),
    'FC {accessKeyId}:{signature}',
  )
  const date = headerOf(request, 'date')
  const signedAtMs = readDateHeader(date, nowMs)
  const signsQuery = request.httpTrigger === true || target.path.startsWith(TRIGGER_PATH)
  const resources = [fcResource(target.path, signsQuery ? target.pairs : null)]
  // Unambiguous, as no ARN holds a percent sign.
  if (target.path.startsWith(LAYER_ARN_PATH) && !resources[0]!.includes('%')) resources.push(target.path)
  const stringsToSign = resources.map((resource) => fcStringToSign(request, date, resource))
  return {
    accessKeyId,
    securityToken: headerOf(request, 'x-fc-security-token'),
    nonce: null,
    signedAtMs,
    bodySha256: null,
    matches: (secret) => stringsToSign.some((text) => sameSignature(fcSignature(text, secret), signature)),
  }
}

/** Undefined when the query holds no signature. */
export function readSignedUrl(request: SignedRequest, target: RequestTarget, nowMs: number): Proof | undefined {
  if (!request.url.includes(SIGNATURE_PARAMETER)) return undefined
  const signature = only(target.pairs, SIGNATURE_PARAMETER)
  if (signature === undefined) return undefined
  const accessKeyId = only(target.pairs, 'x-fc-access-key-id')
  const expires = only(target.pairs, 'x-fc-expires')
  if (accessKeyId === undefined) throw denied(`a signed URL needs the query parameter 'x-fc-access-key-id'`)
  const expiresAtMs = readExpiry(expires)
  if (nowMs > expiresAtMs) throw denied(`the signed URL expired at ${new Date(expiresAtMs).toISOString()}`)
  const signedPairs = target.pairs.filter(({ key }) => key !== SIGNATURE_PARAMETER)
  const stringToSign = fcStringToSign(request, expires!, fcResource(target.path, signedPairs))
  return {
    accessKeyId: checkAccessKeyId(accessKeyId),
    securityToken: only(target.pairs, 'x-fc-security-token') ?? '',
    nonce: null,
    signedAtMs: nowMs,
    bodySha256: null,
    matches: (secret) => sameSignature(fcSignature(stringToSign, secret), signature),
  }
}

/** `date` is the Date header, or the expiry of a signed URL. */
export function fcStringToSign(request: SignedRequest, date: string, resource: string): string {
  const contentMd5 = headerOf(request, 'content-md5')
  const contentType = headerOf(request, 'content-type')
  return `${request.method}\n${contentMd5}\n${contentType}\n${date}\n${fcHeaderLines(request)}${resource}`
}

export function fcSignature(stringToSign: string, secret: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('base64')
}

function fcHeaderLines(request: SignedRequest): string {
  let lines = ''
  const names = Object.keys(request.headers).filter((name) => name.startsWith('x-fc-'))
  for (const name of names.sort(byCodeUnit)) lines += `${name}:${headerOf(request, name)}\n`
  return lines
}

/**
 * The decoded path, and the decoded query as lines when it is signed. A line break inside either would make two
 * different requests sign alike, and so would `=` in a name: such requests are refused.
 */
export function fcResource(path: string, pairs: readonly QueryPair[] | null): string {
  const decodedPath = decodePath(path)
  if (decodedPath.includes('\n')) throw denied('a path with a line break cannot be signed; remove it')
  if (pairs === null) return decodedPath
  return `${decodedPath}\n${pairs.map(queryLine).sort(byCodeUnit).join('\n')}`
}

function queryLine({ key, value }: QueryPair): string {
  const line = value === null ? key : `${key}=${value}`
  if (line.includes('\n') || key.includes('=')) {
    throw denied(
      `the FC signature is ambiguous for a query with line breaks, or with = in a name: send parameter '${key}' in the body`,
    )
  }
  return line
}

function only(pairs: readonly QueryPair[], key: string): string | undefined {
  const found = pairs.filter((pair) => pair.key === key)
  if (found.length > 1) throw denied(`the query parameter '${key}' was sent ${found.length} times; it may be sent once`)
  return found[0]?.value ?? undefined
}

const EXPIRES_DIGITS_MAX = 11

function readExpiry(expires: string | undefined): number {
  if (expires === undefined || expires.length > EXPIRES_DIGITS_MAX || !/^[0-9]+$/.test(expires)) {
    throw denied(`a signed URL needs the query parameter 'x-fc-expires' with whole seconds since 1970`)
  }
  return Number(expires) * 1000
}
