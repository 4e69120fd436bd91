import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barAt, barsOf, periodBetween } from './histogram-view.ts'

const bars = barsOf({
  bucketMs: 10,
  buckets: [
    { fromMs: 0, count: 0 },
    { fromMs: 10, count: 1 },
    { fromMs: 20, count: 1000 },
  ],
})

test('nothing has no height, and something can be seen beside much', () => {
  assert.deepEqual(
    bars.map(({ height }) => height),
    [0, 0.03, 1],
  )
})

test('a silent period has bars without height', () => {
  assert.equal(barsOf({ bucketMs: 1, buckets: [{ fromMs: 0, count: 0 }] })[0]!.height, 0)
})

test('a selection holds whole bars, whichever way it is drawn', () => {
  assert.deepEqual(periodBetween(bars, 2, 1), { fromMs: 10, toMs: 30 })
  assert.deepEqual(periodBetween(bars, 0, 0), { fromMs: 0, toMs: 10 })
  assert.equal(periodBetween([], 0, 0), undefined)
})

test('points beside the chart belong to its outer bars', () => {
  assert.deepEqual(
    [-0.5, 0, 0.5, 1, 7].map((position) => barAt(position, 3)),
    [0, 0, 1, 2, 2],
  )
})
