/** The signature of a form upload: over its policy, in version 1 or 4. */
import { createHmac } from 'node:crypto'
import { sameSignature } from '../../../auth/port.ts'
import { findKey, signatureDoesNotMatch } from './authenticate.ts'
import { denied } from './proof.ts'
import { V4_SCHEME, readDate, readScope, signV4 } from './v4.ts'
import type { KeyRing, Principal } from '../../../auth/port.ts'

/**
 * Whose form it is; null: it carries no signature, and is anonymous. `fields`: lower-case names. What the policy itself
 * demands, its expiry included, is for the caller to check. Throws AccessDenied, InvalidAccessKeyId,
 * SecurityTokenExpired, SignatureDoesNotMatch.
 */
export function verifyPostPolicy(
  fields: ReadonlyMap<string, string>,
  keys: KeyRing,
  nowMs: number,
): { principal: Principal } | null {
  const policy = fields.get('policy')
  const isV4 = fields.get('x-oss-signature-version') === V4_SCHEME
  const signature = fields.get(isV4 ? 'x-oss-signature' : 'signature')
  const credential = fields.get(isV4 ? 'x-oss-credential' : 'ossaccesskeyid')
  if (policy === undefined && signature === undefined && credential === undefined) return null
  if (policy === undefined || signature === undefined || credential === undefined) {
    throw denied(
      isV4
        ? 'A signed form needs the fields policy, x-oss-credential, x-oss-date and x-oss-signature.'
        : 'A signed form needs the fields policy, OSSAccessKeyId and Signature.',
    )
  }
  const securityToken = fields.get('x-oss-security-token') ?? ''
  let accessKeyId = credential
  let sign = (secret: string) => createHmac('sha1', secret).update(policy).digest('base64')
  if (isV4) {
    const scope = readScope(credential)
    readDate(fields.get('x-oss-date') ?? '', scope)
    accessKeyId = scope.accessKeyId
    sign = (secret) => signV4(policy, secret, scope)
  }
  const { secret, principal } = findKey(keys, accessKeyId, securityToken, nowMs)
  if (sameSignature(sign(secret), signature)) return { principal }
  throw signatureDoesNotMatch(accessKeyId, signature, { StringToSign: policy })
}
