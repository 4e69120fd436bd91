import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flow } from './flow.ts'

const room = (flow: Flow, nowMs = 0) => flow.room(nowMs)

test('starts that come at once make room for more, slow ones for fewer, down to one', () => {
  const flow = new Flow()
  const initial = room(flow)
  flow.take(1)
  flow.started(5)
  assert.equal(room(flow), initial + 1)
  for (let starts = 0; starts < 10; starts++) {
    flow.take(1)
    flow.started(5_000)
  }
  assert.equal(room(flow), 1)
})

test('those that wait take room until they start or are given back', () => {
  const flow = new Flow()
  const initial = room(flow)
  flow.take(3)
  assert.equal(room(flow), initial - 3)
  flow.giveBack(3)
  assert.equal(room(flow), initial)
})

test('a refusal makes the group pause, longer with each in a row, and a start ends the row', () => {
  const flow = new Flow()
  flow.refused(1000)
  assert.equal(flow.pausedUntilMs, 1500)
  // Refused together with the first.
  flow.refused(1100)
  assert.deepEqual([flow.pausedUntilMs, room(flow, 1499), room(flow, 1500)], [1500, 0, 1])
  flow.refused(1500)
  assert.equal(flow.pausedUntilMs, 2500)
  flow.take(1)
  flow.started(5)
  flow.refused(3000)
  assert.equal(flow.pausedUntilMs, 3500)
})
