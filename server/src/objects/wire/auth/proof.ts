/** What every signature scheme reads from a request, before anyone knows whether it is true. */
import type { IncomingHttpHeaders } from 'node:http'
import { CLOCK_SKEW_MAX_MS } from '../../../auth/port.ts'
import { OssError } from '../../port.ts'
import type { Reading } from '../addressing.ts'
import type { Query } from '../target.ts'

/** The parts of a request that signatures cover. */
export interface SignedParts {
  method: string
  headers: IncomingHttpHeaders
  query: Query
}

/** A text that may have been signed, and what an error shows of how it came about. */
export interface Signable {
  stringToSign: string
  canonicalRequest?: string
}

export interface Proof {
  accessKeyId: string
  /** Empty when none was sent. */
  securityToken: string
  signature: string
  /** What can have been signed for this reading, the likeliest first: clients differ in details. */
  signables(reading: Reading): Signable[]
  sign(stringToSign: string, secret: string): string
}

export function denied(message: string, details: Record<string, string> = {}): OssError {
  return new OssError('AccessDenied', message, details)
}

export function invalid(message: string, argument: string, value: string): OssError {
  return new OssError('InvalidArgument', message, { ArgumentName: argument, ArgumentValue: value })
}

/** A header's value, empty when absent; those that came twice are joined as node:http does. */
export function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return value === undefined ? '' : Array.isArray(value) ? value.join(', ') : value
}

export function checkSkew(timeMs: number, nowMs: number): void {
  if (Math.abs(timeMs - nowMs) <= CLOCK_SKEW_MAX_MS) return
  throw new OssError(
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
    {
      MaxAllowedSkewMilliseconds: String(CLOCK_SKEW_MAX_MS),
      RequestTime: new Date(timeMs).toISOString(),
      ServerTime: new Date(nowMs).toISOString(),
    },
  )
}

/** `yyyymmddTHHMMSSZ`; undefined when it is something else. */
export function readBasicDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second)
  return Number.isNaN(timeMs) ? undefined : timeMs
}

/** The time of signing, RFC 1123 or ISO 8601 basic. Throws AccessDenied, RequestTimeTooSkewed. */
export function checkDate(date: string, nowMs: number): void {
  // Without a zone the date would mean something else on each host.
  const rfcMs = date.endsWith(' GMT') || date.endsWith(' UTC') ? Date.parse(date) : Number.NaN
  const timeMs = Number.isNaN(rfcMs) ? readBasicDate(date) : rfcMs
  if (timeMs === undefined) {
    throw denied(
      `OSS authentication requires a valid date: x-oss-date or Date such as '${new Date(nowMs).toUTCString()}'.`,
    )
  }
  checkSkew(timeMs, nowMs)
}

const DIGITS = /^\d{1,11}$/

/** Whole seconds, of a query parameter. */
export function readSeconds(name: string, text: string | undefined): number {
  if (text === undefined || !DIGITS.test(text)) {
    throw invalid(`${name} must be a whole number of seconds.`, name, text ?? '')
  }
  return Number(text)
}

/** Of a presigned URL. Throws AccessDenied. */
export function checkNotExpired(expiresMs: number, nowMs: number): void {
  if (nowMs <= expiresMs) return
  throw denied('Request has expired.', {
    Expires: new Date(expiresMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  })
}

/** `a;b`, in lower case, each once. */
export function readNames(text: string | undefined): string[] {
  const names = (text ?? '').toLowerCase().split(';')
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]
}

/** Header values as the client may have signed them: node:http reads bytes as Latin-1, and most clients mean UTF-8. */
export function headerSpellings(parts: SignedParts, names: readonly string[]): ((name: string) => string)[] {
  const asRead = (name: string) => headerText(parts.headers, name).trim()
  const asUtf8 = (name: string) => utf8Header(asRead(name))
  return names.some((name) => asRead(name) !== asUtf8(name)) ? [asUtf8, asRead] : [asRead]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
// oxlint-disable-next-line no-control-regex -- ASCII is meant
const ASCII = /^[\u0000-\u007f]*$/

/** A header's text; bytes that are no UTF-8 stay as node:http read them. */
export function utf8Header(value: string): string {
  if (ASCII.test(value)) return value
  try {
    return utf8.decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

export function signedHeaderNames(headers: IncomingHttpHeaders): string[] {
  return Object.keys(headers)
    .filter((name) => name.startsWith('x-oss-'))
    .sort(byCodeUnit)
}

export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
