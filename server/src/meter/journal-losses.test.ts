import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ENTRY, ENTRY_BYTES, readFrames } from './entries.ts'
import { ALL, begin, end, f, T0, world } from './journal-for-tests.ts'
import { type Journal, SEGMENT_BYTES_MAX, SEGMENTS_MAX, segmentName } from './journal.ts'

/** Entries that wait there at most. */
const IN_MEMORY = 2048
const NOTHING_SKIPPED = { bytes: 0, entries: 0 }

function flip(file: string, at: number): void {
  const bytes = readFileSync(file)
  bytes[at]! ^= 0xff
  writeFileSync(file, bytes)
}

const note = (journal: Journal) => journal.append(ENTRY.hook, journal.reference(f), T0, 1, 0, 0)

/** Until the segment is full, to the last entry in memory; returns how many were noted. */
function fill(journal: Journal, file: string): number {
  let count = 0
  for (; statSync(file).size < SEGMENT_BYTES_MAX; count += IN_MEMORY) {
    for (let more = 0; more < IN_MEMORY; more++) note(journal)
  }
  return count
}

test('damage in a segment is no charge, and the bytes from there to its end are counted once the next is added up', async (t) => {
  const { open, store, adder, newest } = await world(t)
  const journal = open()
  for (let run = 1; run <= 3; run++) {
    begin(journal, run)
    journal.flush()
  }
  journal.close()
  const damaged = newest()
  const frames = [...readFrames(readFileSync(damaged))]
  // Of start, definitions and three of entries, the last but one.
  flip(damaged, frames.at(-2)!.endOffset - 3)
  const lostBytes = statSync(damaged).size - frames.at(-3)!.endOffset
  const first = adder()
  await first.addUp()
  assert.deepEqual(first.takeSkipped(), NOTHING_SKIPPED)
  const next = open()
  begin(next, 1)
  next.close()
  await first.addUp()
  assert.deepEqual(first.takeSkipped(), { bytes: lostBytes, entries: 0 })
  assert.deepEqual(first.takeSkipped(), NOTHING_SKIPPED)
  assert.equal((await store.rows(ALL))[0]?.invocations, 2)
})

test('a segment of which nothing can be read is passed over, and all of it is counted', async (t) => {
  const { open, store, adder, newest } = await world(t)
  const journal = open()
  begin(journal, 1)
  journal.close()
  writeFileSync(newest(), Buffer.alloc(statSync(newest()).size))
  const { size } = statSync(newest())
  const next = open()
  begin(next, 1)
  next.close()
  const first = adder()
  await first.addUp()
  assert.deepEqual(first.takeSkipped(), { bytes: size, entries: 0 })
  assert.equal((await store.rows(ALL))[0]?.invocations, 1)
})

test('what cannot be read at the end of a process is counted with its end', async (t) => {
  const { open, adder, newest } = await world(t)
  const journal = open()
  begin(journal, 1)
  journal.close()
  appendFileSync(newest(), Buffer.alloc(100))
  const last = adder()
  await last.addUp()
  assert.deepEqual(last.close(), { bytes: 100, entries: 0 })
})

test('an entry with a number that is none is left out and counted, and those around it are added up', async (t) => {
  const { open, store, adder } = await world(t)
  const journal = open()
  begin(journal, 1)
  end(journal, 1, 5)
  const reference = journal.reference(f)
  const spoiled: Parameters<Journal['append']>[] = [
    [ENTRY.begin, reference, 2, Number.NaN, 0, 0],
    [ENTRY.end, reference, 1, T0, Number.NaN, 10],
    [ENTRY.end, Number.NaN, 1, T0, 5, 10],
    [ENTRY.hook, reference, Infinity, 5, 0, 0],
    [ENTRY.idle, reference, T0, Infinity, 0, 0],
    [ENTRY.peak, Number.NaN, 512, 500, 0, 0],
    [ENTRY.tick, Number.NaN, 0, 0, 0, 0],
    [Number.NaN, 0, 0, 0, 0, 0],
  ]
  for (const entry of spoiled) journal.append(...entry)
  begin(journal, 3)
  end(journal, 3, 7)
  journal.close()
  const first = adder()
  await first.addUp()
  assert.deepEqual(first.takeSkipped(), { bytes: 0, entries: spoiled.length })
  const [row] = await store.rows(ALL)
  assert.deepEqual([row?.invocations, row?.activeMemory, row?.outBytes], [2, 12 * 512, 20])
  // The next process ends what is open, at the time that this one is known to have lived.
  open().close()
  await first.addUp()
  assert.equal((await store.rows(ALL))[0]?.activeMemory, 12 * 512)
})

test('with as many segments waiting as there may be the newest stops growing; what is lost is counted and told', async (t) => {
  const { directory, open, newest, clock, notices, store, adder } = await world(t)
  const waiting = Array.from({ length: SEGMENTS_MAX - 1 }, (_, index) => join(directory, segmentName(index + 1)))
  for (const file of waiting) writeFileSync(file, '')
  const journal = open()
  const full = newest()
  const filled = fill(journal, full)
  const { size } = statSync(full)
  assert.deepEqual([notices.length, journal.droppedCount], [1, 0])
  assert.match(notices[0]!, /what is used is not counted: 64 segments wait to be added up, which is the most/)
  for (let more = 0; more < 3 * IN_MEMORY; more++) {
    note(journal)
    clock.advance(10)
  }
  assert.deepEqual([statSync(full).size, journal.droppedCount, notices.length], [size, 2 * IN_MEMORY, 1])

  for (const file of waiting) rmSync(file)
  clock.advance(1000)
  assert.match(notices[1]!, /is written again; 4096 entries were lost and are not counted/)
  assert.ok(statSync(full).size <= size + IN_MEMORY * ENTRY_BYTES + 100)
  note(journal)
  journal.close()
  assert.notEqual(newest(), full)
  await adder().addUp()
  const noted = (await store.rows(ALL))[0]!.activeMemory / 512
  assert.deepEqual([noted, notices.length], [filled + IN_MEMORY + 1, 2])
})

test('what still waits in memory when the process ends is told as lost', async (t) => {
  const { directory, open, newest, notices } = await world(t)
  for (let segment = 1; segment < SEGMENTS_MAX; segment++) writeFileSync(join(directory, segmentName(segment)), '')
  const journal = open()
  fill(journal, newest())
  for (let more = 0; more < 7; more++) note(journal)
  journal.close()
  assert.equal(journal.droppedCount, 7)
  assert.match(notices.at(-1)!, /ended; 7 entries were lost and are not counted/)
})
