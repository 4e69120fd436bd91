/** Finds a token in the parameters of a request, and puts claims into them. */
import { denied } from './proof.ts'
import { readQuery } from './request-target.ts'
import type { ClaimMapping, TokenLookup } from './jwt-config.ts'
import type { JwtPassed, JwtRequest } from './port.ts'

/** The first place that holds a token counts; undefined when none does. */
export function findToken(lookups: readonly TokenLookup[], request: JwtRequest): string | undefined {
  for (const lookup of lookups) {
    const token = tokenAt(lookup, request)
    if (token !== undefined && token !== '') return token
  }
  return undefined
}

function tokenAt({ position, name, prefix }: TokenLookup, request: JwtRequest): string | undefined {
  if (position === 'query') return parameter('query', name, request.query)
  if (position === 'form') return request.form === null ? undefined : parameter('form', name, request.form)
  if (position === 'cookie') {
    const named = cookies(request).filter((cookie) => cookieName(cookie) === name)
    return onlyValue('cookie', name, named.map(cookieValue))
  }
  const value = headerText(request, name)
  return value.startsWith(prefix) ? value.slice(prefix.length).trim() : undefined
}

function parameter(position: string, name: string, encoded: string): string | undefined {
  const pairs = readQuery(encoded).filter(({ key }) => key === name)
  return onlyValue(
    position,
    name,
    pairs.map(({ value }) => value ?? ''),
  )
}

/** Two tokens would let us check one and the function read the other. */
function onlyValue(position: string, name: string, values: readonly string[]): string | undefined {
  if (values.length > 1) throw denied(`the ${position} parameter '${name}' holds more than one jwt; send one`)
  return values[0]
}

/**
 * The parameters that claims are mapped to hold the claim, or nothing when the token lacks it: what the client sent
 * under their names is removed, so that a function can rely on them.
 */
export function passClaims(
  mappings: readonly ClaimMapping[],
  claims: Readonly<Record<string, unknown>>,
  request: JwtRequest,
): JwtPassed {
  const headers: Record<string, string | null> = {}
  let { query, form } = request
  let cookieHeader = cookies(request)
  for (const { position, name, claim } of mappings) {
    const value = Object.hasOwn(claims, claim) ? claimText(claims[claim]) : null
    if (position === 'header') headers[name] = value === null ? null : headerValue(claim, value)
    if (position === 'query') query = replaceParameter(query, name, value)
    if (position === 'form' && form !== null) form = replaceParameter(form, name, value)
    if (position === 'cookie') {
      cookieHeader = cookieHeader.filter((cookie) => cookieName(cookie) !== name)
      if (value !== null) cookieHeader.push(`${name}=${encodeURIComponent(value)}`)
      headers['cookie'] = cookieHeader.length > 0 ? cookieHeader.join('; ') : null
    }
  }
  return { headers, query, form }
}

function claimText(claim: unknown): string {
  return typeof claim === 'string' ? claim : JSON.stringify(claim)
}

/** UTF-8 bytes, one character each, as node:http wants them. A line break would start another header. */
function headerValue(claim: string, value: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(value))
    throw denied(`the claim '${claim}' of the jwt has control characters; a header cannot hold them`)
  return Buffer.from(value).toString('latin1')
}

function replaceParameter(encoded: string, name: string, value: string | null): string {
  const kept = encoded.split('&').filter((part) => part !== '' && readQuery(part)[0]?.key !== name)
  if (value !== null) kept.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return kept.join('&')
}

function headerText(request: JwtRequest, name: string): string {
  const value = request.headers[name] ?? ''
  return typeof value === 'string' ? value : value.join(', ')
}

function cookies(request: JwtRequest): string[] {
  const value = request.headers['cookie'] ?? ''
  const text = typeof value === 'string' ? value : value.join(';')
  return text
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '')
}

function cookieName(cookie: string): string {
  const equals = cookie.indexOf('=')
  return equals < 0 ? cookie : cookie.slice(0, equals).trim()
}

function cookieValue(cookie: string): string {
  const equals = cookie.indexOf('=')
  return equals < 0 ? '' : cookie.slice(equals + 1).trim()
}
