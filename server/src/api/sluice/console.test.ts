import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../auth/port.ts'
import { ACCOUNT_ID, handClock, openDoor, startApi } from '../test-support.ts'
import { registerConsoleRoutes } from './console.ts'

const TICKET = { ticket: 'once', url: 'http://localhost:7800/console#ticket=once', expiresAtMs: 300_000 }

test('tickets are for the key pair of the account: not for functions, roles, uploads, nor sessions of the console', async (t) => {
  const account: Principal = { kind: 'account', accountId: ACCOUNT_ID }
  const others: Principal[] = [
    { kind: 'function', accountId: ACCOUNT_ID, functionKey: 'f', role: 'acs:ram::1:role/admin' },
    { kind: 'assumedRole', accountId: ACCOUNT_ID, role: 'admin', sessionName: 's', policy: null },
    { kind: 'upload', accountId: ACCOUNT_ID, bucket: 'b', key: 'k' },
  ]
  let principal: Principal = account
  let isSession = false
  const api = await startApi(handClock(), {
    authenticator: { authenticate: () => ({ principal, bodySha256: null }) },
    authorizer: openDoor.authorizer,
    extraRoutes: (app) =>
      registerConsoleRoutes(app, {
        vouching: { principalOf: () => (isSession ? account : undefined) },
        issueTicket: () => TICKET,
      }),
  })
  t.after(() => api.close())
  const ask = async () => {
    const answer = await fetch(`${api.url}/sluice/v1/console/tickets`, { method: 'POST' })
    return { status: answer.status, body: (await answer.json()) as object }
  }
  assert.deepEqual(await ask(), { status: 200, body: TICKET })
  for (const other of others) {
    principal = other
    const { status, body } = await ask()
    assert.equal(status, 403, other.kind)
    assert.doesNotMatch(JSON.stringify(body), /once/)
  }
  principal = account
  isSession = true
  assert.equal((await ask()).status, 403)
})
