import assert from 'node:assert/strict'
import { test } from 'node:test'
import { added, dropped, emptyBuffer, paused, resumed } from './follow-buffer.ts'

test('the newest push the oldest out', () => {
  const buffer = added(added(emptyBuffer<number>(), [1, 2], 3), [3, 4], 3)
  assert.deepEqual(buffer.items, [2, 3, 4])
  assert.equal(buffer.missed, 0)
})

test('a paused view stands still, and goes on with what came meanwhile', () => {
  const standing = added(paused(added(emptyBuffer<number>(), [1])), [2, 3])
  assert.deepEqual([standing.items, standing.waiting], [[1], [2, 3]])
  const running = resumed(standing)
  assert.deepEqual([running.items, running.waiting, running.isPaused], [[1, 2, 3], [], false])
})

test('a pause is bounded: what came beyond it is counted as missed', () => {
  const buffer = added(added(paused(emptyBuffer<number>()), [1, 2, 3], 3), [4, 5], 3)
  assert.deepEqual(buffer.waiting, [3, 4, 5])
  assert.equal(buffer.missed, 2)
})

test('what the server dropped is missed, too', () => {
  assert.equal(dropped(dropped(emptyBuffer(), 5), 2).missed, 7)
})
