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
    for (let i = 0; i < 40; i++) await turn()
  }
  return { evaluator, recorded, added, refused, disk, room, rules, round, history, clock }
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

test('windows that ended while a round took long are looked at, too, one after the other', async () => {
  const { evaluator, added, clock, round, history } = scene(ruleFor())
  const isMissed = ({ toMs }: { toMs: number }) => toMs === history.asked[0]!.toMs + 20_000
  history.values.set('FunctionErrors', (query) => (isMissed(query) ? 7 : 0))
  // The round begins after 10 s, and is answered when 45 have passed.
  clock.advance(35_000)
  await round()
  await round()
  assert.ok(history.asked.length >= 5, String(history.asked.length))
  const ends = history.asked.map(({ toMs }) => toMs)
  assert.deepEqual(
    ends,
    ends.map((_, i) => ends[0]! + i * 10_000),
  )
  assert.deepEqual(
    added.map(({ notice }) => notice.state),
    ['firing', 'resolved'],
  )
  assert.equal(evaluator.statuses()[0]!.state, 'ok')
})

test('after a long standstill the windows of the last minute are looked at, and no more', async () => {
  const { clock, round, history } = scene(ruleFor())
  clock.advance(3_600_000)
  await round()
  await round()
  const ends = history.asked.map(({ toMs }) => toMs)
  assert.equal(ends.length, 1 + 6)
  assert.equal(ends.at(-1)! - ends[1]!, 50_000)
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
