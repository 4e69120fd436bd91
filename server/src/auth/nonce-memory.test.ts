import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNonceMemory } from './nonce-memory.ts'

const SECOND_MS = 1000
const WINDOW_MS = 15 * 60 * SECOND_MS
const T0 = Date.UTC(2030, 0, 1)

test('a nonce is known for as long as its request could be sent again', () => {
  const memory = createNonceMemory(10)
  assert.equal(memory.remember('a', T0, T0), 'fresh')
  assert.equal(memory.remember('a', T0, T0 + WINDOW_MS), 'repeated')
  assert.equal(memory.remember('b', T0 + WINDOW_MS, T0), 'fresh')
  assert.equal(memory.remember('b', T0 + WINDOW_MS, T0 + 2 * WINDOW_MS), 'repeated')
})

test('what can no longer be sent again makes room', () => {
  const memory = createNonceMemory(2)
  memory.remember('a', T0, T0)
  memory.remember('b', T0, T0)
  const laterMs = T0 + WINDOW_MS + SECOND_MS
  assert.equal(memory.remember('c', laterMs, laterMs), 'fresh')
  assert.equal(memory.remember('d', laterMs - SECOND_MS, laterMs), 'fresh')
})

test('a full memory forgets the oldest second, and then refuses what was signed in it or before', () => {
  const memory = createNonceMemory(3)
  const at = (seconds: number) => T0 + seconds * SECOND_MS
  memory.remember('a', at(0), at(2))
  memory.remember('b', at(1), at(2))
  memory.remember('c', at(2), at(2))
  assert.equal(memory.remember('d', at(2), at(2)), 'fresh')
  assert.equal(memory.remember('a', at(0), at(2)), 'tooOld')
  assert.equal(memory.remember('fresh', at(0) + 999, at(2)), 'tooOld')
  assert.equal(memory.remember('b', at(1), at(2)), 'repeated')
  assert.equal(memory.remember('e', at(2), at(2)), 'fresh')
  assert.equal(memory.remember('b', at(1), at(2)), 'tooOld')
})

test('when one second alone fills the memory, later ones still pass', () => {
  const memory = createNonceMemory(2)
  memory.remember('a', T0, T0)
  memory.remember('b', T0, T0)
  assert.equal(memory.remember('c', T0, T0), 'tooOld')
  assert.equal(memory.remember('a', T0, T0), 'tooOld')
  assert.equal(memory.remember('a', T0 + SECOND_MS, T0 + SECOND_MS), 'fresh')
})
