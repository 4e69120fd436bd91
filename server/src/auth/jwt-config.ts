/** The `authConfig` of `jwt` authorisation: every spelling the wire allows, read into one shape, or refused. */
import { createPublicKey, createSecretKey } from 'node:crypto'
import { FcError } from '../errors.ts'
import type { KeyObject } from 'node:crypto'
import type { JsonObject, JsonValue } from '../model.ts'

export type ParameterPosition = 'header' | 'cookie' | 'query' | 'form'

export interface TokenLookup {
  position: ParameterPosition
  /** Lower case for headers. */
  name: string
  /** Headers only; empty when none. */
  prefix: string
}

export interface ClaimMapping {
  position: ParameterPosition
  /** Lower case for headers. */
  name: string
  claim: string
}

export interface VerificationKey {
  /** Undefined when the key has none. */
  kid: string | undefined
  /** The one algorithm this key verifies, so that no token can choose another. */
  algorithm: string
  key: KeyObject
}

export interface JwtConfig {
  keys: VerificationKey[]
  lookups: TokenLookup[]
  claims: ClaimMapping[]
  /** Which paths need a token. */
  paths: { kind: 'all' } | { kind: 'allBut' | 'only'; patterns: string[] }
}

const KEYS_MAX = 100
const ENTRIES_MAX = 100
const RSA_MODULUS_BITS_MIN = 2048
const POSITIONS: readonly string[] = ['header', 'cookie', 'query', 'form']

/** Headers that carry the request itself: no claim may take their place. */
const FRAMING_HEADERS = [
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'transfer-encoding',
  'upgrade',
]

/** What names of headers and cookies are made of (RFC 9110, `token`). */
const TOKEN_CHARACTERS = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

const ALGORITHMS_BY_KEY_TYPE: ReadonlyMap<string, readonly [string, ...string[]]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC P-256', ['ES256']],
  ['EC P-384', ['ES384']],
  ['EC P-521', ['ES512']],
  ['OKP Ed25519', ['EdDSA', 'Ed25519']],
  ['oct', ['HS256', 'HS384', 'HS512']],
])
const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y']

/** Throws InvalidArgument that names the field and what it accepts. */
export function parseJwtConfig(authConfig: JsonValue): JwtConfig {
  const config = caseBlind(typeof authConfig === 'string' ? parseJson(authConfig) : authConfig, 'authConfig')
  const whitelist = readPatterns(config, 'whitelist')
  const blacklist = readPatterns(config, 'blacklist')
  if (whitelist.length > 0 && blacklist.length > 0) {
    throw invalid('whitelist', 'left out when authConfig.blacklist is set: one of the two is accepted')
  }
  return {
    keys: readKeys(config['jwks'] ?? null),
    lookups: readLookups(config['tokenlookup'] ?? null),
    claims: readClaims(config['claimpassby'] ?? null),
    paths:
      whitelist.length > 0
        ? { kind: 'allBut', patterns: whitelist }
        : blacklist.length > 0
          ? { kind: 'only', patterns: blacklist }
          : { kind: 'all' },
  }
}

function invalid(field: string, expected: string): FcError {
  return new FcError('InvalidArgument', `authConfig.${field} must be ${expected}`)
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    throw new FcError('InvalidArgument', 'authConfig must be a JSON object, or text that holds one')
  }
}

/** With lower-case names: the vendor writes both `jwks` and `JWKS`. */
function caseBlind(value: JsonValue, field: string): JsonObject {
  if (!isObject(value)) throw new FcError('InvalidArgument', `${field} must be an object`)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]))
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readKeys(jwks: JsonValue): VerificationKey[] {
  const keys = isObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > KEYS_MAX) {
    throw invalid('jwks', `a JSON Web Key Set with 1 to ${KEYS_MAX} keys`)
  }
  return keys.map((key, index) => readKey(key, `jwks.keys[${index}]`))
}

/** A key that was given with its private part is used as a public key. */
function readKey(jwk: JsonValue, field: string): VerificationKey {
  if (!isObject(jwk)) throw invalid(field, 'a JSON Web Key')
  const { kty, crv, kid, alg, use } = jwk
  const keyType = typeof crv === 'string' ? `${textOf(kty)} ${crv}` : textOf(kty)
  const accepted = ALGORITHMS_BY_KEY_TYPE.get(keyType)
  if (accepted === undefined) throw invalid(field, `a key of type ${[...ALGORITHMS_BY_KEY_TYPE.keys()].join(', ')}`)
  const algorithm = alg === undefined ? accepted[0] : textOf(alg)
  if (!accepted.includes(algorithm)) throw invalid(`${field}.alg`, accepted.join(', '))
  if (use !== undefined && use !== 'sig') throw invalid(`${field}.use`, `'sig'`)
  return { kid: textOf(kid) || undefined, algorithm, key: importKey(jwk, field) }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function importKey(jwk: JsonObject, field: string): KeyObject {
  if (jwk['kty'] === 'oct') {
    const secret = Buffer.from(textOf(jwk['k']), 'base64url')
    if (secret.length === 0) throw invalid(`${field}.k`, 'a secret in base64url')
    return createSecretKey(secret)
  }
  let key: KeyObject
  try {
    const publicPart = Object.fromEntries(Object.entries(jwk).filter(([name]) => PUBLIC_MEMBERS.includes(name)))
    key = createPublicKey({ key: publicPart, format: 'jwk' })
  } catch {
    throw invalid(field, 'a complete public key')
  }
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < RSA_MODULUS_BITS_MIN) {
    throw invalid(`${field}.n`, `a modulus of at least ${RSA_MODULUS_BITS_MIN} bits`)
  }
  return key
}

const LOOKUP_FORMS = `'position:name' or 'header:name:prefix', joined by commas, or a list of {readPosition, parameterName, prefix}, where position is ${POSITIONS.join(', ')}`

function readLookups(value: JsonValue): TokenLookup[] {
  const lookups = readEntries(value, 'tokenLookup', LOOKUP_FORMS, 'readPosition', ['parameterName', 'prefix'])
  if (lookups.length === 0) throw invalid('tokenLookup', LOOKUP_FORMS)
  return lookups.map(({ position, texts: [name = '', prefix = ''] }) => {
    if (name === '') throw invalid('tokenLookup', LOOKUP_FORMS)
    return { position, name: position === 'header' ? name.toLowerCase() : name, prefix }
  })
}

const CLAIM_FORMS = `'position:claim:name', joined by commas, or a list of {mappingParameterPosition, claimName, mappingParameterName}, where position is ${POSITIONS.join(', ')}`

/** An entry without a claim maps nothing: the vendor's tool writes `query::` when no mapping is wanted. */
function readClaims(value: JsonValue): ClaimMapping[] {
  const members = ['claimName', 'mappingParameterName']
  const entries = readEntries(value, 'claimPassBy', CLAIM_FORMS, 'mappingParameterPosition', members)
  return entries
    .filter(({ texts: [claim = '', name = ''] }) => claim !== '' && name !== '')
    .map(({ position, texts: [claim = '', name = ''] }) => {
      if (position === 'query' || position === 'form') return { position, name, claim }
      const mapped = position === 'header' ? name.toLowerCase() : name
      if (!TOKEN_CHARACTERS.test(mapped) || (position === 'header' && FRAMING_HEADERS.includes(mapped))) {
        throw invalid('claimPassBy', `made of ${position} names that a claim may set; '${name}' is not one`)
      }
      return { position, name: mapped, claim }
    })
}

interface Entry {
  position: ParameterPosition
  texts: string[]
}

/** Reads compact text (`position:a:b,…`) or a list of objects, whose members are named by the last two arguments. */
function readEntries(
  value: JsonValue,
  field: string,
  forms: string,
  positionMember: string,
  members: readonly string[],
): Entry[] {
  if (value === null || value === '') return []
  const list = typeof value === 'string' ? value.split(',', ENTRIES_MAX + 1) : value
  if (!Array.isArray(list)) throw invalid(field, forms)
  if (list.length > ENTRIES_MAX) throw invalid(field, `at most ${ENTRIES_MAX} entries`)
  return list.map((item) => {
    const parts = typeof item === 'string' ? item.trim().split(':') : objectParts(item, [positionMember, ...members])
    const [position, ...texts] = parts ?? []
    if (position === undefined || !POSITIONS.includes(position) || texts.length > members.length) {
      throw invalid(field, forms)
    }
    return { position: position as ParameterPosition, texts }
  })
}

function objectParts(item: JsonValue, members: readonly string[]): string[] | undefined {
  if (!isObject(item)) return undefined
  const parts = members.map((member) => item[member] ?? '')
  return parts.every((part) => typeof part === 'string') ? parts : undefined
}

function readPatterns(config: JsonObject, field: string): string[] {
  const value = config[field] ?? []
  const forms = `a list of at most ${ENTRIES_MAX} paths that start with /, where only the last character may be *`
  if (!Array.isArray(value) || value.length > ENTRIES_MAX) throw invalid(field, forms)
  return value.map((pattern) => {
    const star = typeof pattern === 'string' ? pattern.indexOf('*') : 0
    if (typeof pattern !== 'string' || !pattern.startsWith('/') || (star >= 0 && star < pattern.length - 1)) {
      throw invalid(field, forms)
    }
    return pattern
  })
}
