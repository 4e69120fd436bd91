/** Answers as the wire has them: XML, errors, and the headers that each of them carries. */
import { utf8Header } from './auth/proof.ts'
import { percentEncode } from './target.ts'
import { xmlDocument, type XmlValue } from './xml.ts'
import type { OssError } from '../port.ts'
import type { Answer } from './exchange.ts'

export function xmlAnswer(root: string, content: XmlValue, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body: xmlDocument(root, content) }
}

export function emptyAnswer(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers }
}

export function errorDocument(error: OssError, requestId: string, host: string): string {
  // Those that begin in lower case are for the wire, which tells them in headers.
  const elements = Object.entries(error.details).filter(([name]) => /^[A-Z]/.test(name))
  return xmlDocument('Error', {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: utf8Header(host),
    ...Object.fromEntries(elements),
  })
}

/** An error's answer; that of a HEAD has no body, and carries the document in a header. */
export function errorAnswer(error: OssError, request: { method: string; requestId: string; host: string }): Answer {
  const body = errorDocument(error, request.requestId, request.host)
  const { isDeleteMarker, versionId } = error.details
  const headers = {
    ...error.headers,
    ...(isDeleteMarker !== undefined && { 'x-oss-delete-marker': isDeleteMarker }),
    ...(isDeleteMarker !== undefined && versionId !== undefined && { 'x-oss-version-id': versionId }),
    'content-type': 'application/xml',
  }
  if (request.method !== 'HEAD') return { status: error.status, headers, body }
  return { status: error.status, headers: { ...headers, 'x-oss-err': Buffer.from(body).toString('base64') } }
}

/** A header value as node:http wants it: bytes of UTF-8, and none that would begin another header. */
export function headerValue(text: string): string {
  if (SENDABLE.test(text)) return text
  const line = text.replaceAll(UNSENDABLE, ' ')
  return Buffer.from(line).toString('latin1')
}

const SENDABLE = /^[\t\u0020-\u007e]*$/
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSENDABLE = /[\u0000-\u0008\u000a-\u001f\u007f]/g

/** For lists: with `encoding-type=url`, keys and what is made of them go percent-encoded. */
export function keyEncoder(encodingType: string | undefined): (text: string) => string {
  return encodingType === 'url' ? percentEncode : (text) => text
}

/** With quotes, as the ETag header has it. */
export function quoted(etag: string): string {
  return `"${etag}"`
}

/** Whole seconds: the Python client reads `.000Z` and nothing else. */
export function isoTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}.000Z`
}

export function httpTime(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}
