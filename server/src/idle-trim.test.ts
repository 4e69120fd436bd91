import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdleTrim } from './idle-trim.ts'
import { SimulatedClock } from './simulated-clock.ts'

function trimmed() {
  const clock = new SimulatedClock()
  const at: number[] = []
  return { clock, at, trim: createIdleTrim(clock, () => at.push(clock.monotonicMs())) }
}

test('memory is given back once, three quiet seconds after the last request', () => {
  const { clock, at, trim } = trimmed()
  trim.touch()
  clock.advance(2_000)
  trim.touch()
  clock.advance(60_000)
  assert.deepEqual(at, [6_000])
})

test('nothing is collected while requests keep coming, and no timer runs when none came', () => {
  const { clock, at, trim } = trimmed()
  assert.equal(clock.step(), false)
  for (let i = 0; i < 10; i++) {
    trim.touch()
    clock.advance(2_000)
  }
  assert.deepEqual(at, [])
})
