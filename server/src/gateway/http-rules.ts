/** The rules of a trigger or domain in the form that requests need; read once per configuration, not per request. */
import type { JwtVerifier, JwtVerifierFactory } from '../auth/port.ts'
import type { JsonObject, JsonValue } from '../model.ts'
import { corsRules, type CorsRules } from './cors.ts'

export interface HttpRules {
  auth: { type: 'anonymous' } | { type: 'function' } | { type: 'jwt'; verifier: JwtVerifier }
  cors: CorsRules | null
  isPublicAddressOff: boolean
}

export type HttpRulesReader = (settings: JsonObject) => HttpRules

/** `settings`: `triggerConfig` of a trigger, or the settings of a domain (which hold `authConfig`). */
export function createHttpRulesReader(createJwtVerifier: JwtVerifierFactory): HttpRulesReader {
  const known = new WeakMap<JsonObject, HttpRules>()
  return (settings) => {
    let rules = known.get(settings)
    if (rules === undefined) {
      rules = read(settings, createJwtVerifier)
      known.set(settings, rules)
    }
    return rules
  }
}

function read(settings: JsonObject, createJwtVerifier: JwtVerifierFactory): HttpRules {
  return {
    auth: authOf(settings, createJwtVerifier),
    cors: corsRules(settings),
    isPublicAddressOff: settings['disableURLInternet'] === true,
  }
}

/** Triggers say `authType` beside their other settings, domains inside `authConfig`. Whatever is not known is not let in. */
function authOf(settings: JsonObject, createJwtVerifier: JwtVerifierFactory): HttpRules['auth'] {
  const nested = settings['authConfig']
  const inside = typeof nested === 'object' && nested !== null && !Array.isArray(nested) ? nested : undefined
  const given = settings['authType'] ?? inside?.['authType'] ?? 'anonymous'
  const type = typeof given === 'string' ? given.toLowerCase() : ''
  if (type === 'anonymous') return { type }
  if (type !== 'jwt') return { type: 'function' }
  const config: JsonValue = (inside !== undefined && 'authInfo' in inside ? inside['authInfo'] : nested) ?? null
  return { type, verifier: createJwtVerifier(config) }
}
