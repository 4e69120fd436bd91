import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Authorizer } from '../../auth/port.ts'
import { createMetadataStore } from '../../metadata/sql-store.ts'
import { TEST_EVENT_BYTES_MAX, TEST_EVENTS_MAX } from '../operations/test-events.ts'
import { ACCOUNT_ID, handClock, openDoor, REGION, startApi, zipSaying } from '../test-support.ts'
import { registerTestEventRoutes } from './test-events.ts'

interface Answered {
  ErrorCode?: string
  ErrorMessage?: string
  events?: object[]
}

async function serve(t: TestContext, authorizer: Authorizer = openDoor.authorizer) {
  const clock = handClock()
  const metadata = await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock })
  const api = await startApi(clock, {
    metadata,
    extraRoutes: (app) => registerTestEventRoutes(app, { accountId: ACCOUNT_ID, region: REGION, authorizer, metadata }),
  })
  t.after(() => api.close())
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${api.url}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Answered }
  }
  const create = () =>
    call('POST', '/2023-03-30/functions', {
      functionName: 'f',
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: { zipFile: zipSaying('hello') },
    })
  await create()
  return { call, create }
}

const EVENTS = '/sluice/v1/test-events'

test('events are kept by name beside their function, and go with it', async (t) => {
  const { call, create } = await serve(t)
  assert.deepEqual((await call('GET', `${EVENTS}?function=f`)).json, { events: [] })
  await call('PUT', `${EVENTS}/second?function=f`, { body: 'plain', contentType: 'text/plain' })
  await call('PUT', `${EVENTS}/first?function=f`, { body: '{"a":0}' })
  assert.equal((await call('PUT', `${EVENTS}/first?function=f`, { body: '{"a":1}' })).status, 204)
  assert.deepEqual((await call('GET', `${EVENTS}?function=f`)).json, {
    events: [
      { name: 'first', body: '{"a":1}', contentType: 'application/json' },
      { name: 'second', body: 'plain', contentType: 'text/plain' },
    ],
  })
  assert.equal((await call('DELETE', `${EVENTS}/second?function=f`)).status, 204)
  assert.equal((await call('GET', `${EVENTS}?function=f`)).json.events!.length, 1)
  await call('DELETE', '/2023-03-30/functions/f')
  await create()
  assert.deepEqual((await call('GET', `${EVENTS}?function=f`)).json, { events: [] })
})

test('number and size of the events are bounded', async (t) => {
  const { call } = await serve(t)
  const tooLong = await call('PUT', `${EVENTS}/long?function=f`, { body: 'é'.repeat(TEST_EVENT_BYTES_MAX / 2 + 1) })
  assert.equal(tooLong.json.ErrorCode, 'EntityTooLarge')
  assert.match(tooLong.json.ErrorMessage!, /^body has 65538 bytes, at most 65536/)
  for (let i = 0; i < TEST_EVENTS_MAX; i++) {
    assert.equal((await call('PUT', `${EVENTS}/e${i}?function=f`, { body: '' })).status, 204)
  }
  assert.equal((await call('PUT', `${EVENTS}/more?function=f`, { body: '' })).json.ErrorCode, 'LimitExceededError')
  assert.equal((await call('PUT', `${EVENTS}/e0?function=f`, { body: 'again' })).status, 204)
})

test('events written at the same time are all kept', async (t) => {
  const { call } = await serve(t)
  const names = Array.from({ length: 10 }, (_, i) => `e${i}`)
  await Promise.all(names.map((name) => call('PUT', `${EVENTS}/${name}?function=f`, { body: name })))
  const { events } = (await call('GET', `${EVENTS}?function=f`)).json as { events: { name: string }[] }
  assert.deepEqual(
    events.map(({ name }) => name),
    names,
  )
})

test('what is no event is refused by the name of the field', async (t) => {
  const { call } = await serve(t)
  const message = async (method: string, path: string, body?: object) => {
    const { json } = await call(method, path, body)
    return `${json.ErrorCode}: ${json.ErrorMessage}`
  }
  assert.match(await message('GET', EVENTS), /^InvalidArgument: function is required/)
  assert.match(await message('GET', `${EVENTS}?function=none`), /^FunctionNotFound: function 'none'/)
  assert.match(
    await message('PUT', `${EVENTS}/a%20b?function=f`, { body: '' }),
    /^InvalidArgument: name must be a name/,
  )
  assert.match(await message('PUT', `${EVENTS}/a?function=f`, {}), /^InvalidArgument: body is required/)
  assert.match(await message('PUT', `${EVENTS}/a?function=f`, { body: {} }), /^InvalidArgument: body must be text/)
  assert.match(
    await message('PUT', `${EVENTS}/a?function=f`, { body: '', contentType: 'x\ny' }),
    /^InvalidArgument: contentType must be a media type/,
  )
  assert.match(await message('DELETE', `${EVENTS}/a?function=none`), /^FunctionNotFound/)
})

test('who may not see or change a function has no business with its events', async (t) => {
  const asked: string[] = []
  const real = createAuthorizer({ accountId: ACCOUNT_ID, region: REGION })
  const { call } = await serve(t, {
    authorize(principal, action, resource) {
      asked.push(`${action} ${resource}`)
      real.authorize({ ...principal, accountId: 'another' }, action, resource)
    },
  })
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const path = method === 'GET' ? EVENTS : `${EVENTS}/e`
    assert.equal((await call(method, `${path}?function=s$f`)).json.ErrorCode, 'AccessDenied')
  }
  const resource = `acs:fc:${REGION}:${ACCOUNT_ID}:services/s/functions/f`
  assert.deepEqual(asked, [
    `fc:GetFunction ${resource}`,
    `fc:UpdateFunction ${resource}`,
    `fc:UpdateFunction ${resource}`,
  ])
})
