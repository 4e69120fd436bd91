/** The outbox. */
import assert from 'node:assert/strict'
import { cause, deleting, from, options, put, putting } from './contract-scene.ts'
import type { SceneTest } from './contract-scene.ts'

const ref = { bucket: 'bucket', key: 'a' }

export function eventTests(eventTest: SceneTest): void {
  eventTest('each change leaves its event, with what changed by how much, in order', async ({ store, clock }) => {
    const described = { contentType: 'text/plain', meta: { m: '1' } }
    const attributes = { ...putting().attributes, ...described }
    await store.put('bucket', 'a', from(['12345']), putting({ attributes }))
    const { etag } = await store.put('bucket', 'a', from(['12']), putting({ attributes }))
    await store.copy(ref, 'bucket', 'b', { ...options('ObjectCreated:CopyObject'), attributes: null })
    await store.append('bucket', 'log', 0, from(['123']), options('ObjectCreated:AppendObject'))
    await store.append('bucket', 'log', 3, from(['4567']), options('ObjectCreated:AppendObject'))
    await store.delete(ref, deleting)
    await store.delete(ref, deleting)
    const events = await store.pendingEvents(100)
    assert.deepEqual(
      events.map(({ eventName, key, size, deltaSize }) => [eventName, key, size, deltaSize]),
      [
        ['ObjectCreated:PutObject', 'a', 5, 5],
        ['ObjectCreated:PutObject', 'a', 2, -3],
        ['ObjectCreated:CopyObject', 'b', 2, 2],
        ['ObjectCreated:AppendObject', 'log', 3, 3],
        ['ObjectCreated:AppendObject', 'log', 7, 4],
        ['ObjectRemoved:DeleteObject', 'a', 2, -2],
      ],
    )
    const { id, ...second } = events[1]!
    assert.deepEqual(second, {
      ...cause,
      ...ref,
      ...described,
      eventName: 'ObjectCreated:PutObject',
      timeMs: clock.nowMs(),
      versionId: 'null',
      size: 2,
      deltaSize: -3,
      etag,
    })
    const ids = events.map((event) => event.id)
    assert.deepEqual(ids, [...new Set(ids)].toSorted())
    assert.ok(ids.includes(id))
  })

  eventTest('only what is waited for is kept, until it is acknowledged, over a restart too', async (scene) => {
    scene.wants.eventName = (name) => name === 'ObjectRemoved:DeleteObject'
    const told: string[] = []
    const { store } = scene
    store.onEvents(() => told.push('event'))
    await put(store, 'a')
    await put(store, 'b')
    assert.equal(told.length, 0)
    assert.deepEqual(await store.pendingEvents(10), [])
    await store.delete(ref, deleting)
    await store.delete({ ...ref, key: 'b' }, deleting)
    assert.equal(told.length, 2)

    const again = await scene.reopen()
    again.onEvents(() => told.push('those of before'))
    assert.deepEqual(told.slice(2), ['those of before'])
    const [first, second] = await again.pendingEvents(10)
    assert.deepEqual([first!.key, second!.key], ['a', 'b'])
    assert.deepEqual(await again.pendingEvents(1), [first])
    assert.deepEqual(await again.pendingEvents(10, first!.id), [second])
    await again.acknowledgeEvents([first!.id])
    assert.deepEqual(await again.pendingEvents(10), [second])
    await again.acknowledgeEvents([first!.id, second!.id])
    assert.deepEqual(await again.pendingEvents(10), [])
    const third = await scene.reopen()
    third.onEvents(() => told.push('nothing waits'))
    assert.equal(told.length, 3)
  })

  eventTest('a change that is refused leaves no event', async ({ store }) => {
    await put(store, 'a')
    await assert.rejects(store.put('bucket', 'a', from(['x']), putting({ forbidOverwrite: true })))
    await assert.rejects(store.append('bucket', 'a', 1, from(['x']), options('ObjectCreated:AppendObject')))
    assert.equal((await store.pendingEvents(10)).length, 1)
  })

  eventTest('uploads tell of their beginning, their parts and their end', async ({ store }) => {
    const { uploadId } = await store.createUpload('bucket', 'a', options('ObjectCreated:InitiateMultipartUpload'))
    const part = { ...ref, uploadId, partNumber: 1 }
    await store.putPart(part, from(['abc']), options('ObjectCreated:UploadPart'))
    await store.completeUpload({ ...ref, uploadId }, null, options('ObjectCreated:CompleteMultipartUpload'))
    const events = await store.pendingEvents(10)
    assert.deepEqual(
      events.map(({ eventName, size, deltaSize }) => [eventName.split(':')[1], size, deltaSize]),
      [
        ['InitiateMultipartUpload', 0, 0],
        ['UploadPart', 3, 0],
        ['CompleteMultipartUpload', 3, 3],
      ],
    )
  })

  eventTest('with versions, the difference is to the version before', async ({ store }) => {
    await store.changeBucket('bucket', { versioning: 'Enabled' })
    await put(store, 'a', '1234')
    const { versionId } = await put(store, 'a', '1')
    const marker = await store.delete(ref, deleting)
    await store.delete({ ...ref, versionId: marker.versionId! }, deleting)
    await store.delete({ ...ref, versionId }, deleting)
    const events = await store.pendingEvents(10)
    assert.deepEqual(
      events.map(({ deltaSize }) => deltaSize),
      [4, -3, -1, 1, 3],
    )
    assert.equal(events[2]!.versionId, marker.versionId)
  })
}
