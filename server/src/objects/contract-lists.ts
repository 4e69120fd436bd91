/** Buckets, and pages of what is in them. */
import assert from 'node:assert/strict'
import { deleting, from, options, ossError, put, putting } from './contract-scene.ts'
import type { SceneTest } from './contract-scene.ts'
import { objectLimits } from './limits.ts'
import type { ListQuery, ObjectStore } from './port.ts'

const whole: ListQuery = { bucket: 'bucket', prefix: '', delimiter: '', after: '', limit: 1000 }

export function bucketTests(bucketTest: SceneTest): void {
  bucketTest('a bucket is as it was made and changed, also after a restart', async (scene) => {
    const { store, clock } = scene
    await store.createBucket('pictures', { acl: 'public-read', storageClass: 'IA' })
    const created = {
      name: 'pictures',
      createdMs: clock.nowMs(),
      acl: 'public-read',
      storageClass: 'IA',
      versioning: null,
      settings: {},
    }
    assert.deepEqual(store.bucket('pictures'), created)
    await store.changeBucket('pictures', { settings: { cors: [{ a: 1 }], website: { index: 'i.html' } } })
    await store.changeBucket('pictures', { acl: 'private', settings: { website: null } })
    await store.changeBucket('pictures', { versioning: 'Suspended' })
    const changed = { ...created, acl: 'private', versioning: 'Suspended', settings: { cors: [{ a: 1 }] } }
    assert.deepEqual(store.bucket('pictures'), changed)
    const again = await scene.reopen()
    assert.deepEqual(again.bucket('pictures'), changed)
    assert.deepEqual(
      again.buckets().map(({ name }) => name),
      ['bucket', 'pictures'],
    )
    assert.equal(again.bucket('other'), undefined)
  })

  bucketTest('names of buckets are checked, are unique, and so many', async ({ store }) => {
    const create = (name: string) => store.createBucket(name, { acl: 'private', storageClass: 'Standard' })
    for (const name of ['', 'ab', 'Big', '-ab', 'ab-', 'a_b', 'a.b', 'a'.repeat(64)]) {
      await assert.rejects(create(name), ossError('InvalidBucketName'), name)
    }
    await assert.rejects(create('bucket'), ossError('BucketAlreadyExists', { BucketName: 'bucket' }))
    await Promise.all(Array.from({ length: objectLimits.bucketsMax - 1 }, (_, i) => create(`bucket-${i}`)))
    await assert.rejects(create('one-more'), ossError('TooManyBuckets'))
  })

  bucketTest('a bucket goes when nothing is in it', async ({ store }) => {
    const ref = { bucket: 'bucket', key: 'a' }
    const isNotEmpty = ossError('BucketNotEmpty', { BucketName: 'bucket' })
    await put(store, 'a')
    await assert.rejects(store.deleteBucket('bucket'), isNotEmpty)
    await store.delete(ref, deleting)
    const { uploadId } = await store.createUpload('bucket', 'a', options('ObjectCreated:InitiateMultipartUpload'))
    await assert.rejects(store.deleteBucket('bucket'), isNotEmpty)
    await store.abortUpload({ ...ref, uploadId }, options('ObjectRemoved:AbortMultipartUpload'))
    await store.changeBucket('bucket', { versioning: 'Enabled' })
    const { versionId } = await store.delete(ref, deleting)
    await assert.rejects(store.deleteBucket('bucket'), isNotEmpty)
    await store.delete({ ...ref, versionId: versionId! }, deleting)
    await store.deleteBucket('bucket')
    assert.equal(store.bucket('bucket'), undefined)
    await assert.rejects(store.deleteBucket('bucket'), ossError('NoSuchBucket'))
    await assert.rejects(put(store, 'a'), ossError('NoSuchBucket'))
  })

  bucketTest('usage counts stored objects, every version of them, and uploads', async ({ store }) => {
    await put(store, 'a', '12345')
    await put(store, 'a', '123')
    await put(store, 'b', '1')
    await store.append('bucket', 'c', 0, from(['1234']), putting())
    await store.append('bucket', 'c', 4, from(['56']), putting())
    await store.createUpload('bucket', 'd', putting())
    assert.deepEqual(await store.bucketUsage('bucket'), { bytes: 10, objects: 3, uploads: 1 })
    await store.changeBucket('bucket', { versioning: 'Enabled' })
    await put(store, 'a', '1234567')
    await store.delete({ bucket: 'bucket', key: 'b' }, deleting)
    assert.deepEqual(await store.bucketUsage('bucket'), { bytes: 17, objects: 4, uploads: 1 })
    await store.delete({ bucket: 'bucket', key: 'a', versionId: 'null' }, deleting)
    assert.deepEqual(await store.bucketUsage('bucket'), { bytes: 14, objects: 3, uploads: 1 })
  })
}

export function listTests(listTest: SceneTest): void {
  const shown = async (store: ObjectStore, query: Partial<ListQuery>) => {
    const { objects, commonPrefixes, next } = await store.list({ ...whole, ...query })
    return { keys: objects.map(({ key }) => key), commonPrefixes, next }
  }

  listTest('keys are listed in the order of their bytes in UTF-8', async ({ store }) => {
    // In UTF-16, the last two change places.
    const keys = ['!', 'A', 'B', 'a', 'a\u0001b', 'a/', 'a/b', 'aa', 'é', '中', '\uffee', '😀']
    for (const key of keys.toReversed()) await put(store, key, '')
    assert.deepEqual(await shown(store, {}), { keys, commonPrefixes: [], next: null })
    for (const [i, after] of keys.entries()) {
      const { keys: rest, next } = await shown(store, { after, limit: 2 })
      assert.deepEqual(rest, keys.slice(i + 1, i + 3))
      assert.equal(next, i + 3 < keys.length ? keys[i + 2] : null)
    }
  })

  listTest('what lies below a delimiter is one prefix; pages count it as one', async ({ store }) => {
    for (const key of ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'c//x', 'c/y', 'd']) await put(store, key, '')
    const delimiter = '/'
    assert.deepEqual(await shown(store, { delimiter }), {
      keys: ['a', 'b0', 'd'],
      commonPrefixes: ['b/', 'c/'],
      next: null,
    })
    assert.deepEqual(await shown(store, { delimiter, limit: 2 }), { keys: ['a'], commonPrefixes: ['b/'], next: 'b/' })
    assert.deepEqual(await shown(store, { delimiter, limit: 2, after: 'b/' }), {
      keys: ['b0'],
      commonPrefixes: ['c/'],
      next: 'c/',
    })
    assert.deepEqual(await shown(store, { delimiter, after: 'b/1', limit: 1 }), {
      keys: ['b0'],
      commonPrefixes: [],
      next: 'b0',
    })
    assert.deepEqual(await shown(store, { delimiter, prefix: 'b/' }), {
      keys: ['b/1', 'b/2'],
      commonPrefixes: ['b/c/'],
      next: null,
    })
    assert.deepEqual(await shown(store, { delimiter, prefix: 'c/' }), {
      keys: ['c/y'],
      commonPrefixes: ['c//'],
      next: null,
    })
    assert.deepEqual(await shown(store, { delimiter: '//' }), {
      keys: ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'c/y', 'd'],
      commonPrefixes: ['c//'],
      next: null,
    })
    assert.deepEqual(await shown(store, { limit: 0 }), { keys: [], commonPrefixes: [], next: null })
  })

  listTest('an object in a list is as its head tells, and can be read', async ({ store }) => {
    await put(store, 'a', 'content')
    const { objects } = await store.list(whole)
    assert.deepEqual(objects, [await store.head({ bucket: 'bucket', key: 'a' })])
    assert.equal((await Array.fromAsync(await store.read(objects[0]!))).join(''), 'content')
    await put(store, 'a', 'changed')
    await assert.rejects(store.read(objects[0]!), ossError('NoSuchKey'))
  })
}
