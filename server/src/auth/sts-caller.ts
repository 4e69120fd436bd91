/** Whether a request of the Security Token Service is signed by the account. */
import { NONCES_MAX, NONCE_LENGTH_MAX, createNonceMemory } from './nonce-memory.ts'
import { CLOCK_SKEW_MAX_MS, sameSignature } from './proof.ts'
import { RPC_SIGNATURE, rpcSignature } from './rpc-signature.ts'
import { StsError } from './sts-error.ts'
import type { KeyRing } from './port.ts'

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/

/** Each request once. What it returns throws StsError. */
export function createStsVerifier(keys: KeyRing) {
  const nonces = createNonceMemory(NONCES_MAX)

  return (method: string, parameters: ReadonlyMap<string, string>, nowMs: number): void => {
    checkValue(parameters, 'SignatureMethod', 'HMAC-SHA1')
    checkValue(parameters, 'SignatureVersion', '1.0')
    const accessKeyId = required(parameters, 'AccessKeyId')
    const nonce = required(parameters, 'SignatureNonce')
    const signature = required(parameters, RPC_SIGNATURE)
    const signedAtMs = readTimestamp(required(parameters, 'Timestamp'), nowMs)
    const key = keys.find(accessKeyId, parameters.get('SecurityToken') ?? '', nowMs)
    if ('refusal' in key) throw new StsError('InvalidAccessKeyId.NotFound', `Specified access key: ${key.message}.`)
    if (!sameSignature(rpcSignature(method, parameters, key.secret), signature)) {
      throw new StsError(
        'SignatureDoesNotMatch',
        'Specified signature is not matched with our calculation. Check your access key and signing method.',
      )
    }
    if (key.principal.kind !== 'account') {
      throw new StsError('NoPermission', 'Short-lived credentials may not assume a role; use the key of the account.')
    }
    if (nonce.length > NONCE_LENGTH_MAX) throw wrong('SignatureNonce', `1 to ${NONCE_LENGTH_MAX} characters`)
    if (nonces.remember(nonce, signedAtMs, nowMs) !== 'fresh') {
      throw new StsError('SignatureNonceUsed', 'Specified signature nonce was used already; sign with a new one.')
    }
  }
}

export function required(parameters: ReadonlyMap<string, string>, name: string): string {
  const value = parameters.get(name) ?? ''
  if (value !== '') return value
  throw new StsError('MissingParameter', `The parameter ${name} is mandatory for this request and is missing.`)
}

export function checkValue(parameters: ReadonlyMap<string, string>, name: string, accepted: string): void {
  if (required(parameters, name) !== accepted) throw wrong(name, accepted)
}

function readTimestamp(text: string, nowMs: number): number {
  const timeMs = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(timeMs)) {
    throw new StsError(
      'InvalidTimeStamp.Format',
      `The parameter Timestamp must look like ${new Date(nowMs).toISOString()}.`,
    )
  }
  if (Math.abs(timeMs - nowMs) > CLOCK_SKEW_MAX_MS) {
    const minutes = CLOCK_SKEW_MAX_MS / 60_000
    const now = new Date(nowMs).toISOString()
    throw new StsError(
      'InvalidTimeStamp.Expired',
      `The parameter Timestamp is more than ${minutes} minutes from ${now}.`,
    )
  }
  return timeMs
}

function wrong(name: string, accepted: string): StsError {
  return new StsError('InvalidParameter', `The parameter ${name} must be ${accepted}.`)
}
