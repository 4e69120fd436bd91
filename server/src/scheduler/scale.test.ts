import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expectedWaitMs, instancesToStart, type PoolLoad, type StartLimits } from './scale.ts'

const idle: PoolLoad = { waiting: 0, live: 0, starting: 0, instanceConcurrency: 1, serviceMs: null, coldStartMs: 100 }
const free: StartLimits = { instancesLeft: 100, memoryLeft: 100, startsLeft: 100 }

test('nothing waits: nothing is started', () => {
  assert.equal(instancesToStart(idle, free), 0)
})

test('the first request of a function at zero starts one instance', () => {
  assert.equal(instancesToStart({ ...idle, waiting: 1 }, free), 1)
})

test('concurrent first requests share the start that is under way', () => {
  assert.equal(instancesToStart({ ...idle, waiting: 10, starting: 1, instanceConcurrency: 10 }, free), 0)
  assert.equal(instancesToStart({ ...idle, waiting: 11, starting: 1, instanceConcurrency: 10 }, free), 1)
})

test('requests wait for a busy instance that is free sooner than a new one would be ready', () => {
  const load = { ...idle, waiting: 2, live: 4, serviceMs: 10 }
  assert.equal(expectedWaitMs(load), 5)
  assert.equal(instancesToStart(load, free), 0)
})

test('a long queue of slow requests starts more', () => {
  assert.ok(instancesToStart({ ...idle, waiting: 50, live: 1, serviceMs: 1000 }, free) > 1)
})

const loads = fc.record({
  waiting: fc.nat(500),
  live: fc.nat(50),
  starting: fc.nat(20),
  instanceConcurrency: fc.integer({ min: 1, max: 200 }),
  serviceMs: fc.option(fc.double({ min: 0.01, max: 60_000, noNaN: true })),
  coldStartMs: fc.double({ min: 1, max: 10_000, noNaN: true }),
})
const limits = fc.record({
  instancesLeft: fc.integer({ min: -5, max: 100 }),
  memoryLeft: fc.integer({ min: -5, max: 100 }),
  startsLeft: fc.integer({ min: -5, max: 16 }),
})

test('limits hold whatever the load', () => {
  fc.assert(
    fc.property(loads, limits, (load, limit) => {
      const count = instancesToStart(load, limit)
      assert.ok(count >= 0 && count <= Math.max(0, Math.min(limit.instancesLeft, limit.memoryLeft, limit.startsLeft)))
    }),
  )
})

test('never more slots are started than requests wait for', () => {
  fc.assert(
    fc.property(loads, (load) => {
      const count = instancesToStart(load, free)
      assert.ok(count === 0 || (load.starting + count - 1) * load.instanceConcurrency < load.waiting)
    }),
  )
})

test('with room, a request that nothing serves gets an instance', () => {
  fc.assert(
    fc.property(loads, (load) => {
      assert.ok(instancesToStart({ ...load, waiting: load.waiting + 1, live: 0, starting: 0 }, free) > 0)
    }),
  )
})
