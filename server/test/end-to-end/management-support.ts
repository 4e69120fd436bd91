/** What the tests with the real SDKs share: an API with real authentication, and how an SDK reports a refusal. */
import assert from 'node:assert/strict'
import { createAuthenticator } from '../../src/auth/authenticator.ts'
import { createKeyRing } from '../../src/auth/key-ring.ts'
import { createAuthorizer } from '../../src/auth/authorizer.ts'
import type { ApiDeps } from '../../src/api/app.ts'
import type { TestApi } from '../../src/api/test-support.ts'
import { ACCOUNT_ID, REGION, startApi } from '../../src/api/test-support.ts'
import { systemClock } from '../../src/clock.ts'

export const KEY = { accessKeyId: 'testak', accessKeySecret: 'testsk' }

/** Seals the credentials of functions. */
export const TOKEN_KEY = Buffer.alloc(32, 7)

export async function startSignedApi(deps: Partial<ApiDeps> = {}): Promise<TestApi> {
  const identity = { accountId: ACCOUNT_ID, ...KEY, tokenKey: TOKEN_KEY }
  return startApi(systemClock, {
    authenticator: createAuthenticator(createKeyRing(identity), { clock: systemClock }),
    authorizer: createAuthorizer({ accountId: ACCOUNT_ID, region: REGION }),
    ...deps,
  })
}

export async function refused(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: { code?: string; message: string }) => {
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  })
}
