/** ROA v1: `acs {accessKeyId}:{signature}`, HMAC-SHA1, for HTTP triggers and custom domains. */
import { createHmac } from 'node:crypto'
import { denied, headerOf, readDateHeader, readKeyAndSignature, sameSignature } from './proof.ts'
import { byCodeUnit } from './request-target.ts'
import type { SignedRequest } from './port.ts'
import type { Proof } from './proof.ts'
import type { QueryPair, RequestTarget } from './request-target.ts'

export const ROA_SCHEME = 'acs '

export function readRoa(request: SignedRequest, target: RequestTarget, authorization: string, nowMs: number): Proof {
  const { accessKeyId, signature } = readKeyAndSignature(
    authorization.slice(ROA_SCHEME.length),
    'acs {accessKeyId}:{signature}',
  )
  const signedAtMs = readDateHeader(headerOf(request, 'date'), nowMs)
  const stringToSign = roaStringToSign(request, target)
  return {
    accessKeyId,
    securityToken: headerOf(request, 'x-acs-security-token'),
    nonce: headerOf(request, 'x-acs-signature-nonce') || null,
    signedAtMs,
    bodySha256: null,
    matches: (secret) => sameSignature(createHmac('sha1', secret).update(stringToSign).digest('base64'), signature),
  }
}

function roaStringToSign(request: SignedRequest, { path, pairs }: RequestTarget): string {
  let text = `${request.method}\n`
  for (const name of ['accept', 'content-md5', 'content-type', 'date']) text += `${headerOf(request, name)}\n`
  const names = Object.keys(request.headers).filter((name) => name.startsWith('x-acs-'))
  for (const name of names.sort(byCodeUnit)) text += `${name}:${headerOf(request, name).trim()}\n`
  if (pairs.length === 0) return text + path
  const sorted = pairs.toSorted((a, b) => byCodeUnit(a.key, b.key))
  return `${text}${path}?${sorted.map(queryText).join('&')}`
}

/** The scheme joins decoded parameters, so a separator inside one would make two different requests sign alike. */
function queryText({ key, value }: QueryPair): string {
  if (key.includes('=') || key.includes('&') || value?.includes('&')) {
    throw denied(
      `the ROA signature is ambiguous for a query with & inside a parameter, or with = in a name: sign parameter '${key}' with ACS3-HMAC-SHA256`,
    )
  }
  return `${key}=${value ?? ''}`
}
