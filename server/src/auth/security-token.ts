/**
 * Short-lived credentials that nobody stores: the security token carries what they stand for, sealed with the token
 * key, and the secret follows from the key id.
 */
import { createHmac } from 'node:crypto'
import { sameSignature } from './proof.ts'
import type { Random } from '../clock.ts'
import type { Credentials, KeyRefusal, TokenIssuer } from './port.ts'

export const STS_PREFIX = 'STS.'
/** Function Compute: about 36 hours. */
export const TOKEN_LIFETIME_MS = 36 * 60 * 60 * 1000
/** Characters of the policy of a session, as RAM has it. */
export const SESSION_POLICY_LENGTH_MAX = 2048
/** Of a character of a policy in a token: three bytes of UTF-8 at most, four in base64. */
const POLICY_CHARACTER_LENGTH_MAX = 4
const TOKEN_LENGTH_MAX = 4096 + POLICY_CHARACTER_LENGTH_MAX * SESSION_POLICY_LENGTH_MAX
const KEY_ID_BYTES = 15

export type Session =
  | { kind: 'function'; functionKey: string; role: string; expiresAtMs: number }
  | { kind: 'assumedRole'; role: string; sessionName: string; policy: string | null; expiresAtMs: number }
  | { kind: 'upload'; bucket: string; key: string; expiresAtMs: number }

type TokenPayload = Session & { accessKeyId: string }

export function createTokenIssuer(options: { tokenKey: Buffer }, deps: { random: Random }): TokenIssuer {
  function issue(session: Session): Credentials {
    const accessKeyId = STS_PREFIX + deps.random.bytes(KEY_ID_BYTES).toString('base64url')
    const payload: TokenPayload = { accessKeyId, ...session }
    const body = Buffer.from(JSON.stringify(payload)).toString('base64url')
    return {
      accessKeyId,
      accessKeySecret: sessionSecret(options.tokenKey, accessKeyId),
      securityToken: `${body}.${seal(options.tokenKey, body)}`,
      expiresAtMs: session.expiresAtMs,
    }
  }
  return {
    issue: (functionKey, role, nowMs) =>
      issue({ kind: 'function', functionKey, role, expiresAtMs: nowMs + TOKEN_LIFETIME_MS }),
    issueForRole: (session, lifetimeMs, nowMs) =>
      issue({ kind: 'assumedRole', ...session, expiresAtMs: nowMs + lifetimeMs }),
    issueForUpload: (bucket, key, lifetimeMs, nowMs) =>
      issue({ kind: 'upload', bucket, key, expiresAtMs: nowMs + lifetimeMs }),
  }
}

/** A refusal when the token is missing, not ours, of another key, or expired. */
export function readSecurityToken(
  tokenKey: Buffer,
  token: string,
  accessKeyId: string,
  nowMs: number,
): Session | KeyRefusal {
  if (token === '') return invalid(`the access key ID '${accessKeyId}' needs its security token with every request`)
  const dot = token.lastIndexOf('.')
  const body = token.slice(0, Math.max(dot, 0))
  if (token.length > TOKEN_LENGTH_MAX || !sameSignature(seal(tokenKey, body), token.slice(dot + 1))) {
    return invalid('the security token is not valid')
  }
  const { accessKeyId: owner, ...session } = JSON.parse(Buffer.from(body, 'base64url').toString()) as TokenPayload
  if (owner !== accessKeyId) return invalid(`the security token is not of access key ID '${accessKeyId}'`)
  if (nowMs >= session.expiresAtMs) {
    const expired = new Date(session.expiresAtMs).toISOString()
    return { refusal: 'expiredToken', message: `the security token expired at ${expired}` }
  }
  return session
}

function invalid(message: string): KeyRefusal {
  return { refusal: 'invalidToken', message }
}

/** Two purposes, two labels: a seal can never serve as a secret. */
function seal(tokenKey: Buffer, body: string): string {
  return createHmac('sha256', tokenKey).update(`security-token\n${body}`).digest('base64url')
}

export function sessionSecret(tokenKey: Buffer, accessKeyId: string): string {
  return createHmac('sha256', tokenKey).update(`access-key-secret\n${accessKeyId}`).digest('base64url')
}
