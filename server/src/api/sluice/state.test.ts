import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCOUNT_ID, handClock, openDoor, REGION, startApi } from '../test-support.ts'
import { registerStateRoutes } from './state.ts'

test('settings are told as they are in force, and the backlog by function', async (t) => {
  const settings = [{ name: 'accessKeySecret', value: '(set)', source: 'file', help: 'key secret' }]
  const api = await startApi(handClock(), {
    extraRoutes: (app) =>
      registerStateRoutes(app, {
        ...{ accountId: ACCOUNT_ID, region: REGION, authorizer: openDoor.authorizer, settings },
        backlog: () => [
          { functionKey: 'f', waiting: 3, inFlight: 1, oldestMs: 50 },
          { functionKey: 's$g', waiting: 0, inFlight: 0, oldestMs: 0 },
          { functionKey: 'f', waiting: 4, inFlight: 0, oldestMs: 700 },
        ],
      }),
  })
  t.after(() => api.close())
  const get = async (path: string) => (await fetch(`${api.url}/sluice/v1${path}`)).json()
  assert.deepEqual(await get('/settings'), { settings })
  assert.deepEqual(await get('/async/backlog'), {
    functions: [
      { functionKey: 'f', waiting: 7, inFlight: 1, oldestMs: 700 },
      { functionKey: 's$g', waiting: 0, inFlight: 0, oldestMs: 0 },
    ],
  })
})
