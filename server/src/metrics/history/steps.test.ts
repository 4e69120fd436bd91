import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cover, STRETCH_MINUTES } from './steps.ts'

const MINUTES_MAX = 40 * 1440

test('a period is covered exactly, in order, by stretches that begin at multiples of themselves', () => {
  fc.assert(
    fc.property(fc.nat(MINUTES_MAX), fc.nat(MINUTES_MAX), (from, length) => {
      let at = from
      for (const part of cover(from, from + length)) {
        const minutes = STRETCH_MINUTES[part.size]!
        assert.equal(part.from, at)
        assert.ok(part.to > part.from)
        assert.equal(part.from % minutes, 0)
        assert.equal(part.to % minutes, 0)
        at = part.to
      }
      assert.equal(at, from + length)
    }),
  )
})

test('a month needs some hundred rows, whatever its ends are', () => {
  fc.assert(
    fc.property(fc.nat(MINUTES_MAX), (from) => {
      const rows = cover(from, from + 31 * 1440).map(({ size, from: a, to }) => (to - a) / STRETCH_MINUTES[size]!)
      assert.ok(rows.reduce((sum, count) => sum + count, 0) <= 31 + 2 * (9 + 5 + 23))
    }),
  )
})

test('stretches fit into each other', () => {
  for (const [size, minutes] of STRETCH_MINUTES.entries()) {
    if (size > 0) assert.equal(minutes % STRETCH_MINUTES[size - 1]!, 0)
  }
})
