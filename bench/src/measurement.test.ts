import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { median, percentile, ratios, summarise } from './measurement.ts'
import type { Measurement } from './measurement.ts'

const measured = (subject: string, value: number, invalid: string | null = null): Measurement => ({
  row: 'warm',
  subject,
  metric: 'rate',
  unit: '1/s',
  value,
  invalid,
})

test('the median is the middle value, or the mean of the two', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.throws(() => median([]), RangeError)
})

test('percentiles lie within the values and grow with the share', () => {
  // Without -0, of which nobody promises to get it back.
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((each) => each + 0)
  const values = fc.array(value, { minLength: 1 })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(values, share, share, (some, one, other) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)]
      const rounding = 1e-6
      assert.ok(percentile(some, low) <= percentile(some, high) + rounding)
      assert.equal(percentile(some, 0), Math.min(...some))
      assert.equal(percentile(some, 1), Math.max(...some))
    }),
  )
})

test('one invalid round makes a summary invalid', () => {
  const [good, bad] = summarise([
    measured('a', 1),
    measured('b', 1),
    measured('a', 3),
    measured('b', 2, 'two failures'),
  ])
  assert.deepEqual({ median: good?.median, invalid: good?.invalid }, { median: 2, invalid: null })
  assert.equal(bad?.invalid, 'two failures')
})

test('ratios compare ours with every valid peer', () => {
  const summaries = summarise([measured('us', 50), measured('peer', 100), measured('broken', 10, 'wrong answer')])
  assert.deepEqual(ratios(summaries, ['us'], ['rate']), [
    { metric: 'rate', subject: 'us', against: 'peer', ratio: 0.5 },
  ])
})
