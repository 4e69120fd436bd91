import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { StorageError, StorageThread } from './storage-thread.ts'
import type { TestAsks, TestRefusal } from './storage-thread-for-tests.ts'

const FULL = 2

interface Setup {
  thread: StorageThread<TestAsks, { keys: string[] }, TestRefusal>
  file: string
  notices: string[]
  /** What the database held each time that it was opened. */
  opened: string[][]
}

class KeyRefused extends Error {}

async function setUp(
  t: TestContext,
  bounds: { pendingAsksMax?: number; pendingBytesMax?: number } = {},
): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-storage-'))
  const file = join(folder, 'test.db')
  const notices: string[] = []
  const opened: string[][] = []
  const thread = threadOf(file, notices, opened, bounds)
  t.after(async () => {
    await thread.close()
    rmSync(folder, { recursive: true })
  })
  await thread.open()
  return { thread, file, notices, opened }
}

function threadOf(file: string, notices: string[], opened: string[][], bounds = {}): Setup['thread'] {
  return new StorageThread(
    {
      script: new URL('./storage-thread-for-tests.ts', import.meta.url),
      data: { file },
      subject: 'test database',
      onOpened: ({ keys }) => opened.push(keys),
      toError: ({ key }) => new KeyRefused(key),
      ...bounds,
    },
    (message) => notices.push(message),
  )
}

/** Frames of the write-ahead log that end a transaction: each was one sync. */
function commitsIn(file: string): number {
  const log = readFileSync(`${file}-wal`)
  const [headerBytes, frameHeaderBytes] = [32, 24]
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8)
  let commits = 0
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes)
    if (log.readUInt32BE(at + 4) > 0) commits++
  return commits
}

const put = (thread: Setup['thread'], key: string, value = key) => thread.ask('put', { key }, Buffer.from(value))

const isUnavailable = (error: unknown) => error instanceof StorageError && error.reason === 'unavailable'

test('what is asked in one turn is one transaction, synced in full; what comes meanwhile is the next', async (t) => {
  const { thread, file } = await setUp(t)
  assert.equal(await thread.ask('synchronous', null), FULL)
  const before = commitsIn(file)
  await Promise.all(Array.from({ length: 100 }, (_, n) => put(thread, `a${n}`)))
  assert.equal(commitsIn(file), before + 1)

  const first = put(thread, 'first')
  await new Promise(setImmediate) // It is with the thread now.
  await Promise.all([first, ...Array.from({ length: 100 }, (_, n) => put(thread, `b${n}`))])
  assert.equal(commitsIn(file), before + 3)
  for (const key of ['a0', 'a99', 'first', 'b0', 'b99']) assert.equal(await thread.ask('get', { key }), key)
  assert.equal(commitsIn(file), before + 3, 'reading commits nothing')
})

test('bytes arrive as they were, though they share memory with others', async (t) => {
  const { thread } = await setUp(t)
  const shared = Buffer.from('abcdefghij')
  await Promise.all([
    thread.ask('put', { key: 'x' }, shared.subarray(0, 3)),
    thread.ask('put', { key: 'empty' }, shared.subarray(3, 3)),
    thread.ask('put', { key: 'y' }, shared.subarray(3)),
  ])
  assert.equal(shared.toString(), 'abcdefghij')
  const values = ['x', 'empty', 'y'].map((key) => thread.ask('get', { key }))
  assert.deepEqual(await Promise.all(values), ['abc', '', 'defghij'])
})

test('a read sees what was asked before it, in the same batch too', async (t) => {
  const { thread } = await setUp(t)
  void put(thread, 'k', 'one')
  const read = thread.ask('get', { key: 'k' })
  void put(thread, 'k', 'two')
  assert.equal(await read, 'one')
})

test('an ask that is refused or fails leaves nothing behind and its neighbours alone', async (t) => {
  const { thread, notices } = await setUp(t)
  const before = put(thread, 'before')
  const refused = thread.ask('fail', { key: 'refused', by: 'refusal' })
  const defect = thread.ask('fail', { key: 'defect', by: 'defect' })
  const after = put(thread, 'after')
  await assert.rejects(refused, (error) => error instanceof KeyRefused && error.message === 'refused')
  await assert.rejects(defect, /could not carry it out: TypeError: defect is no good/)
  await Promise.all([before, after])
  const values = ['before', 'refused', 'defect', 'after'].map((key) => thread.ask('get', { key }))
  assert.deepEqual(await Promise.all(values), ['before', null, null, 'after'])
  assert.deepEqual(notices, [])
})

test('when there is no room the whole batch fails, told once; reads go on, and so do writes when there is room', async (t) => {
  const { thread, notices } = await setUp(t)
  await put(thread, 'old')
  await thread.ask('pagesMax', { pages: 20 })
  for (const round of [1, 2]) {
    const neighbour = put(thread, `neighbour${round}`)
    const read = thread.ask('get', { key: 'old' })
    const big = thread.ask('fail', { key: 'big', by: 'full' })
    await assert.rejects(neighbour, (error) => isUnavailable(error) && /is full/.test((error as Error).message))
    await assert.rejects(big, isUnavailable)
    assert.equal(await read, 'old')
  }
  assert.deepEqual(notices, ['the test database cannot be used now: database or disk is full'])
  assert.equal(await thread.ask('get', { key: 'neighbour1' }), null)
  await thread.ask('pagesMax', { pages: 1_000_000 })
  await put(thread, 'neighbour1')
  assert.equal(await thread.ask('get', { key: 'neighbour1' }), 'neighbour1')
})

test('a thread that dies rejects what it was at, is told of, and starts again for what waits', async (t) => {
  const { thread, notices, opened } = await setUp(t)
  await put(thread, 'old')
  const neighbour = put(thread, 'neighbour')
  const deadly = thread.ask('fail', { key: 'deadly', by: 'end' })
  await new Promise(setImmediate) // Both are with the thread now.
  const waiting = put(thread, 'waiting')
  await assert.rejects(deadly, isUnavailable)
  await assert.rejects(neighbour, isUnavailable)
  await waiting
  assert.equal(notices.length, 1)
  assert.match(notices[0]!, /the thread of the test database ended/)
  assert.deepEqual(opened, [[], ['old']])
  assert.equal(await thread.ask('get', { key: 'deadly' }), null)
})

test('asks and bytes that wait are bounded, and refused as busy beyond', async (t) => {
  const { thread } = await setUp(t, { pendingAsksMax: 3, pendingBytesMax: 10 })
  const isBusy = (error: unknown) => error instanceof StorageError && error.reason === 'busy'
  const accepted = [put(thread, 'a', '12345'), put(thread, 'b', '12345')]
  await assert.rejects(put(thread, 'c', '1'), isBusy)
  accepted.push(put(thread, 'd', ''))
  await assert.rejects(thread.ask('get', { key: 'a' }), isBusy)
  await Promise.all(accepted)
  await put(thread, 'c', '1234567890')
})

test('closing answers what was asked, then refuses; what was stored is there again', async (t) => {
  const { thread, file, opened } = await setUp(t)
  const pending = Array.from({ length: 1500 }, (_, n) => put(thread, `k${n}`))
  await Promise.all([thread.close(), ...pending])
  await assert.rejects(put(thread, 'late'), isUnavailable)
  await thread.close()

  const again = threadOf(file, [], opened)
  await again.open()
  assert.equal(opened.at(-1)!.length, 1500)
  await again.close()
})

test('only its owner may read the file', async (t) => {
  const { thread, file } = await setUp(t)
  await put(thread, 'secret')
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal(statSync(name).mode & 0o777, 0o600, name)
})

test('a file that had no format number opens with what it holds, and has one from then on', async (t) => {
  const { thread, file } = await setUp(t)
  await thread.ask('put', { key: 'kept' })
  await thread.close()
  writeFormat(file, 0)
  const opened: string[][] = []
  const again = threadOf(file, [], opened)
  await again.open()
  await again.close()
  assert.deepEqual(opened, [['kept']])
  using database = new DatabaseSync(file)
  assert.equal(database.prepare('PRAGMA user_version').get()!['user_version'], 1)
})

test('a file of a newer format is left as it is, and the error says so', async (t) => {
  const { thread, file } = await setUp(t)
  await thread.close()
  writeFormat(file, 99)
  const before = readFileSync(file)
  await assert.rejects(
    threadOf(file, [], []).open(),
    /test\.db: it was written by a newer Sluice \(format 99; this one knows up to 1\); start that one/,
  )
  assert.deepEqual(readFileSync(file), before)
})

function writeFormat(file: string, format: number): void {
  using database = new DatabaseSync(file)
  database.exec(`PRAGMA user_version = ${format}`)
}

test('a damaged file is left as it is, and the error says what to do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-storage-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'test.db')
  const content = 'not a database, but long enough to be taken for one'.repeat(100)
  writeFileSync(file, content)
  const notices: string[] = []
  const thread = threadOf(file, notices, [])
  await assert.rejects(thread.open(), /cannot open the test database .*test\.db: file is not a database; .*restore it/)
  assert.equal(readFileSync(file, 'utf8'), content)
  await assert.rejects(put(thread, 'k'), isUnavailable)
  await thread.close()
})
