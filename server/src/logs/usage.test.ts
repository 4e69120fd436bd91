import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fairShare, Usage } from './usage.ts'

test('the fair share fits the total and takes nothing from those below it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1 }), fc.nat(20_000), (sizes, totalMax) => {
      const share = fairShare(sizes, totalMax)
      const kept = sizes.map((size) => Math.min(size, share)).reduce((sum, size) => sum + size, 0)
      const all = sizes.reduce((sum, size) => sum + size, 0)
      if (all <= totalMax) assert.equal(share, Infinity)
      else assert.ok(Math.abs(kept - totalMax) < 0.001)
    }),
  )
})

test('one that grew huge gives alone', () => {
  assert.equal(fairShare([10, 20, 1000], 100), 70)
})

test('changes are taken back to the mark', () => {
  const usage = new Usage()
  usage.add('f', 'lines', 10)
  usage.mark()
  usage.add('f', 'lines', -10)
  usage.add('g', 'records', 5)
  usage.undo()
  assert.deepEqual(usage.functionKeys(), ['f'])
  assert.deepEqual(usage.of('f'), { lines: 10, records: 0 })
  assert.equal(usage.totalBytes, 10)
})
