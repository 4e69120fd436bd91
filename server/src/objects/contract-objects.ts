/** Objects: written, told of, read, changed, deleted. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { somePiece } from '../blobs/contract.ts'
import {
  attributes,
  blobCount,
  crcOf,
  deleting,
  from,
  large,
  md5Of,
  options,
  ossError,
  put,
  putting,
  read,
  text,
} from './contract-scene.ts'
import type { SceneTest } from './contract-scene.ts'

const MB = 1024 * 1024
const object = { bucket: 'bucket', key: 'dir/ключ 1' }

export function objectTests(objectTest: SceneTest): void {
  objectTest('an object is told of as it was put, and its bytes come back, ranges too', async ({ store, clock }) => {
    const bytes = somePiece(300_000, 1)
    const all = {
      contentType: 'text/plain; charset=utf-8',
      headers: { 'cache-control': 'no-cache', 'content-encoding': 'gzip' },
      meta: { author: 'me', empty: '' },
      acl: 'public-read' as const,
      tags: { a: '1', b: '' },
      storageClass: 'IA',
    }
    const pieces = [bytes.subarray(0, 100), Buffer.alloc(0), bytes.subarray(100)]
    const result = await store.put('bucket', object.key, from(pieces), putting({ attributes: all }))
    const described = { versionId: 'null', etag: md5Of(bytes), crc64: crcOf(bytes), size: bytes.length }
    assert.deepEqual(result, described)
    const head = await store.head(object)
    assert.deepEqual(head, {
      ...object,
      ...all,
      ...described,
      isLatest: true,
      isDeleteMarker: false,
      type: 'Normal',
      contentMd5: createHash('md5').update(bytes).digest('base64'),
      modifiedMs: clock.nowMs(),
      symlinkTarget: null,
    })
    assert.ok((await read(store, object)).equals(bytes))
    for (const [first, last] of [
      [0, 0],
      [70_000, 200_000],
      [bytes.length - 1, bytes.length - 1],
    ] as const) {
      assert.ok((await read(store, object, { first, last })).equals(bytes.subarray(first, last + 1)))
    }
  })

  objectTest('an empty object has the sums of nothing and costs no blob', async ({ store, blobs }) => {
    const result = await store.put('bucket', 'empty', from([]), putting({ contentLength: 0 }))
    assert.deepEqual(result, { versionId: 'null', etag: md5Of(''), crc64: '0', size: 0 })
    assert.equal(await text(store, 'empty'), '')
    assert.equal(await blobCount(blobs), 0)
  })

  objectTest('what is missing is refused by its name', async ({ store }) => {
    await assert.rejects(store.head({ bucket: 'other', key: 'a' }), ossError('NoSuchBucket', { BucketName: 'other' }))
    await assert.rejects(store.put('other', 'a', from([]), putting()), ossError('NoSuchBucket'))
    await assert.rejects(store.list({ bucket: 'other', ...wholeList }), ossError('NoSuchBucket'))
    await assert.rejects(store.head({ bucket: 'bucket', key: 'a' }), ossError('NoSuchKey', { Key: 'a' }))
    await put(store, 'a')
    const version = { bucket: 'bucket', key: 'a', versionId: 'nope' }
    await assert.rejects(store.head(version), ossError('NoSuchVersion', { VersionId: 'nope' }))
  })

  objectTest('an object that is put again is replaced, and its bytes go after a while', async (scene) => {
    const { store, blobs, clock } = scene
    await put(store, 'a', large('one'))
    await put(store, 'a', large('two'))
    assert.ok((await read(store, { bucket: 'bucket', key: 'a' })).equals(large('two')))
    assert.equal(await blobCount(blobs), 2)
    clock.advance(60_000)
    await scene.reopen()
    assert.equal(await blobCount(blobs), 1)
  })

  objectTest('who was told of an object reads it whole, though it was replaced and deleted since', async (scene) => {
    const { store, clock } = scene
    const bytes = somePiece(2 * MB, 1)
    await put(store, 'a', bytes)
    const head = await store.head({ bucket: 'bucket', key: 'a' })
    const begun = await store.read(head)
    await put(store, 'a', 'two')
    await store.delete({ bucket: 'bucket', key: 'a' }, deleting)
    const later = await store.read(head)
    clock.advance(3_600_000)
    assert.ok((await buffer(begun)).equals(bytes))
    assert.ok((await buffer(later)).equals(bytes))
  })

  objectTest('what came is checked against what was said of it, and nothing is kept', async ({ store, blobs }) => {
    const contentMd5 = createHash('md5').update('other').digest('base64')
    for (const content of [Buffer.from('abc'), large('abc')]) {
      const refused = [
        [putting({ contentMd5 }), 'InvalidDigest'],
        [putting({ contentLength: content.length - 1 }), 'InvalidArgument'],
        [putting({ contentLength: content.length + 1 }), 'InvalidArgument'],
        [putting({ contentLength: 6 * 1024 * MB }), 'EntityTooLarge'],
      ] as const
      for (const [said, code] of refused) {
        await assert.rejects(store.put('bucket', 'a', from([content]), said), ossError(code))
      }
      await assert.rejects(store.head({ bucket: 'bucket', key: 'a' }), ossError('NoSuchKey'))
      assert.equal(await blobCount(blobs), 0)
      const right = createHash('md5').update(content).digest('base64')
      const said = putting({ contentMd5: right, contentLength: content.length })
      await store.put('bucket', 'b', from([content]), said)
    }
  })

  objectTest('a client that leaves midway leaves nothing, and its error comes through', async ({ store, blobs }) => {
    const left = new Error('the client left')
    const source = (async function* () {
      yield somePiece(MB, 1)
      throw left
    })()
    await assert.rejects(store.put('bucket', 'a', source, putting()), (error) => error === left)
    await assert.rejects(store.head({ bucket: 'bucket', key: 'a' }), ossError('NoSuchKey'))
    assert.equal(await blobCount(blobs), 0)
  })

  objectTest('an object that may not be overwritten is not, and the bytes that came go', async ({ store, blobs }) => {
    const once = putting({ forbidOverwrite: true })
    const answers = await Promise.allSettled(
      ['one', 'two', 'three'].map((content) => store.put('bucket', 'a', from([large(content)]), once)),
    )
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    await assert.rejects(
      store.put('bucket', 'a', from([large('four')]), once),
      ossError('FileAlreadyExists', { Key: 'a' }),
    )
    assert.equal(await blobCount(blobs), 1)
  })

  objectTest('names and what is said of objects have their limits', async ({ store }) => {
    const keys = ['', '/a', '\\a', 'a'.repeat(1024), 'é'.repeat(512), '\ud800', 'a\0b']
    for (const key of keys) await assert.rejects(put(store, key), ossError('InvalidObjectName'), key.slice(0, 9))
    await put(store, 'é'.repeat(511), '')
    for (const wrong of [
      { meta: { a: 'x'.repeat(8192) } },
      { tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, ''])) },
      { tags: { ['k'.repeat(129)]: '' } },
      { tags: { '': '' } },
      { tags: { k: 'v'.repeat(257) } },
    ]) {
      const said = putting({ attributes: { ...attributes, ...wrong } })
      await assert.rejects(store.put('bucket', 'a', from([]), said), ossError('InvalidArgument'))
      await put(store, 'b', '')
      await assert.rejects(store.changeAttributes({ bucket: 'bucket', key: 'b' }, wrong), ossError('InvalidArgument'))
    }
  })

  objectTest('attributes change, each on its own, and the object stays', async ({ store, clock }) => {
    await put(store, 'a', 'content')
    const ref = { bucket: 'bucket', key: 'a' }
    const before = await store.head(ref)
    clock.advance(1000)
    await store.changeAttributes(ref, { tags: { x: 'y' } })
    await store.changeAttributes(ref, { acl: 'public-read' })
    assert.deepEqual(await store.head(ref), { ...before, tags: { x: 'y' }, acl: 'public-read' })
    await assert.rejects(store.changeAttributes({ ...ref, key: 'b' }, { tags: {} }), ossError('NoSuchKey'))
  })

  objectTest('a deleted object is gone; deleting what is not there is fine', async ({ store, blobs, clock }) => {
    await put(store, 'a', large('a'))
    const ref = { bucket: 'bucket', key: 'a' }
    assert.deepEqual(await store.delete(ref, deleting), { versionId: null, isDeleteMarker: false })
    await assert.rejects(store.head(ref), ossError('NoSuchKey'))
    assert.deepEqual(await store.delete(ref, deleting), { versionId: null, isDeleteMarker: false })
    clock.advance(60_000)
    await store.close()
    assert.equal(await blobCount(blobs), 0)
  })

  objectTest('a symlink names its target and has no bytes', async ({ store }) => {
    const result = await store.putSymlink('bucket', 'link', 'target', options('ObjectCreated:PutSymlink'))
    const head = await store.head({ bucket: 'bucket', key: 'link' })
    assert.equal(head.type, 'Symlink')
    assert.equal(head.symlinkTarget, 'target')
    assert.equal(head.etag, result.etag)
    assert.deepEqual([head.size, head.contentMd5], [0, null])
  })

  objectTest('a copy shares the bytes and outlives its source', async ({ store, blobs, clock }) => {
    const content = large('content')
    await store.createBucket('other', { acl: 'private', storageClass: 'Standard' })
    const described = { ...attributes, meta: { a: '1' }, tags: { t: 'u' } }
    await store.put('bucket', 'a', from([content]), putting({ attributes: described }))
    const copying = (wanted: typeof attributes | null) => ({
      ...options('ObjectCreated:CopyObject'),
      attributes: wanted,
    })
    clock.advance(1000)
    const result = await store.copy({ bucket: 'bucket', key: 'a' }, 'other', 'b', copying(null))
    assert.deepEqual(result, {
      versionId: 'null',
      etag: md5Of(content),
      crc64: crcOf(content),
      size: content.length,
      modifiedMs: clock.nowMs(),
    })
    const head = await store.head({ bucket: 'other', key: 'b' })
    assert.deepEqual([head.meta, head.tags, head.type], [{ a: '1' }, { t: 'u' }, 'Normal'])
    assert.equal(await blobCount(blobs), 1)
    await store.delete({ bucket: 'bucket', key: 'a' }, deleting)
    clock.advance(60_000)
    assert.ok((await read(store, { bucket: 'other', key: 'b' })).equals(content))

    const changed = { ...attributes, contentType: 'text/css' }
    await store.copy({ bucket: 'other', key: 'b' }, 'other', 'b', copying(changed))
    clock.advance(60_000)
    const again = await store.head({ bucket: 'other', key: 'b' })
    assert.deepEqual([again.contentType, again.meta], ['text/css', {}])
    assert.ok((await buffer(await store.read(again))).equals(content))
    await assert.rejects(
      store.copy({ bucket: 'bucket', key: 'a' }, 'other', 'c', copying(null)),
      ossError('NoSuchKey', { Key: 'a' }),
    )
  })

  objectTest('a small object is its own, its ranges and its copies too', async ({ store, blobs }) => {
    await put(store, 'a', '0123456789')
    const copying = { ...options('ObjectCreated:CopyObject'), attributes: null }
    await store.copy({ bucket: 'bucket', key: 'a' }, 'bucket', 'b', copying)
    const head = await store.head({ bucket: 'bucket', key: 'a' })
    await store.delete({ bucket: 'bucket', key: 'a' }, deleting)
    assert.equal((await buffer(await store.read(head))).toString(), '0123456789')
    const copy = { bucket: 'bucket', key: 'b' }
    assert.equal((await read(store, copy, { first: 3, last: 5 })).toString(), '345')
    await store.copy(copy, 'bucket', 'b', copying)
    assert.equal(await text(store, 'b'), '0123456789')
    assert.equal(await blobCount(blobs), 0)
  })

  objectTest('an appended object grows at its end only', async ({ store }) => {
    const appending = options('ObjectCreated:AppendObject')
    const ref = { bucket: 'bucket', key: 'log' }
    await assert.rejects(
      store.append('bucket', 'log', 3, from(['x']), appending),
      ossError('PositionNotEqualToLength', { nextPosition: '0' }),
    )
    const first = await store.append('bucket', 'log', 0, from(['hello ']), appending)
    assert.deepEqual([first.nextPosition, first.crc64], [6, crcOf('hello ')])
    const empty = await store.append('bucket', 'log', 6, from([]), appending)
    assert.deepEqual([empty.nextPosition, empty.crc64], [6, crcOf('hello ')])
    const second = await store.append('bucket', 'log', 6, from(['wor', 'ld']), appending)
    assert.deepEqual([second.nextPosition, second.size, second.crc64], [11, 11, crcOf('hello world')])
    assert.notEqual(second.etag, first.etag)
    const head = await store.head(ref)
    assert.deepEqual([head.type, head.size, head.contentMd5, head.etag], ['Appendable', 11, null, second.etag])
    assert.equal(await text(store, 'log'), 'hello world')
    assert.equal((await read(store, ref, { first: 4, last: 7 })).toString(), 'o wo')
    await assert.rejects(
      store.append('bucket', 'log', 6, from(['x']), appending),
      (error) =>
        ossError('PositionNotEqualToLength', { nextPosition: '11' })(error) &&
        (error as { headers: Record<string, string> }).headers['x-oss-next-append-position'] === '11',
    )
    await put(store, 'normal')
    await assert.rejects(store.append('bucket', 'normal', 6, from(['x']), appending), ossError('ObjectNotAppendable'))
  })

  objectTest('of appends at one position one is made', async ({ store }) => {
    const appending = options('ObjectCreated:AppendObject')
    const answers = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((content) => store.append('bucket', 'log', 0, from([content]), appending)),
    )
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal((await store.head({ bucket: 'bucket', key: 'log' })).size, 1)
  })

  objectTest('of writes of one key at once one wins whole, and no bytes of the others stay', async (scene) => {
    const { store, blobs } = scene
    const contents = Array.from({ length: 20 }, (_, i) => somePiece(50_000 + i * 1000, i))
    await Promise.all([
      ...contents.map((content) => put(store, 'a', content)),
      store.delete({ bucket: 'bucket', key: 'a' }, deleting),
    ])
    const head = await store.head({ bucket: 'bucket', key: 'a' })
    const winner = contents.find((content) => md5Of(content) === head.etag)!
    assert.ok((await buffer(await store.read(head))).equals(winner))
    await scene.reopen()
    assert.equal(await blobCount(blobs), 1)
  })
}

const wholeList = { prefix: '', delimiter: '', after: '', limit: 1000 }
