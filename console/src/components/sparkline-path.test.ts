import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sparklinePaths } from './sparkline-path.ts'

test('what is not known is a gap, and a lone value is a dot', () => {
  assert.deepEqual(sparklinePaths([1, 2, null, 2, null], 100, 11), {
    line: 'M0.0 6.0L25.0 1.0',
    area: 'M0.0 11L0.0 6.0L25.0 1.0L25.0 11Z',
    dots: 'M75.0 1.0h0',
  })
})

test('zeros lie at the foot, and nothing known draws nothing', () => {
  assert.equal(sparklinePaths([0, 0], 100, 11).line, 'M0.0 11.0L100.0 11.0')
  for (const values of [[], [null, null]]) {
    assert.deepEqual(sparklinePaths(values, 100, 11), { line: '', area: '', dots: '' })
  }
})
