/** Cross-origin rules of an HTTP trigger or a custom domain (`corsConfig`, Function Compute 3.0), by the Fetch standard. */
import type { JsonObject, JsonValue } from '../model.ts'

export interface CorsRules {
  allowOrigins: string[]
  allowMethods: string[]
  allowHeaders: string[]
  exposeHeaders: string[]
  allowCredentials: boolean
  maxAgeSeconds: number
}

/** What cannot stand in a header is left out: it could be no origin, method or header name, and node:http would throw. */
const list = (value: JsonValue | undefined) =>
  Array.isArray(value)
    ? value.filter((each): each is string => typeof each === 'string' && /^[\x20-\x7e]*$/.test(each))
    : []
const METHODS = 'GET, POST, PUT, DELETE, HEAD, PATCH, OPTIONS'

/** Null when the configuration has no rules. */
export function corsRules(config: JsonObject | undefined): CorsRules | null {
  const given = config?.['corsConfig']
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  return {
    allowOrigins: list(given['allowOrigins']),
    allowMethods: list(given['allowMethods']),
    allowHeaders: list(given['allowHeaders']),
    exposeHeaders: list(given['exposeHeaders']),
    allowCredentials: given['allowCredentials'] === true,
    maxAgeSeconds: typeof given['maxAge'] === 'number' ? given['maxAge'] : 0,
  }
}

function allows(pattern: string, origin: string): boolean {
  if (pattern === '*' || pattern === origin) return true
  const star = pattern.indexOf('*')
  if (star < 0) return false
  const before = pattern.slice(0, star)
  const after = pattern.slice(star + 1)
  return origin.length >= before.length + after.length && origin.startsWith(before) && origin.endsWith(after)
}

/** Headers to add to an answer, flat; empty when the origin is not allowed. */
export function corsHeaders(rules: CorsRules, origin: string): string[] {
  if (origin === '' || !rules.allowOrigins.some((pattern) => allows(pattern, origin))) return []
  const isAny = rules.allowOrigins.includes('*') && !rules.allowCredentials
  const headers = ['Access-Control-Allow-Origin', isAny ? '*' : origin]
  if (!isAny) headers.push('Vary', 'Origin')
  if (rules.allowCredentials) headers.push('Access-Control-Allow-Credentials', 'true')
  if (rules.exposeHeaders.length > 0) headers.push('Access-Control-Expose-Headers', rules.exposeHeaders.join(', '))
  return headers
}

/** Headers that answer a preflight. */
export function preflightHeaders(rules: CorsRules, origin: string, requestedHeaders: string): string[] {
  const headers = corsHeaders(rules, origin)
  if (headers.length === 0) return headers
  headers.push('Access-Control-Allow-Methods', rules.allowMethods.length > 0 ? rules.allowMethods.join(', ') : METHODS)
  const allowed = rules.allowHeaders.includes('*') ? requestedHeaders : rules.allowHeaders.join(', ')
  if (allowed !== '') headers.push('Access-Control-Allow-Headers', allowed)
  if (rules.maxAgeSeconds > 0) headers.push('Access-Control-Max-Age', String(rules.maxAgeSeconds))
  return headers
}
