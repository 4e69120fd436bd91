import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { signOut } from './requests.ts'
import { currentSession, setSignedIn } from './session.ts'

function answer(t: TestContext, give: () => Response) {
  setSignedIn({ accountId: '1', region: 'r', expiresAtMs: 1 })
  t.mock.method(globalThis, 'fetch', async () => give())
}

for (const status of [204, 401]) {
  test(`who signs out is signed out when the platform answers ${status}`, async (t) => {
    answer(t, () => new Response(null, { status }))
    await signOut()
    assert.equal(currentSession().state, 'signed out')
  })
}

test('who could not be signed out is told, and stays signed in', async (t) => {
  answer(t, () => new Response('{"ErrorCode":"AccessDenied","ErrorMessage":"not from here"}', { status: 403 }))
  await assert.rejects(signOut(), { code: 'AccessDenied', message: 'not from here' })
  assert.equal(currentSession().state, 'signed in')
})

test('a platform that does not answer has signed nobody out', async (t) => {
  answer(t, () => {
    throw new TypeError('Failed to fetch')
  })
  await assert.rejects(signOut(), TypeError)
  assert.equal(currentSession().state, 'signed in')
})
