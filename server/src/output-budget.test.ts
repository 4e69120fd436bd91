import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputBudget } from './output-budget.ts'
import { SimulatedClock } from './simulated-clock.ts'

function scene() {
  const clock = new SimulatedClock()
  const events: string[] = []
  const source = { pause: () => void events.push('pause'), resume: () => void events.push('resume') }
  return { clock, events, budget: new OutputBudget(source, clock) }
}

test('beyond 1 MB in 100 ms the source is paused, until the time is over', () => {
  const { clock, events, budget } = scene()
  budget.spend(1024 * 1024 - 1, () => {})
  assert.deepEqual(events, [])
  budget.spend(1, () => {})
  budget.spend(1, () => {})
  assert.deepEqual(events, ['pause'])
  clock.advance(99)
  assert.deepEqual(events, ['pause'])
  clock.advance(1)
  assert.deepEqual(events, ['pause', 'resume'])
})

test('a few lines are no flood, however long a busy machine took for them', () => {
  const { clock, events, budget } = scene()
  budget.spend(100, () => clock.advance(50))
  budget.spend(100, () => clock.advance(50))
  assert.deepEqual(events, [])
})

test('work that takes a tenth of the time is done, more is not, though few bytes make it', () => {
  const { clock, events, budget } = scene()
  for (let i = 0; i < 50; i++) {
    budget.spend(4096, () => clock.advance(4))
    clock.advance(48)
  }
  assert.deepEqual(events, [])
  budget.spend(4096, () => clock.advance(50))
  assert.deepEqual(events, ['pause'])
  clock.advance(400)
  assert.deepEqual(events, ['pause'], 'what took five times the budget is paid with as much time')
  clock.advance(200)
  assert.deepEqual(events, ['pause', 'resume'])
})
