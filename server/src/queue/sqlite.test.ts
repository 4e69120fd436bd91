import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { mountSmallDisk, noSmallDisk } from '../blobs/small-disk-for-tests.ts'
import { FcError } from '../errors.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { messageQueueContract } from './contract.ts'
import { createSqliteQueue } from './sqlite.ts'
import { BASE_MS, HOUR_MS, idsOf, LEASE_MS, listen, messageOf, receiveIds, stateOf } from './test-support.ts'

function temporaryFolder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-queue-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

messageQueueContract('SQLite', {
  make: async (t, bounds) => {
    const directory = temporaryFolder(t)
    const clock = new SimulatedClock(BASE_MS)
    const queue = await createSqliteQueue({ directory, ...bounds }, { clock })
    t.after(() => queue.close())
    return { queue, clock }
  },
})

test('SQLite: when it is opened again everything is there, and no lease is', async (t) => {
  const directory = temporaryFolder(t)
  const clock = new SimulatedClock(BASE_MS)
  const before = await createSqliteQueue({ directory }, { clock })
  await before.enqueue(messageOf('in flight', { dueMs: BASE_MS - 1 }), stateOf('k', { isNew: true }))
  await before.enqueue(messageOf('waits'))
  await before.enqueue(messageOf('delayed', { group: 'b', dueMs: BASE_MS + HOUR_MS }))
  await before.receive('a', 1, HOUR_MS)
  const bodyBytes = 'in flight'.length + 'waits'.length
  await before.close()

  const queue = await createSqliteQueue({ directory }, { clock })
  t.after(() => queue.close())
  const ear = listen(queue)
  assert.deepEqual(ear.heard, ['a'])
  const inA = queue.stats().find(({ group }) => group === 'a')
  assert.deepEqual(inA, { group: 'a', waiting: 2, inFlight: 0, oldestEnqueuedMs: BASE_MS, bodyBytes })
  const deliveries = await queue.receive('a', 10, LEASE_MS)
  assert.deepEqual(idsOf(deliveries), ['in flight', 'waits'])
  assert.deepEqual(
    deliveries.map(({ deliveries }) => deliveries),
    [2, 1],
  )
  assert.equal((await queue.readState('a', 'k'))?.status, 'Enqueued')
  clock.advance(HOUR_MS)
  assert.ok(ear.heard.includes('b'))
  assert.deepEqual(await receiveIds(queue, 'b'), ['delayed'])
})

test('SQLite: a clock that was set back while nobody looked does not hold up what was due', async (t) => {
  const directory = temporaryFolder(t)
  const before = await createSqliteQueue({ directory }, { clock: new SimulatedClock(BASE_MS) })
  await before.enqueue(messageOf('due'))
  await before.enqueue(messageOf('delayed', { dueMs: BASE_MS + 5000 }))
  await before.close()

  const clock = new SimulatedClock(BASE_MS - 100 * HOUR_MS)
  const queue = await createSqliteQueue({ directory }, { clock })
  t.after(() => queue.close())
  assert.deepEqual(listen(queue).heard, ['a'])
  assert.deepEqual(await receiveIds(queue), ['due'])
  clock.advance(5000)
  assert.deepEqual(await receiveIds(queue), ['delayed'])
})

test('SQLite: after kill -9 everything that was accepted is there, once, and nothing that was completed', async (t) => {
  const directory = temporaryFolder(t)
  const child = spawn(process.execPath, ['--input-type=module', '--eval', producer, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const accepted = new Set<string>()
  const completed = new Set<string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, id] = line.split(' ')
    if (what === 'accepted') accepted.add(id!)
    else completed.add(id!)
    if (completed.size === 200) child.kill('SIGKILL')
  }
  assert.deepEqual(await ended, [null, 'SIGKILL'])
  const queue = await createSqliteQueue({ directory }, { clock: new SimulatedClock(Date.now() + HOUR_MS) })
  t.after(() => queue.close())
  const deliveries = await queue.receive('a', 100_000, LEASE_MS)
  const found = new Set(idsOf(deliveries))
  assert.equal(found.size, deliveries.length)
  for (const { id, body } of deliveries) assert.equal(Buffer.from(body).toString(), `body of ${id}`)
  const open = [...accepted].filter((id) => !completed.has(id))
  assert.ok(open.length > 0, 'something was to be left')
  // What was on its way when the process ended may be done or not.
  const lost = open.filter((id) => !found.has(id))
  assert.ok(lost.length <= 16, `of ${accepted.size} accepted ones ${lost.length} are gone without an answer`)
  for (const id of completed) assert.ok(!found.has(id), `${id} was completed and is there`)
  for (const id of lost) assert.equal((await queue.readState('a', id))?.status, 'Succeeded', `${id} is lost`)
  for (const id of found) assert.equal((await queue.readState('a', id))?.status, 'Enqueued')
})

/** Sixteen callers enqueue, others complete, and each tells what was answered; for ever. */
const producer = `
  const { systemClock } = await import(${JSON.stringify(import.meta.resolve('../clock.ts'))})
  const { createSqliteQueue } = await import(${JSON.stringify(import.meta.resolve('./sqlite.ts'))})
  const queue = await createSqliteQueue({ directory: process.argv[1] }, { clock: systemClock })
  const expiresMs = Date.now() + 86_400_000
  let next = 1
  async function enqueue() {
    for (;;) {
      const id = 'm' + next++
      const state = { group: 'a', key: id, startedMs: Date.now(), document: '{}', expiresMs }
      const message = { id, group: 'a', body: Buffer.from('body of ' + id), attributes: '{}', dueMs: 0, expiresMs }
      await queue.enqueue(message, { ...state, status: 'Enqueued', isNew: true })
      process.stdout.write('accepted ' + id + '\\n')
    }
  }
  async function consume() {
    for (;;) {
      for (const { id } of await queue.receive('a', 4, 60_000)) {
        const state = { group: 'a', key: id, startedMs: Date.now(), document: '{}', expiresMs }
        await queue.complete(id, { ...state, status: 'Succeeded', isNew: false })
        process.stdout.write('completed ' + id + '\\n')
      }
    }
  }
  for (let n = 0; n < 16; n++) void enqueue()
  for (let n = 0; n < 4; n++) void consume()`

const DISK_BYTES = 32 * 1024 * 1024

test(
  'SQLite: a full disk refuses, loses nothing, and what is completed makes room again',
  { skip: noSmallDisk ?? false },
  async (t) => {
    const disk = mountSmallDisk(DISK_BYTES)
    const directory = disk.folder
    const notices: string[] = []
    const clock = new SimulatedClock(BASE_MS)
    const notify = (message: string) => notices.push(message)
    const options = { directory: join(directory, 'queue'), freeBytesMin: DISK_BYTES / 2 }
    const queue = await createSqliteQueue(options, { clock, notify })
    t.after(async () => {
      await queue.close()
      disk.unmount()
    })
    const isUnavailable = (error: unknown) => error instanceof FcError && error.code === 'ServiceUnavailable'
    const body = Buffer.alloc(100_000)
    const accepted: string[] = []
    const fill = async (prefix: string) => {
      for (let n = 0; ; n++) {
        try {
          await queue.enqueue(messageOf(`${prefix}${n}`, { body }))
          accepted.push(`${prefix}${n}`)
        } catch (error) {
          assert.ok(isUnavailable(error), String(error))
          return
        }
      }
    }
    await fill('m')
    assert.ok(accepted.length > 10)
    assert.equal(queue.stats()[0]!.waiting, accepted.length)
    assert.equal(notices.length, 1)
    assert.match(notices[0]!, /no asynchronous invocations are accepted: less than \d+ bytes are free/)
    await assert.rejects(queue.check(), isUnavailable)

    const deliveries = await queue.receive('a', 1000, LEASE_MS)
    assert.deepEqual(idsOf(deliveries), accepted)
    // The rest of the disk is filled by somebody else.
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(DISK_BYTES / 4))
    await Promise.all(accepted.splice(0, 30).map((id) => queue.complete(id)))
    rmSync(join(directory, 'ballast'))
    await fill('again')
    assert.ok(accepted.some((id) => id.startsWith('again')))
    await Promise.all(accepted.splice(0).map((id) => queue.complete(id)))
    await queue.check()
    assert.deepEqual(queue.stats(), [])
  },
)

test('SQLite: a database of a newer version is refused and left alone, as is a damaged one', async (t) => {
  const directory = temporaryFolder(t)
  const clock = new SimulatedClock(BASE_MS)
  await (await createSqliteQueue({ directory }, { clock })).close()
  const file = join(directory, 'queue.db')
  using database = new DatabaseSync(file)
  database.exec('PRAGMA user_version = 99')
  await assert.rejects(
    createSqliteQueue({ directory }, { clock }),
    /queue\.db: it was written by a newer Sluice \(format 99; this one knows up to 1\); start that one/,
  )
  database.close()
  const damaged = Buffer.alloc(20_000, 'not a database')
  writeFileSync(file, damaged)
  await assert.rejects(createSqliteQueue({ directory }, { clock }), /queue\.db: file is not a database; .*restore it/)
  assert.deepEqual(readFileSync(file), damaged)
})
