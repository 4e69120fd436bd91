/** What the tests of this folder share: one account, one clock that only moves by hand. */
import assert from 'node:assert/strict'
import { createAuthenticator } from './authenticator.ts'
import { createKeyRing } from './key-ring.ts'
import { FcError } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { ErrorCode } from '../errors.ts'
import type { Acs3Request, Authenticated, SignedRequest } from './port.ts'

export const ACCOUNT_ID = '1234567890123456'
export const KEY = { accessKeyId: 'testak', accessKeySecret: 'testsk', securityToken: null }
export const TOKEN_KEY = Buffer.alloc(32, 7)
/** The time of the published test vectors. */
export const NOW_MS = Date.UTC(2030, 0, 1)
export const NOW_HTTP = 'Tue, 01 Jan 2030 00:00:00 GMT'
export const HOST = '127.0.0.1:9000'

export interface HandClock extends Clock {
  advance(byMs: number): void
}

export function handClock(startMs = NOW_MS): HandClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer: () => assert.fail('nothing in auth/ sets timers'),
    advance(byMs) {
      nowMs += byMs
    },
  }
}

export function makeAuthenticator(clock: Clock = handClock()): {
  authenticate: (request: SignedRequest) => Authenticated
} {
  const { accessKeyId, accessKeySecret } = KEY
  const options = { accountId: ACCOUNT_ID, accessKeyId, accessKeySecret, tokenKey: TOKEN_KEY }
  const authenticator = createAuthenticator(createKeyRing(options), { clock })
  return { authenticate: (request) => authenticator.authenticate(request) }
}

/** Runs `act`, which must throw an FcError of this code; `message` may be a part of its text. */
export function assertRefused(act: () => unknown, code: ErrorCode, message: string | RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof FcError, String(error))
    assert.equal(error.code, code, error.message)
    if (typeof message === 'string') assert.ok(error.message.includes(message), error.message)
    else assert.match(error.message, message)
    return true
  })
}

export async function assertRejected(promise: Promise<unknown>, code: ErrorCode, message: string): Promise<void> {
  const thrown = await promise.then(
    () => assert.fail('was accepted'),
    (error: unknown) => error,
  )
  assertRefused(
    () => {
      throw thrown
    },
    code,
    message,
  )
}

/** The same request with other parts. */
export function changed(request: SignedRequest, parts: Partial<SignedRequest>): SignedRequest {
  return { ...request, ...parts, headers: { ...request.headers, ...parts.headers } }
}

export function acs3Request(parts: Partial<Acs3Request> = {}): Acs3Request {
  return {
    method: 'GET',
    url: '/2023-03-30/functions',
    host: HOST,
    headers: { 'x-acs-action': 'ListFunctions', 'x-acs-version': '2023-03-30' },
    bodySha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ...parts,
  }
}
