import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FcError } from '../errors.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { Attempts } from './attempts.ts'
import { FAILURES_MAX, FAILURES_MS, FAILURES_PER_ADDRESS_MAX } from './limits.ts'

function refusal(attempts: Attempts, address: string): FcError | undefined {
  try {
    attempts.admit(address)
    return undefined
  } catch (error) {
    return error as FcError
  }
}

test('an address that fails too often waits, others do not, and it is told how long', () => {
  const clock = new SimulatedClock()
  const attempts = new Attempts(clock)
  for (let i = 0; i < FAILURES_PER_ADDRESS_MAX; i++) {
    assert.equal(refusal(attempts, 'a'), undefined)
    attempts.failed('a')
  }
  clock.advance(FAILURES_MS - 2_500)
  const refused = refusal(attempts, 'a')
  assert.equal(refused?.code, 'ResourceExhausted')
  assert.equal(refused.headers['Retry-After'], '3')
  assert.match(refused.message, /in 3 seconds/)
  assert.equal(refusal(attempts, 'b'), undefined)
  clock.advance(2_500)
  assert.equal(refusal(attempts, 'a'), undefined)
})

test('guesses from many addresses are bounded together', () => {
  const clock = new SimulatedClock()
  const attempts = new Attempts(clock)
  for (let i = 0; i < FAILURES_MAX; i++) {
    attempts.admit(`address ${i}`)
    attempts.failed(`address ${i}`)
  }
  assert.equal(refusal(attempts, 'another')?.code, 'ResourceExhausted')
  clock.advance(FAILURES_MS)
  assert.equal(refusal(attempts, 'another'), undefined)
})
