import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { evictions, expired } from './retire.ts'

const instance = (id: string, idleSinceMs: number, memoryMB = 128) => ({ id, idleSinceMs, memoryMB })

test('an instance leaves when its keep-alive is over, not before', () => {
  const idle = [instance('a', 0), instance('b', 1)]
  assert.deepEqual(expired(idle, 1000, 1000), [idle[0]])
  assert.deepEqual(expired(idle, 1000, 999), [])
})

test('the least recently used leave first when memory is needed, and no more than needed', () => {
  const idle = [instance('young', 30), instance('old', 10), instance('middle', 20)]
  assert.deepEqual(
    evictions(idle, 129).map(({ id }) => id),
    ['old', 'middle'],
  )
})

test('nothing is ended when ending all would not be enough', () => {
  assert.deepEqual(evictions([instance('a', 0)], 129), [])
})

test('what is freed covers what is needed, without one that could stay', () => {
  const idles = fc.array(
    fc.record({ id: fc.uuid(), idleSinceMs: fc.nat(1e6), memoryMB: fc.integer({ min: 64, max: 3072 }) }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(idles, fc.integer({ min: 1, max: 20_000 }), (idle, neededMB) => {
      const chosen = evictions(idle, neededMB)
      const freed = chosen.reduce((sum, each) => sum + each.memoryMB, 0)
      const last = chosen.at(-1)
      assert.ok(chosen.length === 0 || (freed >= neededMB && freed - last!.memoryMB < neededMB))
    }),
  )
})
