/** Settings of scaling, however requests and processes interleave: no sum is exceeded, none outlives what it is for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createMetadataStore } from '../../metadata/sql-store.ts'
import type { MetadataStore, Write } from '../../metadata/port.ts'
import { handClock, startApi } from '../test-support.ts'

async function start(context: TestContext, wrap: (store: MetadataStore) => MetadataStore = (store) => store) {
  const store = await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock: handClock() })
  // Two processes on one database: their requests do not wait for each other.
  const [one, other] = await Promise.all([
    startApi(handClock(), { metadata: wrap(store) }),
    startApi(handClock(), { metadata: { ...asObject(store), close: async () => {} } }),
  ])
  context.after(async () => {
    await other.close()
    await one.close()
  })
  const caller = (url: string) => async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/2023-03-30${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    return { status: response.status, answer: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
  }
  return { store, one: caller(one.url), other: caller(other.url) }
}

function asObject(store: MetadataStore): MetadataStore {
  return {
    read: (kind, key) => store.read(kind, key),
    list: (kind, range) => store.list(kind, range),
    commit: (writes) => store.commit(writes),
    watch: (onChanges, onError) => store.watch(onChanges, onError),
    check: () => store.check(),
    close: () => store.close(),
  }
}

const functionBody = (functionName: string) => ({ functionName, runtime: 'nodejs20', handler: 'index.handler' })

test('reservations at once never exceed what the account can reserve', async (context) => {
  const { one, other } = await start(context)
  const names = Array.from({ length: 12 }, (_, i) => `f${i}`)
  for (const name of names) await one('POST', '/functions', functionBody(name))
  const answers = await Promise.all(
    names.map((name, i) =>
      (i % 2 === 0 ? one : other)('PUT', `/functions/${name}/concurrency`, { reservedConcurrency: 20 }),
    ),
  )
  const { answer } = await one('GET', '/concurrency-configs?limit=100')
  const kept = (answer['configs'] as { reservedConcurrency: number }[]).map((config) => config.reservedConcurrency)
  // Of 100 instances 90 can be reserved. Who lost a race too often was told so.
  assert.ok(kept.reduce((sum, each) => sum + each, 0) <= 90)
  assert.equal(answers.filter(({ status }) => status === 200).length, kept.length)
  for (const { status, answer: refused } of answers) {
    if (status !== 200) assert.ok(['LimitExceededError', 'ConcurrentUpdateError'].includes(refused['Code'] as string))
  }
})

test('reservations at once in one process are all decided', async (context) => {
  const { one } = await start(context)
  const names = Array.from({ length: 30 }, (_, i) => `f${i}`)
  for (const name of names) await one('POST', '/functions', functionBody(name))
  const answers = await Promise.all(
    names.map((name) => one('PUT', `/functions/${name}/concurrency`, { reservedConcurrency: 10 })),
  )
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  assert.deepEqual([count(200), count(400)], [9, 21])
})

/** Before the first commit that sets something, `interrupt` happens. */
function interruptedSetting(kind: Write['kind'], interrupt: () => Promise<unknown>) {
  let isPending = true
  return (store: MetadataStore): MetadataStore => ({
    ...asObject(store),
    async commit(writes) {
      if (isPending && writes.some((write) => write.kind === kind && write.value !== null)) {
        isPending = false
        await interrupt()
      }
      return store.commit(writes)
    },
  })
}

test('what is set while another process deletes its function is not left behind', async (context) => {
  for (const [kind, path, body] of [
    ['scaling', '/functions/f/provision-config', { target: 1 }],
    ['reservations', '/functions/f/concurrency', { reservedConcurrency: 1 }],
  ] as const) {
    let remove: () => Promise<unknown> = async () => {}
    const { store, one, other } = await start(
      context,
      interruptedSetting(kind, () => remove()),
    )
    remove = () => other('DELETE', '/functions/f')
    await one('POST', '/functions', functionBody('f'))
    const { status, answer } = await one('PUT', path, body)
    assert.deepEqual([status, answer['Code']], [404, 'FunctionNotFound'])
    assert.deepEqual(await store.list(kind, { limit: 1 }), [])
  }
})

test('what is set while another process deletes its alias is not left behind', async (context) => {
  let remove: () => Promise<unknown> = async () => {}
  const { store, one, other } = await start(
    context,
    interruptedSetting('scaling', () => remove()),
  )
  remove = () => other('DELETE', '/functions/f/aliases/live')
  await one('POST', '/functions', functionBody('f'))
  await one('POST', '/functions/f/versions', {})
  await one('POST', '/functions/f/aliases', { aliasName: 'live', versionId: '1' })
  const { answer } = await one('PUT', '/functions/f/scaling-config?qualifier=live', { minInstances: 1 })
  assert.equal(answer['Code'], 'AliasNotFound')
  assert.deepEqual(await store.list('scaling', { limit: 1 }), [])
})

test('names that objects have anyway are names like others', async (context) => {
  const { one } = await start(context)
  for (const name of ['__proto__', 'constructor']) {
    assert.equal((await one('POST', '/functions', functionBody(name))).status, 200)
    assert.equal((await one('GET', `/functions/${name}/concurrency`)).status, 404)
    await one('PUT', `/functions/${name}/concurrency`, { reservedConcurrency: 2 })
    assert.equal((await one('GET', `/functions/${name}/concurrency`)).answer['reservedConcurrency'], 2)
  }
  assert.equal((await one('DELETE', '/functions/__proto__')).status, 204)
  const { answer } = await one('GET', '/concurrency-configs')
  assert.equal((answer['configs'] as object[]).length, 1)
})
