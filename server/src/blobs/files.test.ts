import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { buffer } from 'node:stream/consumers'
import { blobStoreContract, from, listed, somePiece } from './contract.ts'
import { openFileBlobs } from './files.ts'
import type { BlobStore } from './port.ts'
import { mountSmallDisk, noSmallDisk } from './small-disk-for-tests.ts'

const open = openFileBlobs

blobStoreContract(
  'files',
  async ({ diskBytes } = { diskBytes: 0 }) => {
    const disk = diskBytes > 0 ? mountSmallDisk(diskBytes) : undefined
    const folder = disk?.folder ?? mkdtempSync(path.join(tmpdir(), 'sluice-blobs-'))
    const directory = path.join(folder, 'blobs')
    return {
      open: () => open(directory),
      opening: `
        (await import(${JSON.stringify(import.meta.resolve('./files.ts'))})).openFileBlobs(${JSON.stringify(directory)})`,
      async remove() {
        if (disk) disk.unmount()
        else rmSync(folder, { recursive: true })
      },
    }
  },
  noSmallDisk,
)

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-blobs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

async function openIn(t: TestContext, directory: string): Promise<BlobStore> {
  const store = await open(directory)
  t.after(() => store.close())
  return store
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
}

test('files: what a killed process left half written is removed at the next opening', async (t) => {
  const directory = temporaryFolder(t)
  mkdirSync(path.join(directory, 'incoming'))
  writeFileSync(path.join(directory, 'incoming', '1'), 'half')
  const store = await openIn(t, directory)
  assert.deepEqual(filesOf(directory), [])
  await store.put('a', from([Buffer.from('whole')]))
  assert.deepEqual(filesOf(directory), ['a'])
})

test('files: a put that fails or is checked leaves no file behind', async (t) => {
  const directory = temporaryFolder(t)
  const store = await openIn(t, directory)
  const broken = (async function* () {
    yield somePiece(300_000, 1)
    throw new Error('the client left')
  })()
  await assert.rejects(store.put('a', broken), /the client left/)
  await store.check()
  assert.deepEqual(filesOf(directory), [])
})

test('files: a blob is found by a store that is opened later', async (t) => {
  const directory = temporaryFolder(t)
  const first = await open(directory)
  await first.put('a', from([Buffer.from('whole')]))
  await first.close()
  const second = await openIn(t, directory)
  assert.equal((await buffer(await second.open('a'))).toString(), 'whole')
  assert.deepEqual(
    (await listed(second)).map(({ id }) => id),
    ['a'],
  )
})

test('files: blobs are spread over folders also when their ids begin and end alike', async (t) => {
  const directory = temporaryFolder(t)
  const store = await openIn(t, directory)
  const ids = Array.from({ length: 100 }, (_, i) => `0190a-${i}-00`)
  await Promise.all(ids.map((id) => store.put(id, from([]))))
  const folders = readdirSync(directory).filter((name) => name !== 'incoming')
  assert.ok(folders.length > 50, `${folders.length} folders`)
})

test('files: a file that lost its end is an error for who asks for the end', async (t) => {
  const directory = temporaryFolder(t)
  const store = await openIn(t, directory)
  await store.put('a', from([somePiece(1000, 1)]))
  const [name] = readdirSync(directory).filter((entry) => entry !== 'incoming')
  truncateSync(path.join(directory, name!, 'a'), 500)
  await assert.rejects(store.open('a', { first: 0, last: 999 }), /blob 'a' has 500 bytes; byte 999 was asked for/)
})

test('files: when the thread of small files dies, every put is stored all the same, and it starts again', async (t) => {
  const workers: Worker[] = []
  const onWorker = (worker: Worker) => void workers.push(worker)
  process.on('worker', onWorker)
  t.after(() => process.off('worker', onWorker))
  const directory = temporaryFolder(t)
  const notices: string[] = []
  const store = await open(directory, (message) => void notices.push(message))
  const put = (id: string) => store.put(id, from([somePiece(1000, 1)]))
  await put('first')
  const ids = Array.from({ length: 50 }, (_, i) => `blob-${i}`)
  await Promise.all([...ids.map(put), workers[0]!.terminate()])
  await put('last')
  assert.deepEqual(filesOf(directory).sort(), ['first', 'last', ...ids].sort())
  assert.deepEqual(
    notices.map((notice) => /the thread of the writer of small files ended/.test(notice)),
    [true],
  )
  assert.equal(workers.length, 2)
  await store.close()
  assert.deepEqual(
    workers.map(({ threadId }) => threadId),
    [-1, -1],
  )
})

test('files: more small blobs at once than the thread takes are all stored', async (t) => {
  const directory = temporaryFolder(t)
  const store = await openIn(t, directory)
  const piece = somePiece(250_000, 1)
  const ids = Array.from({ length: 300 }, (_, i) => `blob-${i}`)
  await Promise.all(ids.map((id) => store.put(id, from([piece]))))
  const infos = await listed(store)
  assert.deepEqual(infos.map(({ id }) => id).sort(), ids.toSorted())
  assert.ok(infos.every(({ bytes }) => bytes === piece.length))
})

test(
  'files: small blobs that find no room leave nothing and their neighbours alone',
  { skip: noSmallDisk ?? false },
  async (t) => {
    const disk = mountSmallDisk(1024 * 1024)
    t.after(() => disk.unmount())
    const store = await openIn(t, path.join(disk.folder, 'blobs'))
    const ids = Array.from({ length: 20 }, (_, i) => `blob-${i}`)
    const outcomes = await Promise.allSettled(ids.map((id) => store.put(id, from([somePiece(100_000, 1)]))))
    const stored = ids.filter((_, i) => outcomes[i]!.status === 'fulfilled')
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
    assert.ok(stored.length > 0 && reasons.length > 0, `${stored.length} were stored`)
    for (const reason of reasons) assert.equal((reason as NodeJS.ErrnoException).code, 'ENOSPC')
    assert.deepEqual(filesOf(disk.folder).sort(), stored.toSorted())
    await store.remove(stored[0]!)
    await store.put('after', from([somePiece(100_000, 1)]))
  },
)

test('files: open files go as streams end or are destroyed', { skip: noOpenFiles() }, async (t) => {
  const directory = temporaryFolder(t)
  const store = await openIn(t, directory)
  await store.put('a', from([somePiece(600_000, 1)]))
  const before = openFiles(directory)
  const streams = await Promise.all(Array.from({ length: 20 }, () => store.open('a')))
  assert.equal(openFiles(directory), before + 20)
  await Promise.all(
    streams.map(async (stream, i) => {
      if (i % 2 === 0) await buffer(stream)
      const closed = Promise.withResolvers<void>()
      stream.once('close', closed.resolve)
      if (stream.closed) closed.resolve()
      stream.destroy()
      await closed.promise
    }),
  )
  assert.equal(openFiles(directory), before)
})

function noOpenFiles(): string | false {
  return process.platform === 'linux' ? false : 'open files are counted in /proc'
}

function openFiles(directory: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory)
    } catch {
      return false
    }
  }).length
}
