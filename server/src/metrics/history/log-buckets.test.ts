import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BUCKET_COUNT, bucketOf, quantileOf, RELATIVE_ERROR_MAX, VALUE_MAX, VALUE_MIN } from './log-buckets.ts'

const durations = fc.double({ min: VALUE_MIN, max: VALUE_MAX, noNaN: true })
const shares = fc.double({ min: 0, max: 1, noNaN: true })

function histogramOf(values: readonly number[]): Uint32Array {
  const counts = new Uint32Array(BUCKET_COUNT)
  for (const value of values) counts[bucketOf(value)]!++
  return counts
}

test('a percentile is off by less than five percent of itself', () => {
  assert.ok(RELATIVE_ERROR_MAX < 0.05)
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 60 }), shares, (values, share) => {
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!
      const told = quantileOf(histogramOf(values), share)!
      assert.ok(Math.abs(told - exact) <= exact * (RELATIVE_ERROR_MAX + 1e-9), `${told} instead of ${exact}`)
    }),
  )
})

test('histograms that are added up are the histogram of both', () => {
  fc.assert(
    fc.property(fc.array(durations), fc.array(durations), (some, others) => {
      const [a, b] = [histogramOf(some), histogramOf(others)]
      assert.deepEqual(
        a.map((count, bucket) => count + b[bucket]!),
        histogramOf([...some, ...others]),
      )
    }),
  )
})

test('what is beyond the bounds falls into the first and the last bucket', () => {
  assert.deepEqual([0, -1, VALUE_MIN].map(bucketOf), [0, 0, 0])
  assert.deepEqual([VALUE_MAX, Infinity].map(bucketOf), [BUCKET_COUNT - 1, BUCKET_COUNT - 1])
})

test('of nothing there is no percentile', () => {
  assert.equal(quantileOf(new Uint32Array(BUCKET_COUNT), 0.5), null)
})
