import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { logStoreContract } from './contract.ts'
import type { LogStore } from './port.ts'
import { openEmbeddedStore } from './store.ts'
import type { LogStoreOptions } from './store.ts'
import { BASE_MS, lineOf, manualClock, recordOf, temporaryDirectory } from './test-support.ts'
import type { ManualClock } from './test-support.ts'

const HOUR_MS = 3_600_000

interface Setup {
  store: LogStore
  clock: ManualClock
  notices: string[]
}

async function setUp(context: TestContext, options: Partial<LogStoreOptions> = {}): Promise<Setup> {
  const directory = options.directory ?? temporaryDirectory(context)
  const clock = manualClock(BASE_MS + HOUR_MS)
  const notices: string[] = []
  const bounds = { retentionDays: 2, functionBytesMax: 10_000_000, totalBytesMax: 100_000_000 }
  const notify = (message: string): void => void notices.push(message)
  const store = await openEmbeddedStore({ ...bounds, ...options, directory }, { clock, notify })
  context.after(() => store.close())
  return { store, clock, notices }
}

logStoreContract('embedded', { make: async (context) => (await setUp(context)).store })

async function count(store: LogStore, functionKey: string): Promise<number> {
  let lines = 0
  let cursor: string | undefined
  do {
    const page = await store.queryLines({ functionKey, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    lines += page.lines.length
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return lines
}

test('nothing waits longer than the flush interval, and an idle store has no timer', async (context) => {
  const directory = temporaryDirectory(context)
  const { store, clock } = await setUp(context, { directory, flushIntervalMs: 50 })
  const later = await setUp(context, { directory })
  assert.equal(clock.timers, 0)
  store.appendLine(lineOf())
  store.appendRecord(recordOf())
  assert.equal(clock.timers, 1)
  clock.advance(50)
  assert.equal(clock.timers, 0)
  // This query holds nothing of its own to store: it only waits for the batch before it.
  await store.queryRecords({ functionKey: 'none', limit: 1 })
  assert.equal(await count(later.store, 'hello'), 3)
})

test('a flush of many functions is spread over turns, and what comes meanwhile follows in time', async (context) => {
  const directory = temporaryDirectory(context)
  const { store, clock } = await setUp(context, { directory, flushIntervalMs: 50 })
  const later = await setUp(context, { directory })
  for (let i = 0; i < 100; i++) store.appendRecord(recordOf({ functionKey: `f${i}` }))
  const stored = async (): Promise<number> => {
    await store.close()
    return (await later.store.queryRecords({ limit: 1000 })).length
  }
  clock.advance(50)
  store.appendRecord(recordOf({ functionKey: 'f99' }))
  for (let turns = 0; turns < 3; turns++) clock.advance(1)
  assert.equal(clock.timers, 1)
  clock.advance(46)
  assert.equal(clock.timers, 1)
  clock.advance(1)
  assert.equal(clock.timers, 0)
  assert.equal(await stored(), 101)
})

test('what was stored is there after a restart', async (context) => {
  const directory = temporaryDirectory(context)
  const first = await setUp(context, { directory })
  first.store.appendLine(lineOf())
  await first.store.close()
  const { store } = await setUp(context, { directory })
  assert.equal(await count(store, 'hello'), 1)
  assert.ok(store.stats().storedBytes > 0)
})

test('a function that floods displaces its own lines and no others, nor its records', async (context) => {
  const { store } = await setUp(context, { functionBytesMax: 200_000 })
  store.appendLine(lineOf({ functionKey: 'quiet' }))
  store.appendRecord(recordOf({ functionKey: 'noisy' }))
  for (let i = 0; i < 5000; i++) {
    store.appendLine(lineOf({ functionKey: 'noisy', timeMs: BASE_MS + i, text: `${i} ${'x'.repeat(200)}` }))
  }
  assert.equal(await count(store, 'quiet'), 1)
  assert.equal((await store.queryRecords({ functionKey: 'noisy', limit: 10 })).length, 1)
  assert.ok(store.stats().storedBytes <= 210_000)
  const { lines } = await store.queryLines({ functionKey: 'noisy', limit: 1, descending: true })
  assert.match(lines[0]!.text, /^4999 /)
})

test('the total bound holds, and the functions that hold most give first', async (context) => {
  const { store } = await setUp(context, { totalBytesMax: 300_000 })
  const fill = (functionKey: string, lines: number): void => {
    for (let i = 0; i < lines; i++) store.appendLine(lineOf({ functionKey, text: `${i} ${'x'.repeat(200)}` }))
  }
  fill('small', 100)
  for (let i = 0; i < 10; i++) {
    fill('large', 256)
    fill('larger', 512)
    await count(store, 'small')
  }
  assert.equal(await count(store, 'small'), 100)
  assert.ok((await count(store, 'large')) > 100)
  assert.ok(store.stats().storedBytes <= 300_000)
})

test('what is older than the retention is not found, and its room is given back', async (context) => {
  const { store, clock } = await setUp(context)
  store.appendLine(lineOf({ text: 'old' }))
  store.appendRecord(recordOf())
  assert.equal(await count(store, 'hello'), 3)
  const { storedBytes } = store.stats()
  clock.advance(2 * 24 * HOUR_MS)
  assert.equal(await count(store, 'hello'), 0)
  assert.deepEqual(await store.queryRecords({ limit: 10 }), [])
  store.appendLine(lineOf({ functionKey: 'new', timeMs: clock.nowMs() }))
  assert.equal(await count(store, 'new'), 1)
  assert.ok(store.stats().storedBytes < storedBytes)
})

test('lines that come faster than they can be stored are dropped and counted; records stay', async (context) => {
  const { store } = await setUp(context)
  const text = 'x'.repeat(30_000)
  // All in one turn of the event loop, so the worker's acknowledgements cannot come in between.
  for (let i = 0; i < 600; i++) store.appendLine(lineOf({ functionKey: 'noisy', text }))
  for (let i = 0; i < 1000; i++) store.appendRecord(recordOf({ functionKey: 'noisy', requestId: `r${i}` }))
  store.appendLine(lineOf({ functionKey: 'quiet' }))
  const { droppedLines, droppedRecords } = store.stats()
  assert.ok(droppedLines > 300 && droppedLines < 400)
  assert.equal(droppedRecords, 0)
  assert.equal(await count(store, 'quiet'), 1)
  store.appendLine(lineOf({ functionKey: 'noisy', text: 'after the flood', timeMs: BASE_MS + 1000 }))
  const after = await store.queryLines({ functionKey: 'noisy', text: 'after the', limit: 1 })
  assert.equal(after.lines.length, 1)
})

test('a page of long lines ends early and goes on', async (context) => {
  const { store } = await setUp(context)
  for (let i = 0; i < 200; i++) store.appendLine(lineOf({ timeMs: BASE_MS + i, text: 'x'.repeat(30_000) }))
  const page = await store.queryLines({ functionKey: 'hello', limit: 1000 })
  assert.ok(page.lines.length < 200)
  assert.equal(await count(store, 'hello'), 200)
})

test('a damaged database is moved aside, told, and replaced', async (context) => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, 'logs.db'), 'this is no database'.repeat(1000))
  const { store, notices } = await setUp(context, { directory })
  store.appendLine(lineOf())
  assert.equal(await count(store, 'hello'), 1)
  assert.equal(notices.length, 1)
  assert.match(notices[0]!, /damaged .* moved to .*logs\.db\.damaged/)
  assert.ok(readdirSync(directory).includes('logs.db.damaged'))
})

test('a database that is damaged while in use is replaced', async (context) => {
  const directory = temporaryDirectory(context)
  const { store, notices } = await setUp(context, { directory, functionBytesMax: 100_000_000 })
  // More than the page cache holds, so that a query has to read the file.
  for (let i = 0; i < 800; i++) {
    store.appendLine(lineOf({ timeMs: BASE_MS + i, text: 'x'.repeat(32_000) }))
    if (i % 200 === 199) await count(store, 'none')
  }
  for (const name of ['logs.db', 'logs.db-wal']) {
    const path = join(directory, name)
    writeFileSync(path, Buffer.alloc(statSync(path).size, 0xff), { flag: 'r+' })
  }
  await assert.rejects(count(store, 'hello'), /malformed|not a database/)
  store.appendLine(lineOf())
  assert.equal(await count(store, 'hello'), 1)
  assert.match(notices[0]!, /damaged/)
})

test('a directory that cannot be used is an error at once', async (context) => {
  const file = join(temporaryDirectory(context), 'file')
  writeFileSync(file, '')
  await assert.rejects(setUp(context, { directory: join(file, 'logs') }), /ENOTDIR|not a directory/)
})

test('a follower that throws is removed, and nobody else notices', async (context) => {
  const { store, notices } = await setUp(context)
  let calls = 0
  store.follow({ functionKey: 'hello', limit: 1 }, () => {
    calls++
    throw new Error('broken follower')
  })
  store.appendLine(lineOf())
  store.appendLine(lineOf())
  assert.equal(calls, 1)
  assert.match(notices[0]!, /broken follower/)
  assert.equal(await count(store, 'hello'), 2)
})

test('after close, appends are ignored and queries refused', async (context) => {
  const { store, clock } = await setUp(context)
  await store.close()
  store.appendLine(lineOf())
  assert.equal(clock.timers, 0)
  await assert.rejects(store.queryLines({ functionKey: 'hello', limit: 1 }), /closed/)
})

test('kill -9 loses nothing that was flushed', async (context) => {
  const directory = temporaryDirectory(context)
  const script = `
    import { openEmbeddedStore } from '${new URL('./store.ts', import.meta.url).href}'
    import { systemClock } from '${new URL('../clock.ts', import.meta.url).href}'
    import { lineOf, recordOf } from '${new URL('./test-support.ts', import.meta.url).href}'
    const bounds = { retentionDays: 100_000, functionBytesMax: 1e7, totalBytesMax: 1e8 }
    const store = await openEmbeddedStore({ directory: process.argv[1], ...bounds }, { clock: systemClock })
    for (let i = 0; i < 1000; i++) {
      store.appendLine(lineOf({ text: 'line ' + i }))
      store.appendRecord(recordOf({ requestId: 'r' + i }))
    }
    await store.queryLines({ functionKey: 'none', limit: 1 })
    store.appendLine(lineOf({ text: 'perhaps lost' }))
    process.stdout.write('stored')
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  assert.equal(String(first[0]), 'stored')
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  const { store } = await setUp(context, { directory, retentionDays: 100_000 })
  const lines = await count(store, 'hello')
  assert.ok(lines === 3000 || lines === 3001)
  assert.equal((await store.queryRecords({ limit: 2000 })).length, 1000)
})
