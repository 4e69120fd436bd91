import assert from 'node:assert/strict'
import { test } from 'node:test'
import { align, lonePoints, summarise } from './chart-data.ts'
import { parseKeyValueLines, recordOf } from './key-value-lines.ts'
import { sortRows } from './sort-rows.ts'
import { spanBars } from './span-bars.ts'
import { parseRange, periodOf, rangeText, stepFor } from './time-range.ts'

test('series with other times share one axis, with gaps where one has no value', () => {
  const { times, values } = align([
    {
      label: 'a',
      points: [
        [1, 10],
        [3, 30],
      ],
    },
    { label: 'b', points: [[2, 20]] },
  ])
  assert.deepEqual(times, [1, 2, 3])
  assert.deepEqual(values, [
    [10, null, 30],
    [null, 20, null],
  ])
  assert.deepEqual(
    summarise([
      [1, 5],
      [2, 9],
      [3, null],
    ]),
    { latest: 9, highest: 9 },
  )
})

test('a value between gaps is a point of its own', () => {
  assert.deepEqual(lonePoints([1, null, 2, null, 3, 4, null]), [0, 2])
  assert.deepEqual(lonePoints([]), [])
})

test('bars of a trace stand below their parents, where their time is', () => {
  const span = (spanId: string, parentSpanId: string | null, startMs: number, durationMs: number) => ({
    ...{ spanId, parentSpanId, startMs, durationMs },
    name: spanId,
  })
  const bars = spanBars([
    span('execution', 'root', 60, 40),
    span('root', 'of the caller', 0, 100),
    span('queue', 'root', 0, 60),
    span('sandbox', 'queue', 10, 50),
  ])
  assert.deepEqual(
    bars.map(({ span: { name }, depth, offset, width }) => [name, depth, offset, width]),
    [
      ['root', 0, 0, 1],
      ['queue', 1, 0, 0.6],
      ['sandbox', 2, 0.1, 0.5],
      ['execution', 1, 0.6, 0.4],
    ],
  )
})

test('rows without a value come last in both directions, and digits in names count as numbers', () => {
  const rows = ['f10', null, 'f9']
  assert.deepEqual(
    sortRows(rows, (row) => row, false),
    ['f9', 'f10', null],
  )
  assert.deepEqual(
    sortRows(rows, (row) => row, true),
    ['f10', 'f9', null],
  )
})

test('lines of a .env file are pasted as pairs, and other text is not', () => {
  assert.deepEqual(parseKeyValueLines('# comment\nexport A=1\nB = "two words"\n'), [
    { key: 'A', value: '1' },
    { key: 'B', value: 'two words' },
  ])
  assert.deepEqual(parseKeyValueLines('just a value'), [])
  assert.deepEqual(
    recordOf([
      { key: ' A ', value: '1' },
      { key: '', value: 'lost' },
    ]),
    { A: '1' },
  )
})

test('a period survives the address, and one that cannot be read is the default', () => {
  for (const range of [{ lastMs: 300_000 }, { fromMs: 1000, toMs: 2000 }]) {
    assert.deepEqual(parseRange(rangeText(range)), range)
  }
  for (const text of [null, '', 'last-', '2000-1000', 'last-1e9']) assert.deepEqual(parseRange(text), parseRange(null))
  assert.deepEqual(periodOf({ lastMs: 300 }, 1000), { fromMs: 700, toMs: 1000 })
})

test('steps are those that the metric history has, and no chart gets more points than it can show', () => {
  assert.equal(stepFor({ fromMs: 0, toMs: 15 * 60_000 }), 1000)
  for (const hours of [1, 6, 24, 168, 744]) {
    const step = stepFor({ fromMs: 0, toMs: hours * 3_600_000 })
    assert.equal(step % 60_000, 0)
    assert.ok((hours * 3_600_000) / step <= 400)
  }
})
