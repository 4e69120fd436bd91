import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carryOutBatches, IN_MEMORY } from '../storage-thread-side.ts'
import { openAlertDatabase } from './database.ts'
import type { AlertAsks } from './messages.ts'
import type { AlertEvent } from './port.ts'
import { noticeFor } from './test-support.ts'

function open(eventsMax = 100, eventsAgeMsMax = 1_000_000) {
  const storage = openAlertDatabase({ file: IN_MEMORY, eventsMax, eventsAgeMsMax })
  const carryOut = carryOutBatches(storage)
  const ask = <Kind extends keyof AlertAsks>(kind: Kind, question: AlertAsks[Kind]['ask']) => {
    const { answers, failures } = carryOut({ kinds: [kind], asks: [question], sizes: [0], bytes: new Uint8Array() })
    assert.deepEqual(failures, [])
    return answers[0] as AlertAsks[Kind]['answer']
  }
  return ask
}

const event = (id: number, rule = 'a', timeMs = id): AlertEvent => ({
  ...{ id: `e-${id}`, rule, timeMs, kind: 'fired', value: id, message: '', route: null },
})
const nothing = { states: [], forgotten: [], events: [], deliveries: [] }
const idsOf = ({ events }: { events: AlertEvent[] }) => events.map(({ id }) => id)

test('the history is read newest first, by rule and time, page by page', () => {
  const ask = open()
  const events = [1, 2, 3, 4, 5, 6].map((id) => event(id, id % 2 === 0 ? 'even' : 'odd'))
  ask('record', { ...nothing, events, nowMs: 6 })
  assert.deepEqual(idsOf(ask('history', { limit: 10 })), ['e-6', 'e-5', 'e-4', 'e-3', 'e-2', 'e-1'])
  assert.deepEqual(idsOf(ask('history', { limit: 10, fromMs: 2, toMs: 5 })), ['e-4', 'e-3', 'e-2'])
  const first = ask('history', { rule: 'even', limit: 2 })
  assert.deepEqual(idsOf(first), ['e-6', 'e-4'])
  const second = ask('history', { rule: 'even', limit: 2, cursor: first.nextCursor })
  assert.deepEqual([idsOf(second), second.nextCursor], [['e-2'], undefined])
})

test('the history is bounded by count and by age', () => {
  const ask = open(3, 1000)
  for (let id = 1; id <= 5; id++) ask('record', { ...nothing, events: [event(id, 'a', id * 100)], nowMs: id * 100 })
  assert.deepEqual(idsOf(ask('history', { limit: 10 })), ['e-5', 'e-4', 'e-3'])
  ask('settle', { id: 'd', retry: null, event: event(6, 'a', 1450), nowMs: 1450 })
  assert.deepEqual(idsOf(ask('history', { limit: 10 })), ['e-6', 'e-5'])
})

test('a change is written whole or not at all', () => {
  const storage = openAlertDatabase({ file: IN_MEMORY, eventsMax: 10, eventsAgeMsMax: 1000 })
  const carryOut = carryOutBatches(storage)
  const delivery = { id: 'd-1', route: 'hook', notice: noticeFor(), attempts: 0, dueMs: 1 }
  const change = {
    ...nothing,
    states: [{ rule: 'a', state: { state: 'firing' as const, sinceMs: 1, toldMs: 1 } }],
    events: [event(1)],
    // The second cannot be written.
    deliveries: [delivery, delivery],
    nowMs: 1,
  }
  const { failures } = carryOut({ kinds: ['record'], asks: [change], sizes: [0], bytes: new Uint8Array() })
  assert.equal(failures.length, 1)
  const count = (table: string) => storage.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()!['n']
  assert.deepEqual(['states', 'events', 'deliveries'].map(count), [0, 0, 0])
})
