/** Bad days of the index. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { openFileBlobs } from '../blobs/files.ts'
import { mountSmallDisk, noSmallDisk } from '../blobs/small-disk-for-tests.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { large, ossError, put, text } from './contract-scene.ts'
import { openObjectStore } from './open.ts'
import type { ObjectStore } from './port.ts'

interface Setup {
  /** Of the index. */
  file: string
  notices: string[]
  open: () => Promise<ObjectStore>
}

async function setUp(t: TestContext, folder = temporaryFolder(t)): Promise<Setup> {
  const blobs = await openFileBlobs(join(temporaryFolder(t), 'blobs'))
  t.after(() => blobs.close())
  const notices: string[] = []
  const notify = (message: string) => void notices.push(message)
  const deps = { clock: systemClock, random: systemRandom, blobs, filter: { wants: () => false }, notify }
  return { file: join(folder, 'objects.db'), notices, open: () => openObjectStore({ directory: folder }, deps) }
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-objects-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

async function fill(open: () => Promise<ObjectStore>): Promise<void> {
  const store = await open()
  await store.createBucket('bucket', { acl: 'private', storageClass: 'Standard' })
  for (let i = 0; i < 300; i++) void put(store, `key-${i}`, `content ${i}`)
  await put(store, 'large', large('x'))
  await store.close()
}

test('a damaged index is left as it is, and the error says what to do', async (t) => {
  const { file, open } = await setUp(t)
  await fill(open)
  const whole = readFileSync(file)
  const damages = {
    header: () => writeFileSync(file, Buffer.concat([Buffer.alloc(100, 'x'), whole.subarray(100)])),
    middle: () => writeFileSync(file, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 'x')])),
    end: () => truncateSync(file, whole.length - 5 * 4096),
  }
  for (const [name, damage] of Object.entries(damages)) {
    writeFileSync(file, whole)
    damage()
    const before = readFileSync(file)
    await assert.rejects(open(), /objects\.db: .*damaged.*backup/s, name)
    assert.ok(readFileSync(file).equals(before), name)
  }
  writeFileSync(file, whole)
  const store = await open()
  assert.equal(await text(store, 'key-7'), 'content 7')
  await store.close()
})

test('an index that is gone is not begun anew over bytes that are there', async (t) => {
  const { file, open } = await setUp(t)
  await fill(open)
  rmSync(file)
  await assert.rejects(open(), /objects\.db is missing, but bytes of objects are stored .*restore it from a backup/)
})

test('an index of a newer format is refused', async (t) => {
  const { file, open } = await setUp(t)
  await fill(open)
  const database = new DatabaseSync(file)
  database.exec('PRAGMA user_version = 99')
  database.close()
  await assert.rejects(open(), /written by a newer Sluice \(format 99;/)
})

test(
  'when the index has no space left, changes are refused, reads go on, and changes when there is space',
  {
    skip: noSmallDisk ?? false,
  },
  async (t) => {
    const disk = mountSmallDisk(4 * 1024 * 1024)
    t.after(() => disk.unmount())
    const { open, notices } = await setUp(t, disk.folder)
    const store = await open()
    t.after(() => store.close())
    await store.createBucket('bucket', { acl: 'private', storageClass: 'Standard' })
    await put(store, 'kept', 'content')
    const filler = join(disk.folder, 'filler')
    assert.throws(() => writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024)), /ENOSPC/)
    const isRefused = (error: unknown) =>
      ossError('ServiceUnavailable')(error) && /no space is left/.test((error as Error).message)
    await assert.rejects(async () => {
      // The log that there is has some room.
      for (let i = 0; i < 1000; i++) await put(store, `small-${i}`, 'x'.repeat(10_000))
    }, isRefused)
    await assert.rejects(put(store, 'large', large('x')), isRefused)
    assert.equal(await text(store, 'kept'), 'content')
    assert.equal(notices.length, 1)
    rmSync(filler)
    await put(store, 'large', large('x'))
  },
)
