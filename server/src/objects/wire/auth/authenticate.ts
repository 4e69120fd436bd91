/** Finds the signature of a request, whichever version made it, says whose it is and which bucket and key were meant. */
import { sameSignature } from '../../../auth/port.ts'
import { OssError } from '../../port.ts'
import { denied, headerText } from './proof.ts'
import { V1_SCHEME, readV1Header, readV1Url } from './v1.ts'
import { V2_NAME, V2_SCHEME, readV2Header, readV2Url } from './v2.ts'
import { V4_SCHEME, readV4Header, readV4Url } from './v4.ts'
import type { KeyRing, Principal } from '../../../auth/port.ts'
import type { Reading } from '../addressing.ts'
import type { Proof, SignedParts } from './proof.ts'

/** For an anonymous request: nothing proves anything. */
export function readProof(parts: SignedParts, nowMs: number): Proof | null {
  const authorization = headerText(parts.headers, 'authorization')
  if (authorization.startsWith(V4_SCHEME)) return readV4Header(parts, authorization, nowMs)
  if (authorization.startsWith(V1_SCHEME)) return readV1Header(parts, authorization, nowMs)
  if (authorization.startsWith(V2_SCHEME)) return readV2Header(parts, authorization, nowMs)
  if (authorization !== '') {
    throw denied(`The Authorization header is of an unknown scheme; accepted are 'OSS', 'OSS2' and '${V4_SCHEME}'.`)
  }
  const version = parts.query.get('x-oss-signature-version')
  if (version === V4_SCHEME) return readV4Url(parts, nowMs)
  if (version === V2_NAME) return readV2Url(parts, nowMs)
  if (parts.query.has('OSSAccessKeyId')) return readV1Url(parts, nowMs)
  return null
}

/**
 * Whose signature it is, and of which of the readings. Throws InvalidAccessKeyId, SecurityTokenExpired,
 * SignatureDoesNotMatch; the latter tells what should have been signed.
 */
export function verify(
  proof: Proof,
  readings: Iterable<Reading>,
  keys: KeyRing,
  nowMs: number,
): { principal: Principal; reading: Reading } {
  const { accessKeyId, signature } = proof
  const { secret, principal } = findKey(keys, accessKeyId, proof.securityToken, nowMs)
  let first: { stringToSign: string; canonicalRequest?: string } | undefined
  for (const reading of readings) {
    for (const signable of proof.signables(reading)) {
      if (sameSignature(proof.sign(signable.stringToSign, secret), signature)) return { principal, reading }
      first ??= signable
    }
  }
  const { stringToSign = '', canonicalRequest } = first ?? {}
  throw signatureDoesNotMatch(accessKeyId, signature, {
    StringToSign: stringToSign,
    StringToSignBytes: Buffer.from(stringToSign)
      .toString('hex')
      .replaceAll(/..(?!$)/g, '$& ')
      .toUpperCase(),
    ...(canonicalRequest !== undefined && { CanonicalRequest: canonicalRequest }),
  })
}

export function signatureDoesNotMatch(
  accessKeyId: string,
  signature: string,
  details: Record<string, string>,
): OssError {
  return new OssError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    { OSSAccessKeyId: accessKeyId, SignatureProvided: signature, ...details },
  )
}

/** Throws InvalidAccessKeyId, SecurityTokenExpired. */
export function findKey(
  keys: KeyRing,
  accessKeyId: string,
  securityToken: string,
  nowMs: number,
): { secret: string; principal: Principal } {
  const key = keys.find(accessKeyId, securityToken, nowMs)
  if (!('refusal' in key)) return key
  if (key.refusal === 'expiredToken') {
    throw new OssError('SecurityTokenExpired', 'The security token you provided has expired.')
  }
  const message =
    key.refusal === 'unknownKey'
      ? 'The OSS Access Key Id you provided does not exist in our records.'
      : `The security token you provided is invalid: ${key.message}.`
  throw new OssError('InvalidAccessKeyId', message, { OSSAccessKeyId: accessKeyId })
}
