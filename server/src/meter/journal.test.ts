import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { mountSmallDisk, noSmallDisk } from '../blobs/small-disk-for-tests.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { Adder } from './adder.ts'
import { openUsageHome } from './databases.ts'
import { ENTRY, ENTRY_BYTES, readFrames } from './entries.ts'
import { ALL, begin, DAY, end, f, T0, world } from './journal-for-tests.ts'
import { Journal, listSegments, segmentName, SEGMENT_BYTES_MAX } from './journal.ts'
import { plain, rowOf, versionOf } from './test-support.ts'

test('what is appended in one turn is one write at its end', async (t) => {
  const { open, newest } = await world(t)
  const journal = open()
  const empty = statSync(newest()).size
  for (let run = 1; run <= 3; run++) begin(journal, run)
  assert.equal(statSync(newest()).size, empty)
  await nextTurn()
  const frames = [...readFrames(readFileSync(newest()))]
  assert.deepEqual(
    frames.map(({ kind, payload }) => [kind, kind === 2 ? JSON.parse(payload.toString()) : payload.length]),
    [
      [1, 0],
      [2, [{ functionKey: 'f', versionId: 'LATEST', milliVcpu: 500, memoryMB: 512, diskMB: 0, timeoutMs: 60_000 }]],
      [3, 3 * ENTRY_BYTES],
    ],
  )
  journal.close()
})

test('an invocation is added up once, however often the journal is', async (t) => {
  const { open, store, adder } = await world(t)
  const journal = open()
  const first = adder()
  begin(journal, 1)
  journal.flush()
  await first.addUp()
  end(journal, 1, 7)
  journal.flush()
  await first.addUp()
  await first.addUp()
  // As another thread would, that knows nothing of the first.
  await adder().addUp()
  assert.deepEqual((await store.rows(ALL)).map(plain), [
    rowOf(DAY, 'f', { invocations: 1, activeVcpu: 7 * 500, activeMemory: 7 * 512, outBytes: 10 }),
  ])
  journal.close()
})

test('an invocation that began before a thread died is ended by the next', async (t) => {
  const { open, store, adder } = await world(t)
  const journal = open()
  begin(journal, 1)
  journal.flush()
  await adder().addUp()
  end(journal, 1, 5)
  journal.flush()
  await adder().addUp()
  const [row] = await store.rows(ALL)
  assert.deepEqual([row?.invocations, row?.activeMemory], [1, 5 * 512])
  journal.close()
})

test('what a killed process had begun counts once, for the time that it is known to have lived', async (t) => {
  const { open, store, adder } = await world(t)
  const killed = open()
  begin(killed, 1, T0)
  begin(killed, 2, T0 + 1000)
  killed.append(ENTRY.tick, T0 + 3000, 0, 0, 0, 0)
  killed.flush()
  await adder().addUp()
  assert.equal((await store.rows(ALL))[0]?.activeMemory, 0)
  // The next process begins; its runs have the same numbers.
  const next = open()
  begin(next, 1, T0 + 60_000)
  end(next, 1, 4, T0 + 60_000)
  next.flush()
  await adder().addUp()
  await adder().addUp()
  const [row] = await store.rows(ALL)
  assert.deepEqual([row?.invocations, row?.activeMemory], [3, (3000 + 2000 + 4) * 512])
  killed.close()
  next.close()
})

test('what was cut short is charged at least 1 ms and at most its timeout', async (t) => {
  const { open, store, adder } = await world(t)
  const killed = open()
  const slow = versionOf('slow', { timeoutSeconds: 2 })
  begin(killed, 1, T0, slow)
  killed.append(ENTRY.tick, T0 + 3_600_000, 0, 0, 0, 0)
  begin(killed, 2, T0 + 3_600_000, versionOf('just'))
  killed.close()
  open().close()
  await adder().addUp()
  const rows = await store.rows(ALL)
  assert.deepEqual(
    rows.map(({ functionKey, activeMemory }) => [functionKey, activeMemory / 512]),
    [
      ['just', 1],
      ['slow', 2000],
    ],
  )
})

test('a write that was torn by the kill is left out, and what follows it in the next segment is not', async (t) => {
  const { open, store, adder, newest } = await world(t)
  const killed = open()
  begin(killed, 1)
  killed.close()
  const whole = statSync(newest()).size
  const again = open()
  begin(again, 1)
  again.close()
  const torn = statSync(newest()).size
  assert.equal(torn, whole)
  for (const bytes of [torn - 1, torn - ENTRY_BYTES - 3]) {
    truncateSync(newest(), bytes)
    open().close()
  }
  const last = open()
  begin(last, 1)
  last.close()
  await adder().addUp()
  assert.equal((await store.rows(ALL))[0]?.invocations, 2)
})

test('a full disk: what is noted waits, and is written when there is room', { skip: noSmallDisk }, async (t) => {
  const disk = mountSmallDisk(256 * 1024)
  t.after(() => disk.unmount())
  const clock = new SimulatedClock()
  const notices: string[] = []
  const journal = new Journal(join(disk.folder, 'meter'), {
    clock,
    onWritten() {},
    notify: (message) => notices.push(message),
  })
  const ballast = join(disk.folder, 'ballast')
  assert.throws(() => writeFileSync(ballast, Buffer.alloc(512 * 1024)), /ENOSPC/)
  for (let run = 1; run <= 200; run++) begin(journal, run)
  journal.flush()
  clock.advance(3000)
  assert.match(notices.join(), /^the meter's journal cannot be written now.*ENOSPC/)
  assert.equal(notices.length, 1)
  rmSync(ballast)
  for (let run = 201; run <= 3000; run++) begin(journal, run)
  clock.advance(1000)
  assert.match(notices.at(-1)!, /is written again; 952 entries were lost and are not counted/)
  begin(journal, 3001)
  journal.close()
  assert.deepEqual([notices.length, journal.droppedCount], [2, 952])
  const store = await openUsageHome({ kind: 'sqlite', file: ':memory:' })
  t.after(() => store.close())
  await new Adder(join(disk.folder, 'meter'), 'j', store).addUp()
  assert.equal((await store.rows(ALL))[0]?.invocations, 2049)
})

test('segments are removed once they are added up, the newest never, and their numbers only grow', async (t) => {
  const { directory, open, adder } = await world(t)
  open().close()
  open().close()
  assert.deepEqual(listSegments(directory), [1, 2])
  await adder().addUp()
  assert.deepEqual(listSegments(directory), [2])
  open().close()
  await adder().addUp()
  assert.deepEqual(readdirSync(directory), [segmentName(3)])
})

test('a segment that is full is followed by another, which can be read alone', async (t) => {
  const { directory, open, store, adder } = await world(t)
  const journal = open()
  const count = Math.ceil(SEGMENT_BYTES_MAX / ENTRY_BYTES / 2) + 3000
  const g = versionOf('g')
  for (let run = 1; run <= count; run++) {
    begin(journal, run, T0, run % 2 === 0 ? f : g)
    end(journal, run, 1, T0, run % 2 === 0 ? f : g)
  }
  journal.close()
  assert.deepEqual(listSegments(directory), [1, 2])
  await adder().addUp()
  const rows = await store.rows(ALL)
  assert.deepEqual(
    rows.map(({ functionKey, invocations, activeMemory }) => [functionKey, invocations, activeMemory / 512]),
    [
      ['f', Math.floor(count / 2), Math.floor(count / 2)],
      ['g', Math.ceil(count / 2), Math.ceil(count / 2)],
    ],
  )
  assert.equal(journal.droppedCount, 0)
  assert.deepEqual(listSegments(directory), [2])
})

test('idle time is cut at midnight, and counts as active where the vCPU stays allocated', async (t) => {
  const { open, store, adder } = await world(t)
  const journal = open()
  const version = versionOf('f', { diskMB: 1536 })
  const midnight = Date.UTC(2030, 0, 2)
  journal.append(ENTRY.idle, journal.reference(version), midnight - 10, midnight + 5, 0, 0)
  journal.append(ENTRY.idle, journal.reference(version), midnight, midnight + 1, 1, 0)
  journal.close()
  await adder().addUp()
  assert.deepEqual(
    (await store.rows(ALL)).map(({ day, idleVcpu, activeVcpu, idleMemory, disk, invocations }) => [
      ...[day, idleVcpu / 500, activeVcpu / 500, idleMemory / 512, disk / 1024, invocations],
    ]),
    [
      ['2030-01-01', 10, 0, 10, 10, 0],
      ['2030-01-02', 5, 1, 6, 6, 0],
    ],
  )
})
