/** Every key that may sign a request: the account's, and the short-lived ones that this installation gave out. */
import { readSessionPolicy } from './policy.ts'
import { STS_PREFIX, readSecurityToken, sessionSecret } from './security-token.ts'
import type { KeyRing, Principal } from './port.ts'
import type { Session } from './security-token.ts'

export interface KeyRingOptions {
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  tokenKey: Buffer
}

export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { accountId, accessKeyId, accessKeySecret, tokenKey } = options
  const accountKey = { secret: accessKeySecret, principal: { kind: 'account', accountId } } as const
  return {
    find(keyId, securityToken, nowMs) {
      if (keyId === accessKeyId) return accountKey
      if (!keyId.startsWith(STS_PREFIX)) {
        return { refusal: 'unknownKey', message: `invalid access key ID '${keyId}'` }
      }
      const session = readSecurityToken(tokenKey, securityToken, keyId, nowMs)
      if ('refusal' in session) return session
      return { secret: sessionSecret(tokenKey, keyId), principal: principalOf(session, accountId) }
    },
  }
}

function principalOf(session: Session, accountId: string): Principal {
  const { expiresAtMs: _, ...who } = session
  if (who.kind !== 'assumedRole') return { ...who, accountId }
  return { ...who, accountId, policy: who.policy === null ? null : readSessionPolicy(who.policy) }
}
