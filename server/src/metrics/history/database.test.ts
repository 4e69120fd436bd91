import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { temporaryDirectory } from '../../logs/test-support.ts'
import { IN_MEMORY } from '../../storage-thread-side.ts'
import { encodeTally, mergeEncoded } from './codec.ts'
import { openMinutes } from './database.ts'
import { Tally } from './tally.ts'

const DAY = 24 * 60
const FIRST = 30_000 * DAY

function opened(file = IN_MEMORY) {
  const { database, handlers } = openMinutes({ file })
  let sequence = 0
  return {
    database,
    add: (minute: number, counts: Record<string, number>, of: { writer?: string; sequence?: number } = {}) => {
      const rows = Object.entries(counts).map(([subject, count]) => ({ subject, bytes: encodeTally(tallyOf(count)) }))
      const subjects = rows.map(({ subject }) => subject)
      const sizes = rows.map(({ bytes }) => bytes.length)
      const bytes = Buffer.concat(rows.map((row) => row.bytes))
      database.exec('BEGIN')
      handlers.add({ ...{ writer: 'w', sequence: ++sequence }, ...of, minute, subjects, sizes }, bytes)
      database.exec('COMMIT')
    },
    series: (subject: string, from: number, to: number, step: number) =>
      handlers.series({ subject, from, to, step }, bytesOfNone).map(({ minute, tally }) => [minute, countOf(tally)]),
    totals: (from: number, to: number) =>
      Object.fromEntries(
        handlers.totals({ from, to }, bytesOfNone).map(({ subject, tally }) => [subject, countOf(tally)]),
      ),
    sweep: (before: number, bytesMax: number) => handlers.sweep({ before, bytesMax }, bytesOfNone),
  }
}

const bytesOfNone = new Uint8Array()

function tallyOf(count: number): Tally {
  const tally = new Tally()
  tally.add('invocations', count)
  return tally
}

function countOf(bytes: Uint8Array): number {
  const tally = new Tally()
  mergeEncoded(tally, bytes)
  return tally.get('invocations')!
}

test('any step and any period add up what was written in their minutes', () => {
  const minutes = fc.array(fc.tuple(fc.nat(3 * DAY), fc.integer({ min: 1, max: 1000 })), { maxLength: 40 })
  fc.assert(
    fc.property(minutes, fc.nat(3 * DAY), fc.integer({ min: 1, max: 3 * DAY }), (written, start, length) => {
      const { add, series, totals } = opened()
      for (const [minute, count] of written) add(FIRST + minute, { f: count, '': count })
      const [from, to] = [FIRST + start, FIRST + start + length]
      const expected = written
        .filter(([minute]) => minute >= start && minute < start + length)
        .reduce((sum, [, count]) => sum + count, 0)
      assert.equal(totals(from, to)['f'] ?? 0, expected)
      const step = Math.ceil(length / 7)
      const points = series('f', from, to, step)
      assert.equal(
        points.reduce((sum, [, count]) => sum + count!, 0),
        expected,
      )
      for (const [minute] of points) assert.equal((minute! - from) % step, 0)
    }),
    { numRuns: 40 },
  )
})

test('rows that come twice, since nobody heard that they were written, count once', () => {
  const { add, totals } = opened()
  add(FIRST, { f: 5 }, { sequence: 1 })
  add(FIRST + 2, { f: 2 }, { sequence: 3 })
  add(FIRST + 1, { f: 3 }, { sequence: 2 })
  add(FIRST, { f: 5 }, { sequence: 1 })
  assert.deepEqual(totals(FIRST, FIRST + 10), { f: 10 })
  add(FIRST, { f: 1 }, { writer: 'the next process', sequence: 1 })
  assert.deepEqual(totals(FIRST, FIRST + 10), { f: 11 })
})

test('totals are of functions and of everything, not of services and instances', () => {
  const { add, totals } = opened()
  add(FIRST, { '': 3, shop$: 2, shop$order: 2, hello: 1, '#c-1': 1, '*': 4 })
  assert.deepEqual(totals(FIRST, FIRST + 1), { '': 3, shop$order: 2, hello: 1, '*': 4 })
})

test('what is too old goes, and with it the names that nothing has any more', () => {
  const { add, totals, sweep, database } = opened()
  add(FIRST, { old: 1 })
  add(FIRST + 3 * DAY, { young: 1 })
  sweep(FIRST + 2 * DAY, 1024 ** 3)
  assert.deepEqual(totals(0, FIRST + 9 * DAY), { young: 1 })
  const names = database.prepare('SELECT name FROM subjects').all()
  assert.deepEqual(
    names.map(({ name }) => name),
    ['young'],
  )
})

test('a database that is too large loses its oldest minutes first, and keeps their sums', () => {
  const { add, series, sweep } = opened()
  for (let minute = 0; minute < DAY; minute += 3) {
    add(FIRST + minute, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 1])))
  }
  const usedBytes = sweep(0, 1024 ** 3)
  assert.ok(sweep(0, usedBytes * 0.9) <= usedBytes * 0.9)
  assert.equal(series('f0', FIRST, FIRST + 60, 1).length, 0)
  assert.deepEqual(series('f0', FIRST + DAY - 3, FIRST + DAY, 1), [[FIRST + DAY - 3, 1]])
  assert.deepEqual(series('f0', FIRST, FIRST + DAY, DAY), [[FIRST, DAY / 3]])
})

test('a database of a newer version is left as it is', (context) => {
  const file = join(temporaryDirectory(context), 'metrics.db')
  const { database } = opened(file)
  database.exec('PRAGMA user_version = 99')
  database.close()
  assert.throws(
    () => openMinutes({ file }),
    /metrics\.db: it was written by a newer Sluice \(format 99; this one knows up to 1\)/,
  )
})
