/**
 * Short-lived credentials that nobody stores: the security token carries what they stand for, sealed with the token
 * key, and the secret follows from the key id.
 */
import { createHmac } from 'node:crypto'
import { denied, sameSignature } from './proof.ts'
import type { Random } from '../clock.ts'
import type { TokenIssuer } from './port.ts'

export const STS_PREFIX = 'STS.'
/** Function Compute: about 36 hours. */
export const TOKEN_LIFETIME_MS = 36 * 60 * 60 * 1000
const TOKEN_LENGTH_MAX = 4096
const KEY_ID_BYTES = 15

export interface Session {
  functionKey: string
  role: string
  expiresAtMs: number
}

interface TokenPayload extends Session {
  accessKeyId: string
}

export function createTokenIssuer(options: { tokenKey: Buffer }, deps: { random: Random }): TokenIssuer {
  return {
    issue(functionKey, role, nowMs) {
      const accessKeyId = STS_PREFIX + deps.random.bytes(KEY_ID_BYTES).toString('base64url')
      const expiresAtMs = nowMs + TOKEN_LIFETIME_MS
      const payload: TokenPayload = { accessKeyId, functionKey, role, expiresAtMs }
      const body = Buffer.from(JSON.stringify(payload)).toString('base64url')
      return {
        accessKeyId,
        accessKeySecret: sessionSecret(options.tokenKey, accessKeyId),
        securityToken: `${body}.${seal(options.tokenKey, body)}`,
        expiresAtMs,
      }
    },
  }
}

/** Throws AccessDenied when the token is missing, not ours, of another key, or expired. */
export function readSecurityToken(tokenKey: Buffer, token: string, accessKeyId: string, nowMs: number): Session {
  if (token === '') throw denied(`the access key ID '${accessKeyId}' needs its security token with every request`)
  const dot = token.lastIndexOf('.')
  const body = token.slice(0, Math.max(dot, 0))
  if (token.length > TOKEN_LENGTH_MAX || !sameSignature(seal(tokenKey, body), token.slice(dot + 1))) {
    throw denied('the security token is not valid')
  }
  const payload = JSON.parse(Buffer.from(body, 'base64url').toString()) as TokenPayload
  if (payload.accessKeyId !== accessKeyId) throw denied(`the security token is not of access key ID '${accessKeyId}'`)
  if (nowMs >= payload.expiresAtMs) {
    throw denied(`the security token expired at ${new Date(payload.expiresAtMs).toISOString()}`)
  }
  return payload
}

/** Two purposes, two labels: a seal can never serve as a secret. */
function seal(tokenKey: Buffer, body: string): string {
  return createHmac('sha256', tokenKey).update(`security-token\n${body}`).digest('base64url')
}

export function sessionSecret(tokenKey: Buffer, accessKeyId: string): string {
  return createHmac('sha256', tokenKey).update(`access-key-secret\n${accessKeyId}`).digest('base64url')
}
