import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { cachedBlobs } from './cached.ts'
import { blobStoreContract, from, somePiece } from './contract.ts'
import { openFileBlobs } from './files.ts'
import { BlobNotFoundError, type BlobStore, type ByteRange } from './port.ts'

blobStoreContract(
  'cached files',
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'sluice-blobs-'))
    return {
      open: async () => cachedBlobs(await openFileBlobs(directory)),
      opening: `
        (await import(${JSON.stringify(import.meta.resolve('./cached.ts'))})).cachedBlobs(
          await (await import(${JSON.stringify(import.meta.resolve('./files.ts'))})).openFileBlobs(${JSON.stringify(directory)})
        )`,
      remove: async () => rmSync(directory, { recursive: true }),
    }
  },
  'the suite of files fills its disk',
)

/** The ranges that the files behind it were asked for. */
async function watched(t: TestContext): Promise<{ store: BlobStore; asked: (ByteRange | undefined)[] }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-blobs-'))
  const files = await openFileBlobs(directory)
  const store = cachedBlobs(files)
  t.after(async () => {
    await store.close()
    rmSync(directory, { recursive: true })
  })
  const asked: (ByteRange | undefined)[] = []
  const open = files.open.bind(files)
  files.open = (id, range) => {
    asked.push(range)
    return open(id, range)
  }
  return { store, asked }
}

test('a small blob that was read is not read again, in whole or in part', async (t) => {
  const { store, asked } = await watched(t)
  const whole = somePiece(100_000, 1)
  await store.put('a', from([whole]))
  const read = async (first: number, last: number) =>
    assert.ok((await buffer(await store.open('a', { first, last }))).equals(whole.subarray(first, last + 1)))
  await Promise.all([read(0, 99_999), read(0, 99_999)])
  await read(0, 99_999)
  await read(5, 70_000)
  await read(99_999, 99_999)
  assert.deepEqual(asked, [{ first: 0, last: 99_999 }])
})

test('who asked for the beginning first does not keep the rest from being kept', async (t) => {
  const { store, asked } = await watched(t)
  const whole = somePiece(1000, 1)
  await store.put('a', from([whole]))
  const read = async (last: number) =>
    assert.ok((await buffer(await store.open('a', { first: 0, last }))).equals(whole.subarray(0, last + 1)))
  await Promise.all([read(0), read(999)])
  await read(999)
  await read(999)
  assert.equal(asked.length, 3)
  await read(1)
  assert.equal(asked.length, 3)
})

test('a large blob is read anew each time', async (t) => {
  const { store, asked } = await watched(t)
  const whole = somePiece(300_000, 1)
  await store.put('a', from([whole]))
  for (const _ of [1, 2]) {
    assert.ok((await buffer(await store.open('a', { first: 0, last: 299_999 }))).equals(whole))
  }
  assert.equal(asked.length, 2)
})

test('what is removed while it is read is not found afterwards', async (t) => {
  const { store } = await watched(t)
  const range = { first: 0, last: 3 }
  await store.put('a', from([Buffer.from('abcd')]))
  await Promise.allSettled([store.open('a', range), store.remove('a')])
  await assert.rejects(store.open('a', range), BlobNotFoundError)
})
