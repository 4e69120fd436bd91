import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evictions, type EvictionCandidate } from './evict.ts'

const candidate = (id: string, given: Partial<EvictionCandidate> = {}) => ({
  id,
  clock: 0,
  frequency: 1,
  coldStartMs: 100,
  memoryMB: 100,
  ...given,
})
const names = (chosen: readonly { id: string }[]) => chosen.map(({ id }) => id)

test('the seldom used, quick to start and large go first', () => {
  const one = { instances: 1, memoryMB: 0 }
  const plain = candidate('plain', { frequency: 5 })
  for (const victim of [
    candidate('seldom', { frequency: 1 }),
    candidate('quick', { frequency: 5, coldStartMs: 10 }),
    candidate('large', { frequency: 5, memoryMB: 1000 }),
  ]) {
    assert.deepEqual(names(evictions([plain, victim], one, 0).chosen), [victim.id])
  }
})

test('what was precious and is not used any more is overtaken by the clock', () => {
  const precious = candidate('precious', { frequency: 10 })
  let clock = 0
  for (let round = 0; round < 100; round++) {
    const young = candidate('young', { clock })
    const { chosen, clock: next } = evictions([precious, young], { instances: 1, memoryMB: 0 }, clock)
    assert.ok(next > clock)
    clock = next
    if (chosen[0] === precious) return
  }
  assert.fail('it stayed for ever')
})

test('nothing is ended when ending all would not be enough', () => {
  assert.deepEqual(evictions([candidate('a')], { instances: 0, memoryMB: 101 }, 7), {
    chosen: [],
    isEnough: false,
    clock: 7,
  })
})

test('a need that is met already costs nobody anything', () => {
  const { chosen, isEnough } = evictions([candidate('a')], { instances: -1, memoryMB: -5 }, 0)
  assert.deepEqual(chosen, [])
  assert.equal(isEnough, true)
})

const candidates = fc.array(
  fc.record({
    clock: fc.double({ min: 0, max: 100, noNaN: true }),
    frequency: fc.double({ min: 0, max: 1000, noNaN: true }),
    coldStartMs: fc.integer({ min: 1, max: 10_000 }),
    memoryMB: fc.integer({ min: 64, max: 3072 }),
  }),
  { maxLength: 30 },
)

test('what is freed covers what is needed, and nobody goes who could stay', () => {
  fc.assert(
    fc.property(candidates, fc.nat(5), fc.nat(20_000), (given, instances, memoryMB) => {
      const { chosen, clock } = evictions(given, { instances, memoryMB }, 3)
      const freedMB = chosen.reduce((sum, each) => sum + each.memoryMB, 0)
      assert.ok(clock >= 3)
      if (chosen.length === 0) {
        const all = given.reduce((sum, each) => sum + each.memoryMB, 0)
        assert.ok((instances === 0 && memoryMB === 0) || given.length < instances || all < memoryMB)
        return
      }
      assert.ok(chosen.length >= instances && freedMB >= memoryMB)
      for (const each of chosen) {
        assert.ok(chosen.length - 1 < instances || freedMB - each.memoryMB < memoryMB)
      }
    }),
  )
})
