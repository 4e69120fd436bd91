/** ACS3-HMAC-SHA256 as the 2021 and 2023 API versions want it (reference §3.2). */
import { createHash, createHmac } from 'node:crypto'

export interface KeyPair {
  accessKeyId: string
  accessKeySecret: string
  securityToken?: string
}

export interface Unsigned {
  method: string
  /** As it goes on the wire, without query. */
  path: string
  query: readonly (readonly [key: string, value: string])[]
  /** `host` with the port when it is not the scheme's own. */
  host: string
  /** Empty when there is no body. */
  contentType: string
  body: Buffer
  apiVersion: string
  action: string
  /** ISO 8601 UTC in whole seconds. */
  date: string
  nonce: string
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

/** RFC 3986: everything but letters, digits and `-_.~` is escaped. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function encodeQuery(query: Unsigned['query']): string {
  return [...query]
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([key, value]) => `${key}=${percentEncode(value)}`)
    .join('&')
}

/** The headers to send, `authorization` included. */
export function signRequest(request: Unsigned, keys: KeyPair): Record<string, string> {
  const headers: Record<string, string> = {
    host: request.host,
    'x-acs-action': request.action,
    'x-acs-content-sha256': sha256(request.body),
    'x-acs-date': request.date,
    'x-acs-signature-nonce': request.nonce,
    'x-acs-version': request.apiVersion,
  }
  if (request.contentType !== '') headers['content-type'] = request.contentType
  if (keys.securityToken === undefined) {
    headers['x-acs-credentials-provider'] = 'static_ak'
  } else {
    headers['x-acs-accesskey-id'] = keys.accessKeyId
    headers['x-acs-security-token'] = keys.securityToken
  }
  const names = Object.keys(headers).toSorted()
  const canonical = [
    request.method,
    request.path,
    encodeQuery(request.query),
    ...names.map((name) => `${name}:${headers[name]!.trim()}`),
    '',
    names.join(';'),
    headers['x-acs-content-sha256'],
  ].join('\n')
  const signature = createHmac('sha256', keys.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex')
  return {
    ...headers,
    authorization: `ACS3-HMAC-SHA256 Credential=${keys.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`,
  }
}
