/** What must hold however requests and processes interleave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createMetadataStore } from '../../metadata/sql-store.ts'
import type { CommitResult, MetadataStore } from '../../metadata/port.ts'
import { handClock, startApi, zipSaying } from '../test-support.ts'

async function start(context: TestContext, metadata?: MetadataStore) {
  const clock = handClock()
  const store = metadata ?? (await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock }))
  const api = await startApi(clock, { metadata: store })
  context.after(() => api.close())
  return async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(api.url + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    const answer = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    return { status: response.status, etag: response.headers.get('etag') ?? '', code: answer['Code'], answer }
  }
}

const functionBody = (functionName: string) => ({
  functionName,
  runtime: 'nodejs20',
  handler: 'index.handler',
  code: { zipFile: zipSaying('x') },
})

/** Another process that changes the store between the reading and the committing of this one. */
function interrupted(store: MetadataStore, interrupt: () => Promise<void>): MetadataStore {
  let pending = true
  return {
    read: (kind, key) => store.read(kind, key),
    list: (kind, range) => store.list(kind, range),
    watch: (onChanges, onError) => store.watch(onChanges, onError),
    check: () => store.check(),
    close: () => store.close(),
    async commit(writes) {
      if (pending) {
        pending = false
        await interrupt()
      }
      return store.commit(writes)
    },
  }
}

async function memoryStore() {
  return createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock: handClock() })
}

test('of many creations at once exactly one succeeds', async (context) => {
  const call = await start(context)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => call('POST', '/2023-03-30/functions', functionBody('one'))),
  )
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  assert.deepEqual([count(200), count(409)], [1, 7])
})

test('updates at once without If-Match all succeed, and none is lost', async (context) => {
  const call = await start(context)
  await call('POST', '/2023-03-30/functions', functionBody('f'))
  const patches = [
    { timeout: 7 },
    { description: 'd' },
    { instanceConcurrency: 3 },
    { environmentVariables: { A: '1' } },
  ]
  const answers = await Promise.all(patches.map((patch) => call('PUT', '/2023-03-30/functions/f', patch)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const { answer } = await call('GET', '/2023-03-30/functions/f')
  for (const patch of patches) for (const [key, value] of Object.entries(patch)) assert.deepEqual(answer[key], value)
})

test('of updates at once with the same If-Match one succeeds', async (context) => {
  const call = await start(context)
  const { etag } = await call('POST', '/2016-08-15/services', { serviceName: 's' })
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((description) => call('PUT', '/2016-08-15/services/s', { description }, { 'if-match': etag })),
  )
  const count = (wanted: unknown) => answers.filter(({ code }) => code === wanted).length
  assert.deepEqual([count(undefined), count('PreconditionFailed')], [1, 2])
})

test('published ids are all different', async (context) => {
  const call = await start(context)
  await call('POST', '/2016-08-15/services', { serviceName: 's' })
  const ids: unknown[] = []
  for (let round = 0; round < 3; round++) {
    await call('PUT', '/2016-08-15/services/s', { description: `round ${round}` })
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/2016-08-15/services/s/versions', {})))
    ids.push(...answers.filter(({ status }) => status === 200).map(({ answer }) => answer['versionId']))
  }
  assert.deepEqual(ids, ['1', '2', '3'])
})

test('a service is not deleted under a function that another process is creating', async (context) => {
  const store = await memoryStore()
  const other = await start(context, store)
  await other('POST', '/2016-08-15/services', { serviceName: 's' })
  const call = await start(
    context,
    interrupted(store, async () => {
      assert.equal((await other('POST', '/2016-08-15/services/s/functions', functionBody('f'))).status, 200)
    }),
  )
  assert.equal((await call('DELETE', '/2016-08-15/services/s')).code, 'ServiceNotEmpty')
  assert.equal((await other('GET', '/2016-08-15/services/s/functions/f')).status, 200)
})

test('a function is not created in a service that another process is deleting', async (context) => {
  const store = await memoryStore()
  const other = await start(context, store)
  await other('POST', '/2016-08-15/services', { serviceName: 's' })
  const call = await start(
    context,
    interrupted(store, async () => {
      assert.equal((await other('DELETE', '/2016-08-15/services/s')).status, 204)
    }),
  )
  assert.equal((await call('POST', '/2016-08-15/services/s/functions', functionBody('f'))).code, 'ServiceNotFound')
  assert.equal(await store.read('function', 's$f'), undefined)
  assert.equal(await store.read('scope', 'services/s'), undefined)
})

test('a version is not deleted under an alias that another process is moving to it', async (context) => {
  const store = await memoryStore()
  const other = await start(context, store)
  await other('POST', '/2023-03-30/functions', functionBody('f'))
  await other('POST', '/2023-03-30/functions/f/versions', {})
  await other('PUT', '/2023-03-30/functions/f', { timeout: 9 })
  await other('POST', '/2023-03-30/functions/f/versions', {})
  await other('POST', '/2023-03-30/functions/f/aliases', { aliasName: 'live', versionId: '1' })
  const call = await start(
    context,
    interrupted(store, async () => {
      assert.equal((await other('PUT', '/2023-03-30/functions/f/aliases/live', { versionId: '2' })).status, 200)
    }),
  )
  assert.equal((await call('DELETE', '/2023-03-30/functions/f/versions/2')).code, 'InvalidArgument')
})

test('a change that never gets through ends in ConcurrentUpdateError', async (context) => {
  const store = await memoryStore()
  const refuse: CommitResult = { committed: false, conflict: { kind: 'service', key: 's', actualRevision: 9 } }
  const call = await start(context, { ...interrupted(store, async () => undefined), commit: async () => refuse })
  const { status, code } = await call('POST', '/2016-08-15/services', { serviceName: 's' })
  assert.deepEqual([status, code], [409, 'ConcurrentUpdateError'])
})

test('a store that fails leaves nothing behind and tells nothing of itself', async (context) => {
  const store = await memoryStore()
  const broken = {
    ...interrupted(store, async () => undefined),
    commit: () => Promise.reject(new Error('disk /dev/x is full')),
  }
  const call = await start(context, broken)
  const { status, code, answer } = await call('POST', '/2023-03-30/functions', functionBody('f'))
  assert.deepEqual([status, code], [500, 'InternalServerError'])
  assert.doesNotMatch(JSON.stringify(answer), /disk/)
  assert.equal(await store.read('function', 'f'), undefined)
})
