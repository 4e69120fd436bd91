import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../simulated-clock.ts'
import { baselineOf, flooredDeviation, judge, type Baseline } from './judge.ts'
import type { AlertCondition } from './port.ts'

const COUNT = { unit: 'count', statistic: 'sum' } as const
const AVERAGE = { unit: 'ms', statistic: 'average' } as const
const anomaly = (deviations: number, direction: 'above' | 'below' | 'both' = 'both'): AlertCondition => ({
  kind: 'anomaly',
  deviations,
  days: 7,
  direction,
})
const threshold = (comparison: '>' | '>=' | '<' | '<=', value: number): AlertCondition => ({
  kind: 'threshold',
  comparison,
  threshold: value,
})

test('a threshold compares as it says, the threshold itself included or not', () => {
  const verdicts = (['>', '>=', '<', '<='] as const).map((comparison) =>
    [9, 10, 11].map((value) => judge(threshold(comparison, 10), COUNT, value, null)),
  )
  assert.deepEqual(verdicts, [
    ['fine', 'fine', 'broken'],
    ['fine', 'broken', 'broken'],
    ['broken', 'fine', 'fine'],
    ['broken', 'broken', 'fine'],
  ])
})

test('nothing observed is no value for a threshold, and what a noData rule waits for, as a count of 0 is', () => {
  assert.equal(judge(threshold('<', 10), AVERAGE, null, null), 'noData')
  assert.equal(judge({ kind: 'noData' }, AVERAGE, null, null), 'broken')
  assert.equal(judge({ kind: 'noData' }, COUNT, 0, null), 'broken')
  assert.equal(judge({ kind: 'noData' }, AVERAGE, 0, null), 'fine')
  assert.equal(judge({ kind: 'noData' }, COUNT, 3, null), 'fine')
})

/** Sixty values an hour around a mean, as traffic is: the sum of several fair chances. */
function noisyDays(seed: number, days: number, mean: number, spread: number): number[][] {
  const random = seededRandom(seed)
  const noise = () => Array.from({ length: 12 }, () => random.fraction()).reduce((sum, each) => sum + each, -6)
  return Array.from({ length: days }, () => Array.from({ length: 60 }, () => mean + spread * noise()))
}

test('of a seeded series the ordinary is fine and four deviations are an anomaly, on the side that is watched', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const baseline = baselineOf(noisyDays(seed, 7, 1000, 100))
    assert.ok(Math.abs(baseline.mean - 1000) < 30, `mean ${baseline.mean}`)
    assert.ok(Math.abs(baseline.deviation - 100) < 20, `deviation ${baseline.deviation}`)
    assert.equal(judge(anomaly(3), COUNT, 1150, baseline), 'fine')
    assert.equal(judge(anomaly(3), COUNT, 1450, baseline), 'broken')
    assert.equal(judge(anomaly(3), COUNT, 550, baseline), 'broken')
    assert.equal(judge(anomaly(3, 'above'), COUNT, 550, baseline), 'fine')
    assert.equal(judge(anomaly(3, 'below'), COUNT, 550, baseline), 'broken')
    assert.equal(judge(anomaly(3, 'below'), COUNT, 1450, baseline), 'fine')
  }
})

test('days on which nothing but 0 was observed do not count, and too few days say nothing', () => {
  const days = [
    [null, null],
    [5, null],
    [0, 0],
    [7, 6],
  ]
  const baseline = baselineOf(days)
  assert.deepEqual([baseline.days, baseline.mean], [2, 6])
  assert.equal(judge(anomaly(3), COUNT, 1000, baseline), 'unknown')
  assert.equal(judge(anomaly(3), COUNT, 1000, baselineOf([...days, [6]])), 'broken')
  assert.equal(judge(anomaly(3), COUNT, 1000, baselineOf([])), 'unknown')
})

test('a metric that never moved has a floor for its deviation: a step in its unit, or a twentieth of its mean', () => {
  const still = (value: number) => baselineOf(Array.from({ length: 7 }, () => [value, value]))
  assert.equal(judge(anomaly(3), COUNT, 4, still(1)), 'fine')
  assert.equal(judge(anomaly(3), COUNT, 5, still(1)), 'broken')
  assert.equal(judge(anomaly(3), COUNT, 1149, still(1000)), 'fine')
  assert.equal(judge(anomaly(3), COUNT, 1151, still(1000)), 'broken')
  assert.equal(judge(anomaly(3), { unit: 'currency', statistic: 'last' }, 0.05, still(0.01)), 'broken')
})

const amount = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const manyDays = fc.array(fc.array(fc.option(amount, { nil: null }), { maxLength: 20 }), { maxLength: 30 })

test('property: a baseline lies within what was observed, and no order of days changes what it judges', () => {
  fc.assert(
    fc.property(manyDays, (days) => {
      const counts = days.filter((values) => values.some((value) => value !== null && value !== 0))
      const observed = counts.flat().filter((value) => value !== null)
      const { mean, deviation, days: counted } = baselineOf(days)
      assert.ok(counted === counts.length && Number.isFinite(mean) && deviation >= 0)
      if (observed.length === 0) return
      const tolerance = 1e-6 * (1 + Math.max(...observed.map(Math.abs)))
      assert.ok(mean >= Math.min(...observed) - tolerance && mean <= Math.max(...observed) + tolerance)
      assert.ok(deviation <= Math.max(...observed) - Math.min(...observed) + tolerance)
      const turned = baselineOf(days.toReversed())
      assert.ok(Math.abs(turned.mean - mean) <= tolerance && turned.days === counted)
    }),
  )
})

test('property: further away is never less of an anomaly, and both sides are judged alike', () => {
  const baselines = fc.record({ mean: amount, deviation: fc.double({ min: 0, max: 1e6, noNaN: true }) })
  fc.assert(
    fc.property(baselines, fc.double({ min: 0, max: 1e7, noNaN: true }), (some, distance) => {
      const baseline: Baseline = { ...some, days: 7 }
      const at = (offset: number) => judge(anomaly(3), AVERAGE, baseline.mean + offset, baseline)
      const limit = 3 * flooredDeviation(baseline, 'ms')
      if (distance > limit * 1.001) assert.deepEqual([at(distance), at(-distance)], ['broken', 'broken'])
      if (distance < limit * 0.999) assert.deepEqual([at(distance), at(-distance)], ['fine', 'fine'])
      if (at(distance) === 'broken') assert.equal(at(distance * 2 + 1), 'broken')
    }),
  )
})
