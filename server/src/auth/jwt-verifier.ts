/** Authorises requests by JSON Web Tokens (`authType: jwt`). */
import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { parseJwtConfig } from './jwt-config.ts'
import { findToken, passClaims } from './jwt-parameters.ts'
import { needsToken } from './jwt-paths.ts'
import { denied } from './proof.ts'
import type { JWTPayload } from 'jose'
import type { Clock } from '../clock.ts'
import type { JsonValue } from '../model.ts'
import type { VerificationKey } from './jwt-config.ts'
import type { JwtVerifier } from './port.ts'

const TOKEN_LENGTH_MAX = 8192

/** Throws InvalidArgument that names the field of `authConfig` that is not right. */
export function createJwtVerifier(authConfig: JsonValue, deps: { clock: Clock }): JwtVerifier {
  const { keys, lookups, claims, paths } = parseJwtConfig(authConfig)
  const places = lookups.map(({ position, name }) => `${position} '${name}'`).join(', ')
  return {
    usesForm: lookups.some(({ position }) => position === 'form') || claims.some(({ position }) => position === 'form'),
    async verify(request) {
      if (!needsToken(paths, request.path)) return { headers: {}, query: request.query, form: request.form }
      const token = findToken(lookups, request)
      if (token === undefined) throw denied(`the jwt is missing; send it in ${places}`)
      const payload = await verifyToken(token, keys, deps.clock.nowMs())
      return passClaims(claims, payload, request)
    },
  }
}

/** The key decides the algorithm; the token's header only helps to find the key. */
async function verifyToken(token: string, keys: readonly VerificationKey[], nowMs: number): Promise<JWTPayload> {
  if (token.length > TOKEN_LENGTH_MAX) throw denied(`the jwt is longer than ${TOKEN_LENGTH_MAX} characters`)
  for (const { key, algorithm } of candidates(token, keys)) {
    try {
      const { payload } = await jwtVerify(token, key, { algorithms: [algorithm], currentDate: new Date(nowMs) })
      return payload
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue
      throw denied(`the jwt is not valid: ${reason(error)}`)
    }
  }
  throw denied('the jwt is not valid: its signature matches none of the configured keys')
}

function candidates(token: string, keys: readonly VerificationKey[]): VerificationKey[] {
  let header: { alg?: string; kid?: string }
  try {
    header = decodeProtectedHeader(token)
  } catch {
    throw denied('the jwt is not valid: it is malformed')
  }
  return keys.filter(
    ({ kid, algorithm }) =>
      algorithm === header.alg && (kid === undefined || header.kid === undefined || kid === header.kid),
  )
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' ? 'its time has not come yet (nbf)' : `its claim '${error.claim}' is not acceptable`
  }
  return 'it is malformed'
}
