/** What every home of blobs must do: the promises of the port as tests, to be run on each. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BlobNotFoundError, type BlobInfo, type BlobStore } from './port.ts'

/** A fresh, empty home for one test. */
export interface BlobsForTests {
  /** Opens a store on it; each is closed before `remove`. */
  open(): Promise<BlobStore>
  /** An expression that does the same in another process, where nothing is imported yet. */
  opening: string
  remove(): Promise<void>
}

export type MakeBlobs = (options?: { diskBytes: number }) => Promise<BlobsForTests>

const TIMEOUT_MS = 60_000
const MB = 1024 * 1024

/** `make` gives each test a home of its own; `noSmallDisk`: why it cannot be on a disk of some size, if so. */
export function blobStoreContract(name: string, make: MakeBlobs, noSmallDisk: string | undefined): void {
  const inHome = async (t: TestContext, diskBytes?: number) => {
    const home = await make(diskBytes === undefined ? undefined : { diskBytes })
    const stores: BlobStore[] = []
    t.after(async () => {
      await Promise.all(stores.map((store) => store.close()))
      await home.remove()
    })
    const open = async () => {
      const store = await home.open()
      stores.push(store)
      return store
    }
    return { home, open }
  }
  const blobTest = (title: string, body: (store: BlobStore) => Promise<void>) =>
    void test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, async (t) => body(await (await inHome(t)).open()))

  blobTest('bytes come back as they were put, in pieces of any size', async (store) => {
    for (const [id, sizes] of Object.entries({
      empty: [],
      'empty-piece': [0],
      one: [1],
      'small.and_odd-': [1, 0, 1000, 7],
      large: [5 * MB + 1, 300_000, 9 * MB, 1],
    })) {
      const pieces = sizes.map((size, i) => somePiece(size, i))
      const whole = Buffer.concat(pieces)
      assert.equal(await store.put(id, from(pieces)), whole.length)
      assert.equal((await store.info(id))?.bytes, whole.length)
      assert.ok((await buffer(await store.open(id))).equals(whole), id)
    }
  })

  blobTest('a range is its bytes, first and last included', async (store) => {
    const whole = somePiece(1 * MB, 1)
    await store.put('a', from([whole]))
    for (const [first, last] of [
      [0, 0],
      [0, whole.length - 1],
      [1000, 700_000],
      [whole.length - 1, whole.length - 1],
    ] as const) {
      assert.ok((await buffer(await store.open('a', { first, last }))).equals(whole.subarray(first, last + 1)))
    }
  })

  blobTest('a range that the blob does not have is an error, never fewer bytes', async (store) => {
    await store.put('a', from([Buffer.from('0123456789')]))
    for (const range of [
      { first: 0, last: 10 },
      { first: 10, last: 20 },
    ]) {
      await assert.rejects(async () => buffer(await store.open('a', range)), `${range.first}-${range.last}`)
    }
  })

  blobTest('what is not stored is told by kind, and removing it is fine', async (store) => {
    await assert.rejects(store.open('absent'), BlobNotFoundError)
    await assert.rejects(store.open('absent', { first: 0, last: 1 }), BlobNotFoundError)
    assert.equal(await store.info('absent'), undefined)
    await store.remove('absent')
  })

  blobTest('an id that could be a path is refused everywhere', async (store) => {
    for (const id of ['', '.', '..', '../a', 'a/b', '.hidden', 'a b', 'ä', 'a'.repeat(201)]) {
      await assert.rejects(store.put(id, from([])), /no blob id/)
      await assert.rejects(store.open(id), /no blob id/)
      await assert.rejects(store.info(id), /no blob id/)
      await assert.rejects(store.remove(id), /no blob id/)
    }
    await store.put('a'.repeat(200), from([]))
  })

  blobTest('a source that fails leaves nothing, early or late, and the id stays free', async (store) => {
    for (const sizes of [[], [100], [6 * MB, 6 * MB, 6 * MB]]) {
      await assert.rejects(store.put('a', failing(sizes)), /the client left/)
      assert.equal(await store.info('a'), undefined)
    }
    assert.deepEqual(await listed(store), [])
    await store.put('a', from([Buffer.from('whole')]))
    await assert.rejects(store.put('a', failing([3])), /the client left/)
    assert.equal((await buffer(await store.open('a'))).toString(), 'whole')
  })

  blobTest('list gives every blob once, with its size; what was removed is gone', async (store) => {
    const ids = Array.from({ length: 30 }, (_, i) => `blob-${i}`)
    await Promise.all(ids.map((id, i) => store.put(id, from([somePiece(i, i)]))))
    await store.remove('blob-7')
    const left = ids.filter((id) => id !== 'blob-7')
    const infos = await listed(store)
    assert.deepEqual(infos.map(({ id }) => id).sort(), left.toSorted())
    for (const { id, bytes } of infos) assert.equal(bytes, ids.indexOf(id))
    assert.deepEqual(
      infos.find(({ id }) => id === 'blob-9'),
      await store.info('blob-9'),
    )
    await assert.rejects(store.open('blob-7'), BlobNotFoundError)
  })

  blobTest('a blob that is put again counts as stored later', async (store) => {
    const put = () => store.put('a', from([Buffer.from('a')]))
    await put()
    const before = (await store.info('a'))!.storedMs
    // The clock behind it may be one of whole seconds.
    do await put()
    while ((await store.info('a'))!.storedMs <= before)
    assert.equal((await buffer(await store.open('a'))).toString(), 'a')
  })

  blobTest('many at once are all stored, and all read', async (store) => {
    const ids = Array.from({ length: 200 }, (_, i) => `blob-${i}`)
    await Promise.all(ids.map((id) => store.put(id, from([Buffer.from(id)]))))
    const read = await Promise.all(ids.map(async (id) => (await buffer(await store.open(id))).toString()))
    assert.deepEqual(read, ids)
  })

  blobTest('streams that are destroyed unread hold nothing', async (store) => {
    await store.put('a', from([somePiece(2 * MB, 1)]))
    for (let i = 0; i < 60; i++) {
      const stream = await store.open('a')
      stream.destroy()
      if (!stream.closed) await once(stream, 'close')
    }
    assert.equal((await buffer(await store.open('a'))).length, 2 * MB)
  })

  blobTest('a large blob passes through: memory does not grow with it', async (store) => {
    const piece = somePiece(MB, 1)
    const expected = createHash('md5')
    const startBytes = heldBytes()
    let peakBytes = 0
    const watch = () => (peakBytes = Math.max(peakBytes, heldBytes() - startBytes))
    await store.put(
      'a',
      (async function* () {
        for (let i = 0; i < 96; i++) {
          expected.update(piece)
          if (i % 8 === 0) watch()
          yield piece
        }
      })(),
    )
    const found = createHash('md5')
    let readBytes = 0
    let nextWatch = 0
    for await (const chunk of await store.open('a')) {
      found.update(chunk as Buffer)
      readBytes += (chunk as Buffer).length
      if (readBytes < nextWatch) continue
      watch()
      nextWatch += 8 * MB
    }
    assert.equal(found.digest('hex'), expected.digest('hex'))
    assert.ok(peakBytes < 48 * MB, `${Math.round(peakBytes / MB)} MB were held`)
  })

  test(`${name}: what was answered survives kill -9, whole, and the half of the rest is not seen`, async (t) => {
    const { home, open } = await inHome(t)
    const child = spawn(process.execPath, ['--input-type=module', '--eval', putter(home.opening)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const answered = new Set<string>()
    for await (const id of createInterface({ input: child.stdout })) {
      answered.add(id)
      if (answered.size === 40) child.kill('SIGKILL')
    }
    assert.ok(answered.size >= 40)
    const store = await open()
    const infos = await listed(store)
    const there = new Set(infos.map(({ id }) => id))
    assert.deepEqual(
      [...answered].filter((id) => !there.has(id)),
      [],
      'every answered blob is there',
    )
    for (const { id, bytes } of infos) assert.equal(bytes, Number(id.split('-')[1]), `${id} is whole`)
    const [some] = answered
    assert.equal((await buffer(await store.open(some!))).length, Number(some!.split('-')[1]))
  })

  test(
    `${name}: a full disk is an error, nothing of the blob stays, and with space again it goes on`,
    { skip: noSmallDisk ?? false, timeout: TIMEOUT_MS },
    async (t) => {
      const { open } = await inHome(t, 24 * MB)
      const store = await open()
      await store.check()
      await store.put('kept', from([somePiece(MB, 1)]))
      const tooLarge = Array.from({ length: 32 }, (_, i) => somePiece(MB, i))
      await assert.rejects(store.put('too-large', from(tooLarge)))
      assert.equal(await store.info('too-large'), undefined)
      assert.equal((await buffer(await store.open('kept'))).length, MB)
      await store.put('after', from([somePiece(8 * MB, 1)]))
      assert.deepEqual((await listed(store)).map(({ id }) => id).sort(), ['after', 'kept'])
    },
  )

  blobTest('a home that works passes its check', (store) => store.check())
}

export async function* from(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces
}

async function* failing(sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (const size of sizes) yield somePiece(size, 1)
  throw new Error('the client left')
}

export async function listed(store: BlobStore): Promise<BlobInfo[]> {
  return Array.fromAsync(store.list())
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Without what is garbage already. */
function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

/** No two windows of it alike, so that bytes out of place show. */
export function somePiece(size: number, seed: number): Buffer {
  const piece = Buffer.alloc(size)
  let state = seed + 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    piece[i] = state >>> 16
  }
  return piece
}

/** Puts blobs of all sizes, four at a time, for ever, and prints the id of each that was answered: `number-bytes`. */
const putter = (opening: string) => `
  import { writeSync } from 'node:fs'
  const store = await (${opening})
  let count = 0
  async function* pieces(bytes) {
    for (let left = bytes; left > 0; left -= 70000) yield Buffer.alloc(Math.min(left, 70000), 7)
  }
  async function putAll() {
    for (;;) {
      const n = ++count
      const bytes = (n * 7919) % 400000
      await store.put(n + '-' + bytes, pieces(bytes))
      writeSync(1, n + '-' + bytes + '\\n')
    }
  }
  await Promise.all([putAll(), putAll(), putAll(), putAll()])`
