/** Multipart uploads. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { somePiece } from '../blobs/contract.ts'
import { attributes, blobCount, crcOf, deleting, from, md5Of, options, ossError, put, read } from './contract-scene.ts'
import type { Scene, SceneTest } from './contract-scene.ts'
import type { ObjectStore, Part } from './port.ts'

const PART_BYTES = 100 * 1024
const ref = { bucket: 'bucket', key: 'big' }
const initiating = options('ObjectCreated:InitiateMultipartUpload')
const uploading = options('ObjectCreated:UploadPart')
const completing = options('ObjectCreated:CompleteMultipartUpload')
const aborting = options('ObjectRemoved:AbortMultipartUpload')

type UploadRef = typeof ref & { uploadId: string }

async function begin(store: ObjectStore, key = ref.key): Promise<UploadRef> {
  const { uploadId } = await store.createUpload('bucket', key, initiating)
  return { bucket: 'bucket', key, uploadId }
}

function putPart(store: ObjectStore, upload: UploadRef, partNumber: number, content: Buffer | string): Promise<Part> {
  return store.putPart({ ...upload, partNumber }, from([content]), uploading)
}

async function blobsAfterAWhile({ store, blobs, clock }: Scene): Promise<number> {
  clock.advance(60_000)
  await store.close()
  return blobCount(blobs)
}

export function uploadTests(uploadTest: SceneTest): void {
  uploadTest(
    'parts in any order become one object, whose sums are those of the parts and of the whole',
    async (scene) => {
      const { store, clock } = scene
      const contents = [somePiece(PART_BYTES, 1), somePiece(PART_BYTES + 777, 2), Buffer.from('the end')]
      const described = { ...attributes, contentType: 'video/mp4', meta: { a: '1' }, tags: { t: 'u' } }
      const { uploadId, initiatedMs } = await store.createUpload('bucket', 'big', {
        ...initiating,
        attributes: described,
      })
      assert.match(uploadId, /^[0-9A-F]{32}$/)
      assert.equal(initiatedMs, clock.nowMs())
      const upload = { ...ref, uploadId }
      const parts: Part[] = []
      for (const number of [3, 1, 2]) parts[number - 1] = await putPart(store, upload, number, contents[number - 1]!)
      for (const [i, content] of contents.entries()) {
        const { partNumber, etag, size, crc64 } = parts[i]!
        assert.deepEqual(
          { partNumber, etag, size, crc64 },
          { partNumber: i + 1, etag: md5Of(content), size: content.length, crc64: crcOf(content) },
        )
      }
      await assert.rejects(store.head(ref), ossError('NoSuchKey'))
      const listed = parts.map(({ partNumber, etag }) => ({ partNumber, etag: `"${etag}"` }))
      const result = await store.completeUpload(upload, listed, completing)
      const bytes = Buffer.concat(contents)
      const md5s = Buffer.concat(contents.map((content) => createHash('md5').update(content).digest()))
      assert.deepEqual(result, {
        versionId: 'null',
        etag: `${md5Of(md5s)}-3`,
        crc64: crcOf(bytes),
        size: bytes.length,
      })
      const head = await store.head(ref)
      assert.deepEqual(
        [head.type, head.contentType, head.meta, head.tags, head.contentMd5],
        ['Multipart', 'video/mp4', { a: '1' }, { t: 'u' }, null],
      )
      assert.ok((await read(store, ref)).equals(bytes))
      const across = { first: PART_BYTES - 5, last: 2 * PART_BYTES + 780 }
      assert.ok((await read(store, ref, across)).equals(bytes.subarray(across.first, across.last + 1)))
      await assert.rejects(
        store.completeUpload(upload, listed, completing),
        ossError('NoSuchUpload', { UploadId: uploadId }),
      )
    },
  )

  uploadTest('a list of parts that is not right is refused, and the upload stays', async ({ store }) => {
    const upload = await begin(store)
    const large = somePiece(PART_BYTES, 1)
    const first = await putPart(store, upload, 1, large)
    const second = await putPart(store, upload, 2, 'small')
    const third = await putPart(store, upload, 3, large)
    const refused = [
      [[second, first], 'InvalidPartOrder'],
      [[first, first], 'InvalidPartOrder'],
      [[first, { partNumber: 9, etag: first.etag }], 'InvalidPart'],
      [[first, { partNumber: 2, etag: first.etag }], 'InvalidPart'],
      [[first, second, third], 'EntityTooSmall'],
      [[], 'InvalidArgument'],
    ] as const
    for (const [parts, code] of refused) {
      await assert.rejects(store.completeUpload(upload, parts, completing), ossError(code))
    }
    await assert.rejects(store.completeUpload(upload, null, completing), ossError('EntityTooSmall'))
    await store.completeUpload(upload, [first, third], completing)
    assert.equal((await store.head(ref)).size, 2 * PART_BYTES)
  })

  uploadTest('a part that is put again replaces the first; those left out and replaced cost nothing', async (scene) => {
    const { store } = scene
    const upload = await begin(store)
    await putPart(store, upload, 1, 'one')
    const part = await putPart(store, upload, 1, 'other')
    await putPart(store, upload, 2, 'left out')
    await store.completeUpload(upload, [part], completing)
    assert.equal((await read(store, ref)).toString(), 'other')
    assert.equal(await blobsAfterAWhile(scene), 1)
  })

  uploadTest('all parts that are there make the object when none is named', async ({ store }) => {
    const upload = await begin(store)
    await assert.rejects(store.completeUpload(upload, null, completing), ossError('InvalidArgument'))
    await putPart(store, upload, 7, 'the end')
    await putPart(store, upload, 2, somePiece(PART_BYTES, 1))
    const { etag, size } = await store.completeUpload(upload, null, completing)
    assert.equal(size, PART_BYTES + 7)
    assert.match(etag, /-2$/)
  })

  uploadTest('an aborted upload is gone with its parts', async (scene) => {
    const { store } = scene
    const upload = await begin(store)
    await putPart(store, upload, 1, 'one')
    await store.abortUpload(upload, aborting)
    const isGone = ossError('NoSuchUpload', { UploadId: upload.uploadId })
    await assert.rejects(putPart(store, upload, 2, 'two'), isGone)
    await assert.rejects(store.abortUpload(upload, aborting), isGone)
    await assert.rejects(store.listParts(upload, 0, 10), isGone)
    await assert.rejects(store.completeUpload(upload, null, completing), isGone)
    assert.equal(await blobsAfterAWhile(scene), 0)
  })

  uploadTest('a part whose upload is aborted while it comes is refused and keeps nothing', async (scene) => {
    const { store } = scene
    const upload = await begin(store)
    const source = (async function* () {
      yield Buffer.from('first half')
      await store.abortUpload(upload, aborting)
      yield Buffer.from('second half')
    })()
    await assert.rejects(store.putPart({ ...upload, partNumber: 1 }, source, uploading), ossError('NoSuchUpload'))
    assert.equal(await blobsAfterAWhile(scene), 0)
  })

  uploadTest('of complete and abort at once one is done, whole', async ({ store }) => {
    for (let i = 0; i < 10; i++) {
      const upload = await begin(store, `big-${i}`)
      await putPart(store, upload, 1, 'content')
      const [completed, aborted] = await Promise.allSettled([
        store.completeUpload(upload, null, completing),
        store.abortUpload(upload, aborting),
      ])
      assert.notEqual(completed.status, aborted.status)
      const head = store.head({ bucket: 'bucket', key: upload.key })
      if (completed.status === 'fulfilled') assert.equal((await head).size, 7)
      else await assert.rejects(head, ossError('NoSuchKey'))
    }
  })

  uploadTest('a part can be a range of an object, whose bytes it shares and outlives', async (scene) => {
    const { store, clock, blobs } = scene
    const bytes = somePiece(3 * PART_BYTES, 1)
    await put(store, 'source', bytes)
    const source = { bucket: 'bucket', key: 'source' }
    const copying = options('ObjectCreated:UploadPartCopy')
    const upload = await begin(store)
    const range = { first: 1000, last: 1000 + PART_BYTES - 1 }
    const first = await store.copyPart({ ...upload, partNumber: 1 }, source, range, copying)
    assert.deepEqual([first.etag, first.size], [md5Of(bytes.subarray(1000, 1000 + PART_BYTES)), PART_BYTES])
    const second = await store.copyPart({ ...upload, partNumber: 2 }, source, null, copying)
    assert.equal(second.crc64, crcOf(bytes))
    await assert.rejects(
      store.copyPart({ ...upload, partNumber: 3 }, source, { first: 0, last: bytes.length }, copying),
      ossError('InvalidRange'),
    )
    assert.equal(await blobCount(blobs), 1)
    await store.delete(source, deleting)
    clock.advance(60_000)
    await store.completeUpload(upload, [first, second], completing)
    const expected = Buffer.concat([bytes.subarray(1000, 1000 + PART_BYTES), bytes])
    assert.ok((await read(store, ref)).equals(expected))
    const whole = await store.head(ref)
    assert.equal(whole.crc64, crcOf(expected))
    // A part of a part: ranges of ranges.
    const again = await begin(store, 'again')
    const inner = { first: PART_BYTES - 10, last: 2 * PART_BYTES }
    await store.copyPart({ ...again, partNumber: 1 }, ref, inner, copying)
    await store.completeUpload(again, null, completing)
    const found = await read(store, { bucket: 'bucket', key: 'again' })
    assert.ok(found.equals(expected.subarray(inner.first, inner.last + 1)))
  })

  uploadTest('a part can be a range of a small object', async ({ store }) => {
    await put(store, 'source', '0123456789')
    const upload = await begin(store)
    const source = { bucket: 'bucket', key: 'source' }
    const part = await store.copyPart({ ...upload, partNumber: 1 }, source, { first: 2, last: 4 }, uploading)
    assert.equal(part.etag, md5Of('234'))
    await store.completeUpload(upload, null, completing)
    assert.equal((await read(store, ref)).toString(), '234')
  })

  uploadTest('parts and uploads are listed page by page', async ({ store }) => {
    const upload = await begin(store, 'b')
    for (const number of [5, 1, 3]) await putPart(store, upload, number, String(number))
    const first = await store.listParts(upload, 0, 2)
    assert.deepEqual([first.parts.map(({ partNumber }) => partNumber), first.next], [[1, 3], 3])
    const rest = await store.listParts(upload, 3, 2)
    assert.deepEqual([rest.parts.map(({ partNumber, size }) => [partNumber, size]), rest.next], [[[5, 1]], null])

    const same = [upload, await begin(store, 'b'), await begin(store, 'b')].map(({ uploadId }) => uploadId).toSorted()
    for (const key of ['a', 'c/1', 'c/2', 'd']) await begin(store, key)
    const seen: string[] = []
    let position: { key: string; uploadId: string } | null = { key: '', uploadId: '' }
    while (position !== null) {
      const page = await store.listUploads({
        bucket: 'bucket',
        prefix: '',
        delimiter: '/',
        after: position.key,
        afterUploadId: position.uploadId,
        limit: 2,
      })
      seen.push(...page.uploads.map(({ key, uploadId }) => (key === 'b' ? uploadId : key)), ...page.commonPrefixes)
      position = page.next
    }
    assert.deepEqual(seen.toSorted(), [...same, 'a', 'c/', 'd'].toSorted())
  })

  uploadTest('numbers of parts have their limits', async ({ store }) => {
    const upload = await begin(store)
    for (const number of [0, -1, 1.5, 10_001, Number.NaN]) {
      await assert.rejects(
        putPart(store, upload, number, 'x'),
        ossError('InvalidArgument', { ArgumentName: 'partNumber' }),
      )
    }
    await putPart(store, upload, 10_000, 'x')
  })
}
