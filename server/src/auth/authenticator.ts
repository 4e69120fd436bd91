/** Finds the signature of a request, whichever scheme made it, and says whose it is. */
import { FcError } from '../errors.ts'
import { readAcs3 } from './acs3-signature.ts'
import { FC_SCHEME, readFcHeader, readSignedUrl } from './fc-signature.ts'
import { NONCES_MAX, NONCE_LENGTH_MAX, createNonceMemory } from './nonce-memory.ts'
import { denied, headerOf } from './proof.ts'
import { readTarget } from './request-target.ts'
import { ROA_SCHEME, readRoa } from './roa-signature.ts'
import { ACS3_SCHEME } from './sign-acs3.ts'
import type { Clock } from '../clock.ts'
import type { Authenticator, KeyRing, Principal, SignedRequest, Vouching } from './port.ts'
import type { NonceMemory } from './nonce-memory.ts'
import type { Proof } from './proof.ts'

export interface AuthenticatorDeps {
  clock: Clock
  vouching?: Pick<Vouching, 'principalOf'>
}

export function createAuthenticator(keys: KeyRing, deps: AuthenticatorDeps): Authenticator {
  // Apart, so that the code of a function cannot push the account's requests out of the memory.
  const nonces: Record<Principal['kind'], NonceMemory> = {
    account: createNonceMemory(NONCES_MAX),
    function: createNonceMemory(NONCES_MAX),
    assumedRole: createNonceMemory(NONCES_MAX),
    upload: createNonceMemory(NONCES_MAX),
  }

  return {
    authenticate(request) {
      const known = deps.vouching?.principalOf(request.headers)
      if (known) return { principal: known, bodySha256: null }
      const nowMs = deps.clock.nowMs()
      const proof = readProof(request, nowMs)
      const key = keys.find(proof.accessKeyId, proof.securityToken, nowMs)
      if ('refusal' in key) {
        throw key.refusal === 'unknownKey' ? new FcError('InvalidAccessKeyID', key.message) : denied(key.message)
      }
      const { secret, principal } = key
      if (!proof.matches(secret)) {
        throw new FcError(
          'SignatureNotMatch',
          'The request signature we calculated does not match the signature you provided. Check your access key and signing method',
        )
      }
      if (proof.nonce !== null) checkNonce(nonces[principal.kind], proof, proof.nonce, nowMs)
      return { principal, bodySha256: proof.bodySha256 }
    },
  }
}

function readProof(request: SignedRequest, nowMs: number): Proof {
  const authorization = headerOf(request, 'authorization')
  const target = readTarget(request.url)
  if (authorization.startsWith(FC_SCHEME)) return readFcHeader(request, target, authorization, nowMs)
  if (authorization.startsWith(ACS3_SCHEME)) return readAcs3(request, target, authorization, nowMs)
  if (authorization.startsWith(ROA_SCHEME)) return readRoa(request, target, authorization, nowMs)
  // An Authorization header of another scheme is the function's own business; the URL may still be signed.
  const signedUrl = readSignedUrl(request, target, nowMs)
  if (signedUrl !== undefined) return signedUrl
  throw denied(
    authorization === ''
      ? 'the request is not signed: it has neither an Authorization header nor a signed URL'
      : `the Authorization header is of an unknown scheme; accepted are 'FC', '${ACS3_SCHEME}' and 'acs'`,
  )
}

function checkNonce(memory: NonceMemory, proof: Proof, nonce: string, nowMs: number): void {
  if (nonce.length > NONCE_LENGTH_MAX) {
    throw denied(`the header x-acs-signature-nonce may have at most ${NONCE_LENGTH_MAX} characters`)
  }
  const answer = memory.remember(`${proof.accessKeyId} ${nonce}`, proof.signedAtMs, nowMs)
  if (answer === 'repeated')
    throw denied('the header x-acs-signature-nonce was used before; sign each request with a new one')
  if (answer === 'tooOld') {
    throw denied('the request was signed too long ago for the current load; sign it again with the current time')
  }
}
