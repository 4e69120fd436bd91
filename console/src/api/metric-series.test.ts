import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latest, recentMean, thinned, total, withSeconds, type Series } from './metric-series.ts'

const series: Series = {
  metric: 'A',
  unit: 'count',
  stepMs: 1000,
  points: [
    [1000, 4],
    [2000, null],
    [3000, 2],
  ],
}

test('seconds that follow are added in order, replace what was asked before, and push old ones out', () => {
  const after = withSeconds(
    series,
    [
      { timeMs: 3000, values: { A: 5 } },
      { timeMs: 4000, values: { A: 1, B: 9 } },
      { timeMs: 5000, values: { B: 9 } },
    ],
    { fromMs: 2000, toMs: 6000 },
  )
  assert.deepEqual(after.points, [
    [2000, null],
    [3000, 5],
    [4000, 1],
    [5000, null],
  ])
})

test('sums and means leave out what is not known', () => {
  assert.equal(total(series), 6)
  assert.equal(recentMean(series, 2), 2)
  assert.equal(recentMean(undefined, 2), null)
  assert.equal(latest({ ...series, points: [...series.points, [4000, null]] }), 2)
})

test('a small picture keeps the peaks', () => {
  const points = Array.from({ length: 100 }, (_, at) => [at, at === 42 ? 99 : 1] as const)
  const values = thinned({ ...series, points }, 10)
  assert.equal(values.length, 10)
  assert.equal(Math.max(...values.map((value) => value ?? 0)), 99)
  assert.deepEqual(thinned(undefined, 10), [])
})
