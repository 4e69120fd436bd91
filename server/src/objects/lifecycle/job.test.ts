import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openFileBlobs } from '../../blobs/files.ts'
import { systemRandom } from '../../clock.ts'
import { openScene, options, put, type Scene } from '../contract-scene.ts'
import { LifecycleJob } from './job.ts'
import type { LifecycleRule } from './rules.ts'
import type { TestContext } from 'node:test'

const DAY_MS = 86_400_000

function fileBlobs() {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lifecycle-'))
  const directory = join(folder, 'blobs')
  return Promise.resolve({
    open: () => openFileBlobs(directory),
    opening: '',
    remove: async () => rmSync(folder, { recursive: true }),
  })
}

async function openJob(t: TestContext, rules: Partial<LifecycleRule>[]) {
  const scene: Scene = await openScene(t, fileBlobs)
  const problems: unknown[] = []
  const whole = rules.map((more, i) => ({
    ...{ id: `${i}`, prefix: '', isEnabled: true, tags: {}, expiration: null, removesDeleteMarkers: false },
    ...{ transitions: [], abortUploads: null, noncurrentDays: null, noncurrentTransitions: [] },
    ...more,
  }))
  const job = new LifecycleJob({
    ...{ store: scene.store, clock: scene.clock, random: systemRandom },
    rulesOf: ({ name }) => (name === 'bucket' ? whole : []),
    onProblem: (error) => problems.push(error),
  })
  t.after(() => job.close())
  return { ...scene, job, problems }
}
const keysOf = async ({ store }: Scene, bucket = 'bucket') => {
  const { objects } = await store.list({ bucket, prefix: '', delimiter: '', after: '', limit: 1000 })
  return objects.map(({ key }) => key)
}

test('what is due goes, in every page of a bucket with rules, and nothing else does', async (t) => {
  const scene = await openJob(t, [{ prefix: 'logs/', expiration: { days: 1 } }])
  const { store, clock, job } = scene
  for (let i = 0; i < 510; i++) await put(store, `logs/${i}`)
  await put(store, 'kept')
  clock.advance(DAY_MS)
  await put(store, 'logs/young')
  await job.run()
  assert.deepEqual(await keysOf(scene), ['kept', 'logs/young'])
})

test('it runs by itself, a while after the start and then once a day', async (t) => {
  const scene = await openJob(t, [{ expiration: { days: 1 } }])
  const { store, clock, job } = scene
  await put(store, 'a')
  clock.advance(60 * 60 * 1000)
  await job.run()
  assert.deepEqual(await keysOf(scene), ['a'])
  clock.advance(2 * DAY_MS)
  await job.run()
  assert.deepEqual(await keysOf(scene), [])
})

test('versions, markers and uploads follow their rules', async (t) => {
  const scene = await openJob(t, [
    { noncurrentDays: 1, removesDeleteMarkers: true },
    { abortUploads: { days: 1 }, transitions: [{ age: { days: 1 }, storageClass: 'IA' }] },
  ])
  const { store, clock, job, problems } = scene
  await store.changeBucket('bucket', { versioning: 'Enabled' })
  await put(store, 'a', 'old')
  await put(store, 'a', 'new')
  await put(store, 'gone')
  await store.delete({ bucket: 'bucket', key: 'gone' }, options('ObjectRemoved:DeleteObject'))
  await store.createUpload('bucket', 'up', options('ObjectCreated:InitiateMultipartUpload'))
  clock.advance(DAY_MS)
  await job.run()
  // The marker hides nothing since its version went.
  await job.run()
  const query = { bucket: 'bucket', prefix: '', delimiter: '', after: '', limit: 10 }
  const { objects } = await store.listVersions(query)
  assert.deepEqual(
    objects.map(({ key, storageClass, isDeleteMarker }) => [key, storageClass, isDeleteMarker]),
    [['a', 'IA', false]],
  )
  assert.deepEqual((await store.listUploads({ ...query, afterUploadId: '' })).uploads, [])
  assert.deepEqual(problems, [])
})
