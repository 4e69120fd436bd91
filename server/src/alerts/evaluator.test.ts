import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { SimulatedClock } from '../simulated-clock.ts'
import { Evaluator } from './evaluator.ts'
import type { Change, StoredDelivery } from './messages.ts'
import { createObserve } from './observe.ts'
import type { AlertRule } from './port.ts'
import { FakeHistory, ruleFor, sender } from './test-support.ts'

function scene(...rules: AlertRule[]) {
  const clock = new SimulatedClock()
  const history = new FakeHistory()
  history.values.set('FunctionErrors', 7)
  const recorded: Change[] = []
  const added: StoredDelivery[] = []
  const refused: string[] = []
  const disk = { isFull: false }
  const room = { room: 1000 }
  const evaluator = new Evaluator(
    {
      clock,
      feed: { enabledRules: () => rules, silences: () => [] },
      observe: createObserve({ clock, history, upSinceMs: () => clock.nowMs() - 3_600_000 }),
      book: {
        async record(change) {
          if (disk.isFull) throw new Error('the disk is full')
          recorded.push(change)
        },
      },
      deliverer: {
        add: (deliveries) => void added.push(...deliveries),
        count: (route, outcome) => void refused.push(`${route} ${outcome}`),
        get room() {
          return room.room
        },
      },
      sender,
      upSinceMs: () => clock.nowMs() - 3_600_000,
      onDefect: (error) => assert.fail(String(error)),
    },
    [],
  )
  evaluator.rulesChanged()
  const round = async () => {
    clock.advance(10_000)
    for (let i = 0; i < 10; i++) await turn()
  }
  return { evaluator, recorded, added, refused, disk, room, rules, round, history }
}

test('what cannot be written has not happened: it is decided again, and told once it is on the disk', async () => {
  const { evaluator, recorded, added, disk, round } = scene(ruleFor())
  disk.isFull = true
  await round()
  await round()
  assert.deepEqual([evaluator.statuses()[0]!.state, added.length], ['ok', 0])
  disk.isFull = false
  await round()
  assert.deepEqual([evaluator.statuses()[0]!.state, added.length, recorded.length], ['firing', 1, 1])
  assert.deepEqual(recorded[0]!.deliveries, added)
})

test('a round in which nothing changes writes nothing', async () => {
  const { recorded, round } = scene(ruleFor(), ruleFor({ name: 'calm', condition: { kind: 'noData' } }))
  await round()
  assert.equal(recorded.length, 1)
  for (let i = 0; i < 5; i++) await round()
  assert.equal(recorded.length, 1)
})

test('notices for which there is no room are not kept, and the history says so', async () => {
  const { recorded, added, refused, room, round } = scene(ruleFor({ routes: ['a', 'b'] }), ruleFor({ name: 'second' }))
  room.room = 1
  await round()
  assert.equal(added.length, 1)
  assert.deepEqual(refused, ['b refused', 'hook refused'])
  assert.deepEqual(
    recorded[0]!.events.filter(({ kind }) => kind === 'deliveryFailed').map(({ rule, route }) => [rule, route]),
    [
      ['errors', 'b'],
      ['second', 'hook'],
    ],
  )
})

test('a rule that is changed while its metric is asked for is decided in the next round', async () => {
  const { evaluator, recorded, rules, round, history } = scene(ruleFor())
  history.values.set('FunctionErrors', () => {
    rules[0] = ruleFor({ condition: { kind: 'threshold', comparison: '>', threshold: 100 } })
    evaluator.rulesChanged()
    return 7
  })
  await round()
  await round()
  assert.deepEqual([evaluator.statuses()[0]!.state, recorded.length], ['ok', 0])
})

test('a rule that fires and is changed so that it does not any more is told to be over', async () => {
  const { evaluator, added, rules, round } = scene(ruleFor())
  await round()
  rules[0] = ruleFor({ condition: { kind: 'threshold', comparison: '>', threshold: 100 } })
  evaluator.rulesChanged()
  await round()
  assert.deepEqual(
    added.map(({ notice }) => notice.state),
    ['firing', 'resolved'],
  )
})
