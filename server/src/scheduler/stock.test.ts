import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NO_DEMAND, shareStems, stemsWanted, withStart, type StartDemand } from './stock.ts'

const limits = { stems: 2, stemsMax: 16 }
const REFILL_MS = 100
const HOUR_MS = 3_600_000

/** After starts at these times. */
const after = (...timesMs: number[]): StartDemand =>
  timesMs.reduce((demand, nowMs) => withStart(demand, nowMs, REFILL_MS), NO_DEMAND)

test('a runtime with deployed functions keeps its stems, one without keeps none', () => {
  assert.equal(stemsWanted(NO_DEMAND, 0, REFILL_MS, true, limits), 2)
  assert.equal(stemsWanted(NO_DEMAND, 0, REFILL_MS, false, limits), 0)
})

test('0 stems switch the stock off, whatever the demand', () => {
  const busy = after(...Array.from({ length: 50 }, (_, i) => i))
  assert.equal(stemsWanted(busy, 50, REFILL_MS, true, { ...limits, stems: 0 }), 0)
})

test('a burst is remembered, and forgotten', () => {
  const burst = after(0, 1, 2, 3, 4, 5, 6, 7)
  assert.equal(stemsWanted(burst, 8, REFILL_MS, true, limits), 8)
  assert.ok(stemsWanted(burst, 5 * 60_000, REFILL_MS, true, limits) > 2)
  assert.equal(stemsWanted(burst, HOUR_MS, REFILL_MS, true, limits), 2)
  assert.equal(stemsWanted(burst, HOUR_MS, REFILL_MS, false, limits), 0)
})

test('lone starts, far apart, ask for no more than the setting', () => {
  const lone = after(0, 60_000, 120_000, 180_000)
  assert.equal(stemsWanted(lone, 180_001, REFILL_MS, true, limits), 2)
})

test('a steady stream keeps what comes while a stem boots, and headroom', () => {
  // 20 a second, never two within one refill.
  const refillMs = 49
  let demand = NO_DEMAND
  for (let nowMs = 0; nowMs < 300_000; nowMs += 50) demand = withStart(demand, nowMs, refillMs)
  assert.equal(stemsWanted(demand, 300_000, refillMs, true, { ...limits, stems: 1 }), 3)
})

const starts = fc.array(fc.nat(10_000), { maxLength: 100 })

test('never more than the most, never less than the setting asks for, and nothing that is no whole number', () => {
  fc.assert(
    fc.property(starts, fc.nat(HOUR_MS), fc.boolean(), fc.integer({ min: 1, max: 5000 }), (gaps, idleMs, used, ms) => {
      let nowMs = 0
      let demand = NO_DEMAND
      for (const gap of gaps) demand = withStart(demand, (nowMs += gap), ms)
      const wanted = stemsWanted(demand, nowMs + idleMs, ms, used, limits)
      assert.ok(Number.isInteger(wanted) && wanted <= limits.stemsMax && wanted >= (used ? limits.stems : 0))
    }),
  )
})

test('waiting only ever lowers what is kept, to nothing in the end', () => {
  fc.assert(
    fc.property(starts, fc.nat(HOUR_MS), fc.nat(HOUR_MS), (gaps, firstMs, secondMs) => {
      let nowMs = 0
      let demand = NO_DEMAND
      for (const gap of gaps) demand = withStart(demand, (nowMs += gap), REFILL_MS)
      const at = (laterMs: number) => stemsWanted(demand, nowMs + laterMs, REFILL_MS, false, limits)
      assert.ok(at(firstMs + secondMs) <= at(firstMs))
      assert.equal(at(HOUR_MS), 0)
    }),
  )
})

test('what is too little for all is one for each, the most important first, then more for them', () => {
  assert.deepEqual(shareStems([2, 2, 2], 6), [2, 2, 2])
  assert.deepEqual(shareStems([2, 0, 2, 2], 4), [2, 0, 1, 1])
  assert.deepEqual(shareStems([8, 2], 5), [4, 1])
  assert.deepEqual(shareStems([2, 2, 2], 2), [1, 1, 0])
  assert.deepEqual(shareStems([2, 2], 0), [0, 0])
})

test('shares are at most what is wanted, and together as much as there is use for', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(60), (wanted, stemsMax) => {
      const shares = shareStems(wanted, stemsMax)
      const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
      assert.ok(shares.every((share, i) => share >= 0 && share <= wanted[i]!))
      assert.equal(sum(shares), Math.min(sum(wanted), stemsMax))
    }),
  )
})
