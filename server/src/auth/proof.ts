/** What every signature scheme reads from a request, before anyone knows whether it is true. */
import { timingSafeEqual } from 'node:crypto'
import { FcError } from '../errors.ts'
import type { SignedRequest } from './port.ts'

/** How far a request's date may be from ours, either way. */
export const CLOCK_SKEW_MAX_MS = 15 * 60 * 1000
const ACCESS_KEY_ID_LENGTH_MAX = 128

export interface Proof {
  accessKeyId: string
  /** Empty when none was sent. */
  securityToken: string
  /** Null when the request carries none; when it does, it is signed. */
  nonce: string | null
  /** When the request says it was signed; only meaningful together with a nonce. */
  signedAtMs: number
  bodySha256: string | null
  /** Whether the signature is the one that this secret makes. */
  matches(secret: string): boolean
}

/** A header's value, empty when absent. Throws AccessDenied when it was sent more than once. */
export function headerOf(request: SignedRequest, name: string): string {
  const value = request.headers[name]
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (value.length > 1) throw denied(`the header '${name}' was sent ${value.length} times; it may be sent once`)
  return value[0] ?? ''
}

export function denied(message: string): FcError {
  return new FcError('AccessDenied', message)
}

/** Takes as long for equal as for different text of the same length. */
export function sameSignature(expected: string, provided: string): boolean {
  const ours = Buffer.from(expected)
  const theirs = Buffer.from(provided)
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}

/** Takes `{accessKeyId}:{signature}` apart, as FC and ROA write it. */
export function readKeyAndSignature(credentials: string, form: string): { accessKeyId: string; signature: string } {
  const colon = credentials.indexOf(':')
  const signature = credentials.slice(colon + 1)
  if (colon < 0 || signature === '') throw denied(`the Authorization header is malformed; it must read '${form}'`)
  return { accessKeyId: checkAccessKeyId(credentials.slice(0, colon)), signature }
}

export function checkAccessKeyId(accessKeyId: string): string {
  if (accessKeyId !== '' && accessKeyId.length <= ACCESS_KEY_ID_LENGTH_MAX) return accessKeyId
  throw denied(`the access key ID must have 1 to ${ACCESS_KEY_ID_LENGTH_MAX} characters`)
}

/** The `Date` header in ms. Throws AccessDenied when it is missing, not a date, or too far from now. */
export function readDateHeader(date: string, nowMs: number): number {
  if (date === '') {
    throw denied(
      `the Date header is missing; it must hold the time of signing, such as '${new Date(nowMs).toUTCString()}'`,
    )
  }
  // Without a zone the date would mean something else on each host.
  const timeMs = date.endsWith(' GMT') || date.endsWith(' UTC') ? Date.parse(date) : Number.NaN
  if (Number.isNaN(timeMs)) {
    throw denied(`the Date header is malformed; it must look like '${new Date(nowMs).toUTCString()}'`)
  }
  checkSkew('Date', timeMs, nowMs)
  return timeMs
}

export function checkSkew(header: string, timeMs: number, nowMs: number): void {
  if (Math.abs(timeMs - nowMs) <= CLOCK_SKEW_MAX_MS) return
  const minutes = CLOCK_SKEW_MAX_MS / 60_000
  throw denied(
    `the ${header} header is more than ${minutes} minutes away from the server's time, ${new Date(nowMs).toISOString()}`,
  )
}
