import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FleetOptions } from '../../src/instances/fleet.ts'
import { learnedKeepAlive } from '../../src/scheduler/port.ts'
import { bursts, diurnal, flashCrowd, HOUR_MS, steady } from './generated.ts'
import { replay, type ReplayOptions, type ReplayReport } from './replay.ts'
import { byTime, type Arrival, type SimulatedFunction, type Workload } from './workload.ts'

const fleet: FleetOptions = {
  queueLengthMax: 10_000,
  queueMsMax: 30_000,
  keepAlive: learnedKeepAlive(300_000),
  instancesMax: 100,
  memoryMBMax: 100_000,
  startsMax: 4,
}
const plain: SimulatedFunction = { memoryMB: 128, coldStartMs: 100, instanceConcurrency: 10 }

function workload(arrivals: readonly Arrival[], functions: Record<string, SimulatedFunction> = { f: plain }): Workload {
  const sorted = arrivals.toSorted(byTime)
  const durationMs = (sorted.at(-1)?.atMs ?? 0) + 60_000
  return { name: 'test', about: '', durationMs, functions: new Map(Object.entries(functions)), arrivals: sorted }
}
const burst = (count: number, atMs = 0, key = 'f', serviceMs = 50): Arrival[] =>
  Array.from({ length: count }, () => ({ atMs, key, serviceMs }))

function play(given: Workload, limits: Partial<FleetOptions> = {}, more: Partial<ReplayOptions> = {}) {
  return replay(given, { seed: 1, fleet: { ...fleet, ...limits }, ...more })
}

function assertAllServed(report: ReplayReport): void {
  const { refused, failed, leftOver, served, requests } = report
  assert.deepEqual({ refused, failed, leftOver, served }, { refused: 0, failed: 0, leftOver: 0, served: requests })
}

test('a burst on a function at zero is answered whole, within ten times the work time', async () => {
  const report = await play(workload(burst(200)))
  assertAllServed(report)
  assert.ok(report.endedMs <= 500, `the last answer came after ${report.endedMs} ms`)
})

test('a burst of a thousand connections from zero has no errors and a bounded wait', async () => {
  const report = await play(workload(burst(1000)))
  assertAllServed(report)
  assert.ok(report.endedMs <= 2000, `the last answer came after ${report.endedMs} ms`)
})

test('five quick calls from zero share one start', async () => {
  const report = await play(workload([0, 1, 2, 3, 4].map((atMs) => ({ atMs, key: 'f', serviceMs: 50 }))))
  assertAllServed(report)
  assert.equal(report.starts, 1)
})

test('a burst starts no more instances than its requests have slots for', async () => {
  const report = await play(workload(burst(95)))
  assertAllServed(report)
  assert.ok(report.starts <= 10, `${report.starts} starts`)
})

test('at 700 requests a second from zero each instance keeps to its concurrency from the first one on', async () => {
  const report = await play(
    steady(3, 700, 10_000),
    {},
    {
      watch(watched) {
        for (const { inFlight } of watched.list()) assert.ok(inFlight <= 1, `${inFlight} requests on one instance`)
      },
    },
  )
  assertAllServed(report)
})

test('while instances are added under load, none of 100 000 requests is lost', async () => {
  const report = await play(flashCrowd(5, 450, 20 * 60_000), { startsMax: 8 })
  assert.ok(report.requests > 100_000, `${report.requests} requests`)
  assertAllServed(report)
})

test('under a deep queue every instance that is ready is used, and first come is first served', async () => {
  const given = workload(burst(600, 0, 'f', 20), { f: { ...plain, instanceConcurrency: 2 } })
  const report = await play(
    given,
    { instancesMax: 5 },
    {
      watch(watched) {
        const free = watched
          .list()
          .some(({ state, inFlight }) => (state === 'ready' || state === 'busy') && inFlight < 2)
        assert.ok(!free || watched.waiting().length === 0, 'requests wait beside a free slot')
      },
    },
  )
  assertAllServed(report)
  assert.deepEqual(
    report.waitsMs,
    report.waitsMs.toSorted((a, b) => a - b),
  )
})

test('limits hold at every moment of a flash crowd', async () => {
  const limits = { instancesMax: 5, startsMax: 2, queueLengthMax: 50 }
  const report = await play(flashCrowd(6, 100, 10 * 60_000), limits, {
    watch(watched) {
      const list = watched.list()
      assert.ok(list.length <= 5)
      assert.ok(list.filter(({ state }) => state === 'starting').length <= 2)
      assert.ok((watched.waiting()[0]?.requests ?? 0) <= 50)
    },
  })
  assert.ok(report.refused > 0 && report.leftOver === 0)
  assert.equal(report.served + report.refused, report.requests)
})

test('parallel calls that outlast the keep-alive end well', async () => {
  const given = workload([...burst(20, 0, 'f', 900_000), ...burst(200, 1000, 'f', 20)])
  assertAllServed(await play(given, { keepAlive: learnedKeepAlive(60_000) }))
})

test('an instance is never reaped between its start and the request that it was started for', async () => {
  const arrivals = Array.from({ length: 200 }, (_, i) => burst(1, i * 1301, 'f', 1)).flat()
  assertAllServed(await play(workload(arrivals), { keepAlive: learnedKeepAlive(1000) }))
})

test('overload of one function does not churn its instances', async () => {
  const given = workload(
    [...Array.from({ length: 3000 }, (_, i) => burst(1, i * 10, 'f', 40)).flat(), ...burst(5, 15_000, 'g', 40)],
    { f: { ...plain, instanceConcurrency: 1 }, g: plain },
  )
  const report = await play(given, { memoryMBMax: 3 * 128 })
  assert.equal(report.leftOver, 0)
  assert.ok(report.starts <= 8, `${report.starts} starts where three instances fit`)
})

test('many functions that share a full host all get their turn, without one start per request', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `f-${i}`)
  const functions = Object.fromEntries(names.map((name) => [name, plain]))
  const arrivals = names.flatMap((key, i) =>
    Array.from({ length: 300 }, (_, n) => burst(1, n * 200 + i * 7, key, 20)).flat(),
  )
  const report = await play(workload(arrivals, functions), { memoryMBMax: 8 * 128 })
  assertAllServed(report)
  assert.ok(report.starts < report.requests / 5, `${report.starts} starts for ${report.requests} requests`)
})

test('twenty-four hours at one request a second stay healthy', async () => {
  const report = await play(steady(8, 1, 24 * HOUR_MS))
  assertAllServed(report)
  assert.ok(report.requests > 80_000)
  assert.ok(report.starts <= 30, `${report.starts} starts`)
  assert.ok(report.liveMax <= 5)
})

test('a day with a silent night goes to zero and comes back', async () => {
  let wasZero = false
  const report = await play(
    diurnal(9, 2),
    {},
    {
      watch(watched, clock) {
        if (clock.monotonicMs() > 60_000) wasZero ||= watched.list().length === 0
      },
    },
  )
  assertAllServed(report)
  assert.ok(wasZero)
})

test('bursts of a hundred where there was one call are answered whole', async () => {
  assertAllServed(await play(bursts(10, 4, 2 * HOUR_MS)))
})

test('beyond what the limits can serve, the queue bound refuses and nothing is lost', async () => {
  const report = await play(workload(burst(500)), { instancesMax: 2, queueLengthMax: 100 })
  assert.ok(report.refused > 0)
  assert.equal(report.served + report.refused, 500)
})

test('a wait longer than the bound ends in a refusal', async () => {
  const given = workload(burst(100, 0, 'f', 1000), { f: { ...plain, instanceConcurrency: 1 } })
  const report = await play(given, { instancesMax: 1, queueMsMax: 5000 })
  assert.ok(report.served >= 5 && report.served <= 8, `${report.served} served`)
  assert.equal(report.served + report.refused, 100)
})

test('a start that fails fails the requests it was for and no others', async () => {
  const report = await play(workload(burst(200)), {}, { startFailures: 0.5, seed: 3 })
  assert.equal(report.served + report.failed, 200)
  assert.ok(report.served > 0 && report.failed > 0)
})

test('whatever the traffic: every request is answered once and no limit is exceeded', async () => {
  const functions = fc.array(
    fc.record({
      memoryMB: fc.constantFrom(128, 512, 1024),
      coldStartMs: fc.integer({ min: 1, max: 3000 }),
      instanceConcurrency: fc.constantFrom(1, 2, 10, 100),
      serviceMs: fc.integer({ min: 1, max: 2000 }),
      everyMs: fc.integer({ min: 5, max: 2000 }),
      burst: fc.nat(100),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const limits = fc.record({
    instancesMax: fc.integer({ min: 1, max: 20 }),
    startsMax: fc.integer({ min: 1, max: 8 }),
    memoryMBMax: fc.constantFrom(1024, 4096, 100_000),
    queueLengthMax: fc.integer({ min: 0, max: 300 }),
  })
  const faults = fc.record({
    seed: fc.nat(),
    startFailures: fc.constantFrom(0, 0.2, 1),
    crashes: fc.constantFrom(0, 0.05),
    reserved: fc.option(fc.nat(5), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(functions, limits, faults, async (given, limit, { reserved, ...fault }) => {
      const named = Object.fromEntries(given.map((each, i) => [`f-${i}`, each]))
      const arrivals = Object.entries(named).flatMap(([key, each]) => [
        ...Array.from({ length: Math.floor(3000 / each.everyMs) }, (_, n) =>
          burst(1, n * each.everyMs, key, each.serviceMs),
        ).flat(),
        ...burst(each.burst, 500, key, each.serviceMs),
      ])
      const memoryOf = (key: string) => named[key]!.memoryMB
      const report = await play(workload(arrivals, named), limit, {
        ...fault,
        rules: {
          reservations: () => (reserved === undefined ? new Map() : new Map([['f-0', reserved]])),
          onDemandMax: () => null,
          provisions: () => [],
        },
        watch(watched) {
          const list = watched.list()
          const own = list.filter(({ functionKey }) => functionKey === 'f-0').length
          assert.ok(own <= (reserved ?? Infinity))
          assert.ok(list.length - own <= limit.instancesMax - (reserved ?? 0) || list.length === own)
          assert.ok(list.length <= limit.instancesMax)
          assert.ok(list.filter(({ state }) => state === 'starting').length <= limit.startsMax)
          assert.ok(list.reduce((sum, { functionKey }) => sum + memoryOf(functionKey), 0) <= limit.memoryMBMax)
        },
      })
      assert.equal(report.leftOver, 0)
      assert.equal(report.served + report.refused + report.failed, arrivals.length)
    }),
    { numRuns: 60 },
  )
})
