import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GapHistogram, learnedKeepAlive } from './keep-alive.ts'

const MINUTE_MS = 60_000
const range = learnedKeepAlive(5 * MINUTE_MS)

function learned(gapsMs: readonly number[]): number {
  const gaps = new GapHistogram()
  for (const gapMs of gapsMs) gaps.observe(gapMs)
  return gaps.keepAliveMs(range)
}
const times = (count: number, gapMs: number) => Array.from({ length: count }, () => gapMs)

test('while little is known, an instance is kept as long as is set', () => {
  assert.equal(learned([]), range.breakEvenMs)
  assert.equal(learned(times(9, 1000)), range.breakEvenMs)
})

test('steady traffic needs no instance for longer than the least', () => {
  assert.equal(learned(times(100, 500)), range.minMs)
})

test('a regular gap is outlasted, and not by much', () => {
  const keptMs = learned(times(50, 2 * MINUTE_MS))
  assert.ok(keptMs > 2 * MINUTE_MS && keptMs < 2.3 * MINUTE_MS, `${keptMs} ms`)
})

test('a call that comes an hour later is not waited for, one that comes in four minutes is', () => {
  assert.equal(learned(times(50, 59 * MINUTE_MS)), range.minMs)
  assert.ok(learned(times(50, 4 * MINUTE_MS)) > 4 * MINUTE_MS)
})

test('bursts of calls with a pause between them are bridged, though most gaps are short', () => {
  const keptMs = learned([...times(20, 1000), ...times(20, 3 * MINUTE_MS)])
  assert.ok(keptMs > 3 * MINUTE_MS)
})

test('one gap in a thousand is not worth being idle for', () => {
  assert.equal(learned([...times(499, 50 * MINUTE_MS), ...times(1, 3 * MINUTE_MS)]), range.minMs)
})

test('a new rhythm replaces the old one', () => {
  const old = times(600, 4 * MINUTE_MS)
  assert.ok(learned(old) > 4 * MINUTE_MS)
  assert.equal(learned([...old, ...times(5000, 1000)]), range.minMs)
})

const gapLists = fc.array(fc.double({ min: 0, max: 6 * 3_600_000, noNaN: true }), { maxLength: 300 })

test('whatever the gaps, the keep-alive is within its range', () => {
  fc.assert(
    fc.property(gapLists, fc.integer({ min: 1, max: 86_400 }), (gapsMs, seconds) => {
      const given = learnedKeepAlive(seconds * 1000)
      const gaps = new GapHistogram()
      for (const gapMs of gapsMs) gaps.observe(gapMs)
      const keptMs = gaps.keepAliveMs(given)
      assert.ok(keptMs >= given.minMs && keptMs <= given.maxMs)
    }),
  )
})

test('no keep-alive would have been much cheaper over the gaps it was learned from', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: MINUTE_MS, max: 3_000_000, noNaN: true }), { minLength: 10, maxLength: 200 }),
      (gapsMs) => {
        const cost = (keptMs: number) =>
          gapsMs.reduce((sum, gapMs) => sum + (gapMs <= keptMs ? gapMs : keptMs + range.breakEvenMs), 0)
        const best = Math.min(cost(range.minMs), ...gapsMs.map(cost))
        // Bins are a tenth wide.
        assert.ok(cost(learned(gapsMs)) <= best * 1.2)
      },
    ),
  )
})
