/** Buckets that keep versions. */
import assert from 'node:assert/strict'
import { blobCount, deleting, from, large, options, ossError, put, putting, read, text } from './contract-scene.ts'
import type { SceneTest } from './contract-scene.ts'
import type { ObjectStore, OssError, VersionsQuery } from './port.ts'

const ref = { bucket: 'bucket', key: 'a' }
const whole: VersionsQuery = { bucket: 'bucket', prefix: '', delimiter: '', after: '', limit: 1000 }

async function history(store: ObjectStore, key = 'a'): Promise<string[]> {
  const { objects } = await store.listVersions({ ...whole, prefix: key })
  return objects.map(
    ({ versionId, isLatest, isDeleteMarker, size }) =>
      `${versionId === 'null' ? 'null' : 'id'}${isLatest ? ' latest' : ''} ${isDeleteMarker ? 'marker' : size}`,
  )
}

const keepVersions = (store: ObjectStore) => store.changeBucket('bucket', { versioning: 'Enabled' })
const suspend = (store: ObjectStore) => store.changeBucket('bucket', { versioning: 'Suspended' })

export function versionTests(versionTest: SceneTest): void {
  versionTest('what is told of a key is as its last change left it, whichever change that was', async ({ store }) => {
    const told = () => store.head(ref).catch((error: OssError) => error.code)
    const stored = async () => (await store.list({ ...whole, prefix: ref.key })).objects[0] ?? 'NoSuchKey'
    const latest = async () => ({ ...ref, versionId: (await store.listVersions(whole)).objects[0]!.versionId })
    const copying = { ...options('ObjectCreated:CopyObject'), attributes: null }
    await put(store, 'source', large('source'))
    const changes = [
      () => put(store, 'a', '1'),
      () => put(store, 'a', large('2')),
      () => store.changeAttributes(ref, { tags: { x: 'y' } }),
      () => store.putSymlink('bucket', 'a', 'source', putting()),
      () => store.copy({ bucket: 'bucket', key: 'source' }, 'bucket', 'a', copying),
      () => store.delete(ref, deleting),
      () => store.append('bucket', 'a', 0, from(['3']), putting()),
      () => store.append('bucket', 'a', 1, from(['4']), putting()),
      async () => {
        const { uploadId } = await store.createUpload('bucket', 'a', putting())
        await store.putPart({ ...ref, uploadId, partNumber: 1 }, from(['5']), putting())
        await store.completeUpload({ ...ref, uploadId }, null, putting())
      },
      () => keepVersions(store),
      () => put(store, 'a', '6'),
      async () => store.changeAttributes(await latest(), { acl: 'public-read' }),
      async () => store.delete(await latest(), deleting),
      () => store.delete(ref, deleting),
      async () => store.delete(await latest(), deleting),
      async () => store.delete(await latest(), deleting),
    ]
    for (const [i, change] of changes.entries()) {
      await told()
      await Promise.all([told(), change(), told()])
      assert.deepEqual(await told(), await stored(), `change ${i}`)
    }
    await store.delete({ bucket: 'bucket', key: 'source' }, deleting)
    for (const { key, versionId } of (await store.listVersions(whole)).objects) {
      await store.delete({ bucket: 'bucket', key, versionId }, deleting)
    }
    await store.deleteBucket('bucket')
    assert.equal(await told(), 'NoSuchBucket')
    await store.createBucket('bucket', { acl: 'private', storageClass: 'Standard' })
    assert.equal(await told(), 'NoSuchKey')
  })

  versionTest('each write is a version with an id of its own, and what was there before stays', async (scene) => {
    const { store, clock } = scene
    await put(store, 'a', '1')
    await keepVersions(store)
    const second = await put(store, 'a', '22')
    const third = await put(store, 'a', '333')
    assert.notEqual(second.versionId, third.versionId)
    assert.match(second.versionId, /^[\w-]{10,64}$/)
    assert.deepEqual(await history(store), ['id latest 3', 'id 2', 'null 1'])
    clock.advance(60_000)
    for (const [versionId, content] of [
      ['null', '1'],
      [second.versionId, '22'],
      [third.versionId, '333'],
    ] as const) {
      assert.equal((await read(store, { ...ref, versionId })).toString(), content)
    }
    assert.equal(await text(store, 'a'), '333')
    const { objects } = await store.list({ ...whole })
    assert.deepEqual(
      objects.map(({ key, versionId }) => [key, versionId]),
      [['a', third.versionId]],
    )
  })

  versionTest('deleting the object puts a marker on it, which hides it', async ({ store }) => {
    await keepVersions(store)
    const { versionId } = await put(store, 'a', '1')
    const marker = await store.delete(ref, deleting)
    assert.equal(marker.isDeleteMarker, true)
    assert.deepEqual(await history(store), ['id latest marker', 'id 1'])
    const isHidden = ossError('NoSuchKey', { isDeleteMarker: 'true', versionId: marker.versionId! })
    await assert.rejects(store.head(ref), isHidden)
    await assert.rejects(store.head({ ...ref, versionId: marker.versionId! }), ossError('MethodNotAllowed'))
    assert.equal((await read(store, { ...ref, versionId })).toString(), '1')
    assert.deepEqual((await store.list(whole)).objects, [])

    const unmarked = await store.delete({ ...ref, versionId: marker.versionId! }, deleting)
    assert.deepEqual(unmarked, { versionId: marker.versionId, isDeleteMarker: true })
    assert.equal(await text(store, 'a'), '1')
    assert.deepEqual(await history(store), ['id latest 1'])
  })

  versionTest('a version that is deleted is gone with its bytes, and the one before comes forward', async (scene) => {
    const { store, blobs, clock } = scene
    await keepVersions(store)
    const first = await put(store, 'a', '1')
    const second = await put(store, 'a', large('22'))
    const third = await put(store, 'a', large('333'))
    const remove = (versionId: string) => store.delete({ ...ref, versionId }, deleting)
    assert.deepEqual(await remove(second.versionId), { versionId: second.versionId, isDeleteMarker: false })
    assert.deepEqual(await history(store), ['id latest 20000', 'id 1'])
    await assert.rejects(store.head({ ...ref, versionId: second.versionId }), ossError('NoSuchVersion'))
    await remove(third.versionId)
    assert.equal(await text(store, 'a'), '1')
    assert.deepEqual(await history(store), ['id latest 1'])
    assert.deepEqual(await remove(third.versionId), { versionId: third.versionId, isDeleteMarker: false })
    await remove(first.versionId)
    await assert.rejects(store.head(ref), ossError('NoSuchKey'))
    clock.advance(60_000)
    await scene.reopen()
    assert.equal(await blobCount(blobs), 0)
  })

  versionTest('while versions are suspended there is one null version, and the others stay', async ({ store }) => {
    await put(store, 'a', '1')
    await keepVersions(store)
    await put(store, 'a', '22')
    await suspend(store)
    assert.equal((await put(store, 'a', '333')).versionId, 'null')
    assert.deepEqual(await history(store), ['null latest 3', 'id 2'])
    await put(store, 'a', '4444')
    assert.deepEqual(await history(store), ['null latest 4', 'id 2'])
    assert.deepEqual(await store.delete(ref, deleting), { versionId: 'null', isDeleteMarker: true })
    assert.deepEqual(await history(store), ['null latest marker', 'id 2'])
    assert.deepEqual(await store.delete({ ...ref, versionId: 'null' }, deleting), {
      versionId: 'null',
      isDeleteMarker: true,
    })
    assert.deepEqual(await history(store), ['id latest 2'])
  })

  versionTest(
    'where versions are kept, nothing is overwritten, so forbidding it forbids nothing',
    async ({ store }) => {
      await keepVersions(store)
      await put(store, 'a', '1')
      await store.put('bucket', 'a', from(['22']), putting({ forbidOverwrite: true }))
      assert.deepEqual(await history(store), ['id latest 2', 'id 1'])
    },
  )

  versionTest('a copy of a version, onto its own key too, is a new version', async ({ store }) => {
    await keepVersions(store)
    const first = await put(store, 'a', '1')
    await put(store, 'a', '22')
    const copying = { ...options('ObjectCreated:CopyObject'), attributes: null }
    const copied = await store.copy({ ...ref, versionId: first.versionId }, 'bucket', 'a', copying)
    assert.deepEqual(await history(store), ['id latest 1', 'id 2', 'id 1'])
    await store.delete({ ...ref, versionId: first.versionId }, deleting)
    assert.equal((await read(store, { ...ref, versionId: copied.versionId })).toString(), '1')
  })

  versionTest('attributes of one version change alone; appending goes on with the latest', async ({ store }) => {
    await keepVersions(store)
    const first = await store.append('bucket', 'a', 0, from(['one']), options('ObjectCreated:AppendObject'))
    const second = await store.append('bucket', 'a', 3, from(['two']), options('ObjectCreated:AppendObject'))
    assert.equal(second.versionId, first.versionId)
    await put(store, 'a', 'new')
    const old = { ...ref, versionId: first.versionId }
    await store.changeAttributes(old, { tags: { x: 'y' } })
    assert.deepEqual((await store.head(old)).tags, { x: 'y' })
    assert.deepEqual((await store.head(ref)).tags, {})
    await store.delete(ref, deleting)
    await assert.rejects(store.changeAttributes(ref, { tags: {} }), ossError('NoSuchKey'))
    const fresh = await store.append('bucket', 'a', 0, from(['x']), options('ObjectCreated:AppendObject'))
    assert.notEqual(fresh.versionId, first.versionId)
    assert.equal((await read(store, old)).toString(), 'onetwo')
  })

  versionTest('versions are listed page by page, within a key too', async ({ store }) => {
    await keepVersions(store)
    for (const key of ['a', 'a', 'a', 'b', 'c/1', 'c/2', 'd']) await put(store, key)
    await store.delete({ bucket: 'bucket', key: 'd' }, deleting)
    const seen: string[] = []
    let position: { key: string; versionId: string } | null = { key: '', versionId: '' }
    while (position !== null) {
      const page = await store.listVersions({
        ...whole,
        delimiter: '/',
        limit: 2,
        after: position.key,
        afterVersionId: position.versionId,
      })
      assert.ok(page.objects.length + page.commonPrefixes.length <= 2)
      seen.push(...page.objects.map(({ key, isDeleteMarker }) => (isDeleteMarker ? `${key} marker` : key)))
      seen.push(...page.commonPrefixes)
      position = page.next
    }
    assert.deepEqual(seen.toSorted(), ['a', 'a', 'a', 'b', 'c/', 'd', 'd marker'])
  })

  versionTest('deleting versions page by page meets all of them', async ({ store }) => {
    await keepVersions(store)
    for (let i = 0; i < 7; i++) await put(store, 'a', String(i))
    let position: { key: string; versionId: string } | null = { key: '', versionId: '' }
    while (position !== null) {
      const query: VersionsQuery = { ...whole, limit: 2, after: position.key, afterVersionId: position.versionId }
      const page = await store.listVersions(query)
      for (const { versionId } of page.objects) await store.delete({ ...ref, versionId }, deleting)
      position = page.next
    }
    assert.deepEqual(await history(store), [])
  })
}
