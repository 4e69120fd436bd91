import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../../simulated-clock.ts'
import { GroupBound } from './group-bound.ts'

test('one function is refused when it fills its part of the queue, and others are not', () => {
  const clock = new SimulatedClock()
  let waiting = 9
  const queue = { stats: () => [{ group: 'a', waiting, inFlight: 0, oldestEnqueuedMs: 0, bodyBytes: 0 }] }
  const bound = new GroupBound(queue, clock, 10)
  bound.check('a')
  waiting = 10
  clock.advance(1000)
  assert.throws(() => bound.check('a'), { code: 'ResourceThrottled' })
  bound.check('b')
  waiting = 9
  clock.advance(1000)
  bound.check('a')
})
