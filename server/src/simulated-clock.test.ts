import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom, SimulatedClock } from './simulated-clock.ts'

test('timers fire in order of time, and of their making when the time is the same', () => {
  const clock = new SimulatedClock(1000)
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`)
  clock.setTimer(20, note('c'))
  clock.setTimer(10, note('a'))
  clock.setTimer(10, note('b'))
  clock.advance(15)
  assert.deepEqual(fired, ['a@10', 'b@10'])
  assert.deepEqual([clock.monotonicMs(), clock.nowMs()], [15, 1015])
  clock.advance(5)
  assert.deepEqual(fired.at(-1), 'c@20')
  assert.equal(clock.step(), false)
})

test('a timer that is set while another fires counts from then', () => {
  const clock = new SimulatedClock()
  const fired: number[] = []
  const again = () => {
    fired.push(clock.monotonicMs())
    clock.setTimer(10, again)
  }
  clock.setTimer(10, again)
  clock.advance(35)
  assert.deepEqual(fired, [10, 20, 30])
})

test('a timer that is cancelled never fires', () => {
  const clock = new SimulatedClock()
  const timer = clock.setTimer(5, () => assert.fail('fired'))
  timer.cancel()
  timer.cancel()
  clock.advance(10)
})

test('time never goes back, whatever is set and cancelled', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(100), fc.nat(50))), (orders) => {
      const clock = new SimulatedClock()
      let lastMs = 0
      for (const [delayMs, advanceMs] of orders) {
        clock.setTimer(delayMs, () => {
          assert.ok(clock.monotonicMs() >= lastMs)
          lastMs = clock.monotonicMs()
        })
        clock.advance(advanceMs)
      }
    }),
  )
})

test('a seed repeats everything, and another does not', () => {
  const take = (seed: number) => {
    const random = seededRandom(seed)
    return [...Array.from({ length: 5 }, () => random.fraction()), random.bytes(8).toString('hex')]
  }
  assert.deepEqual(take(7), take(7))
  assert.notDeepEqual(take(7), take(8))
  const random = seededRandom(1)
  for (let i = 0; i < 1000; i++) {
    const value = random.fraction()
    assert.ok(value >= 0 && value < 1)
  }
})

test('a jump of the wall clock moves no timer', () => {
  const clock = new SimulatedClock(1_000_000)
  let firedMs = 0
  clock.setTimer(100, () => (firedMs = clock.monotonicMs()))
  clock.jump(-5000)
  assert.equal(clock.nowMs(), 995_000)
  clock.advance(200)
  assert.deepEqual([firedMs, clock.nowMs()], [100, 995_200])
})
