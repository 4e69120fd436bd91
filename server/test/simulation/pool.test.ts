import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../src/simulated-clock.ts'
import { simulate, type Scenario } from './pool-simulation.ts'

const settings = { queueLengthMax: 10_000, queueMsMax: 30_000, keepAliveMs: 300_000 }
const base: Scenario = {
  seed: 1,
  arrivalsMs: [],
  serviceMs: () => 50,
  coldStartMs: () => 100,
  instanceConcurrency: 10,
  instancesMax: 100,
  startsMax: 4,
  settings,
}
const burst = (count: number, atMs = 0) => Array.from({ length: count }, () => atMs)

function poisson(seed: number, perSecond: number, seconds: number): number[] {
  const random = seededRandom(seed)
  const arrivals: number[] = []
  for (let atMs = 0; atMs < seconds * 1000; atMs += (-Math.log(1 - random.fraction()) / perSecond) * 1000)
    arrivals.push(atMs)
  return arrivals
}

test('a burst on a function at zero is answered whole, within ten times the work time', async () => {
  const report = await simulate({ ...base, arrivalsMs: burst(200) })
  assert.deepEqual([report.served, report.refused, report.failed], [200, 0, 0])
  assert.ok(report.endedMs <= 500, `the last answer came after ${report.endedMs} ms`)
})

test('five quick first requests share one start when it has room for them', async () => {
  const report = await simulate({ ...base, arrivalsMs: [0, 1, 2, 3, 4] })
  assert.equal(report.coldStarts, 1)
  assert.equal(report.served, 5)
})

test('steady traffic settles on few instances', async () => {
  const report = await simulate({ ...base, arrivalsMs: poisson(7, 100, 60) })
  assert.equal(report.refused + report.failed, 0)
  assert.ok(report.liveMax <= 4, `${report.liveMax} instances for 5 requests in flight on average`)
})

test('beyond what the limits can serve, the queue bound refuses and nothing is lost', async () => {
  const report = await simulate({
    ...base,
    arrivalsMs: burst(500),
    instancesMax: 2,
    settings: { ...settings, queueLengthMax: 100 },
  })
  assert.ok(report.refused > 0)
  assert.equal(report.served + report.refused, 500)
})

test('a wait longer than the bound ends in a refusal', async () => {
  const report = await simulate({
    ...base,
    arrivalsMs: burst(100),
    instancesMax: 1,
    instanceConcurrency: 1,
    serviceMs: () => 1000,
    settings: { ...settings, queueMsMax: 5000 },
  })
  assert.ok(report.served >= 5 && report.served <= 8, `${report.served} served`)
  assert.equal(report.served + report.refused, 100)
})

test('a start that fails fails the requests it was for and no others', async () => {
  const report = await simulate({ ...base, arrivalsMs: burst(200), startFailures: 0.5, seed: 3 })
  assert.equal(report.served + report.failed, 200)
  assert.ok(report.served > 0 && report.failed > 0)
})

test('whatever the traffic: every request is answered once and no limit is exceeded', async () => {
  const scenarios = fc.record({
    seed: fc.nat(),
    perSecond: fc.integer({ min: 1, max: 300 }),
    burst: fc.nat(200),
    instanceConcurrency: fc.constantFrom(1, 2, 10, 100),
    instancesMax: fc.integer({ min: 1, max: 20 }),
    startsMax: fc.integer({ min: 1, max: 8 }),
    serviceMs: fc.integer({ min: 1, max: 2000 }),
    coldStartMs: fc.integer({ min: 1, max: 3000 }),
    queueLengthMax: fc.integer({ min: 0, max: 300 }),
    startFailures: fc.constantFrom(0, 0.2, 1),
    crashes: fc.constantFrom(0, 0.05),
  })
  await fc.assert(
    fc.asyncProperty(scenarios, async (given) => {
      const arrivalsMs = [...poisson(given.seed, given.perSecond, 3), ...burst(given.burst, 500)].toSorted(
        (a, b) => a - b,
      )
      const report = await simulate({
        ...base,
        ...given,
        arrivalsMs,
        serviceMs: (fraction) => given.serviceMs * (0.5 + fraction),
        coldStartMs: (fraction) => given.coldStartMs * (0.5 + fraction),
        settings: { ...settings, queueLengthMax: given.queueLengthMax },
      })
      assert.equal(report.leftOver, 0)
      assert.equal(report.served + report.refused + report.failed, arrivalsMs.length)
    }),
    { numRuns: 60 },
  )
})
