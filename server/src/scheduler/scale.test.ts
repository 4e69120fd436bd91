import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startsWanted, type PoolLoad } from './scale.ts'

const idle: PoolLoad = {
  waiting: 0,
  waitedMs: 0,
  live: 0,
  starting: 0,
  instanceConcurrency: 1,
  serviceMs: null,
  coldStartMs: 100,
}

test('nothing waits: nothing is started', () => {
  assert.equal(startsWanted(idle), 0)
})

test('the first request of a function at zero starts one instance', () => {
  assert.equal(startsWanted({ ...idle, waiting: 1 }), 1)
})

test('concurrent first requests share the start that is under way', () => {
  assert.equal(startsWanted({ ...idle, waiting: 10, starting: 1, instanceConcurrency: 10 }), 0)
  assert.equal(startsWanted({ ...idle, waiting: 11, starting: 1, instanceConcurrency: 10 }), 1)
})

test('requests wait for a busy instance that is free sooner than a new one would be ready', () => {
  assert.equal(startsWanted({ ...idle, waiting: 2, live: 4, serviceMs: 10 }), 0)
})

test('a long queue of slow requests starts more', () => {
  assert.ok(startsWanted({ ...idle, waiting: 50, live: 1, serviceMs: 1000 }) > 1)
})

test('a function that got slow is not held to how fast it was', () => {
  const load = { ...idle, waiting: 2, live: 4, serviceMs: 10 }
  assert.equal(startsWanted({ ...load, waitedMs: 100 }), 0)
  assert.equal(startsWanted({ ...load, waitedMs: 101 }), 2)
})

const loads = fc.record({
  waiting: fc.nat(500),
  waitedMs: fc.nat(10_000),
  live: fc.nat(50),
  starting: fc.nat(20),
  instanceConcurrency: fc.integer({ min: 1, max: 200 }),
  serviceMs: fc.option(fc.double({ min: 0.01, max: 60_000, noNaN: true })),
  coldStartMs: fc.double({ min: 1, max: 10_000, noNaN: true }),
})

test('never more slots are started than requests wait for', () => {
  fc.assert(
    fc.property(loads, (load) => {
      const count = startsWanted(load)
      assert.ok(count === 0 || (load.starting + count - 1) * load.instanceConcurrency < load.waiting)
    }),
  )
})

test('a request that nothing serves gets an instance', () => {
  fc.assert(
    fc.property(loads, (load) => {
      assert.ok(startsWanted({ ...load, waiting: load.waiting + 1, live: 0, starting: 0 }) > 0)
    }),
  )
})

test('more that wait, or less that serves, never means fewer starts', () => {
  fc.assert(
    fc.property(loads, (load) => {
      const count = startsWanted(load)
      assert.ok(startsWanted({ ...load, waiting: load.waiting + 1 }) >= count)
      if (load.live > 1) assert.ok(startsWanted({ ...load, live: load.live - 1 }) >= count)
    }),
  )
})
