import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SimulatedClock } from '../simulated-clock.ts'
import { MonthCostWatch } from './month-cost.ts'
import type { Bill, Billing } from './port.ts'

function world() {
  const clock = new SimulatedClock()
  const asked: string[] = []
  const notices: string[] = []
  const meter = { notedCount: 1 }
  let total: number | Error = 5
  const billing: Pick<Billing, 'bill'> = {
    async bill({ month }) {
      asked.push(month)
      if (total instanceof Error) throw total
      return { total, forecast: { amount: total * 2, method: '' } } as Bill
    },
  }
  const watch = new MonthCostWatch({
    clock,
    meter,
    billing: billing as Billing,
    notify: (message) => notices.push(message),
  })
  watch.start()
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5000) {
      clock.advance(5000)
      await nextTurn()
    }
  }
  return { watch, asked, notices, meter, pass, cost: (value: number | Error) => (total = value) }
}

const known = (cost: number, forecast: number) => ({ cost, forecast })
const UNKNOWN = { cost: null, forecast: null }

test('the cost of the month is known soon after the start, and followed while something is used', async () => {
  const { watch, asked, meter, pass, cost } = world()
  assert.deepEqual(watch.latest, UNKNOWN)
  await pass(5000)
  assert.deepEqual(watch.latest, known(5, 10))
  cost(6)
  await pass(300_000)
  assert.equal(asked.length, 1, 'nothing was used')
  for (let i = 0; i < 24; i++) {
    meter.notedCount++
    await pass(5000)
  }
  assert.ok(asked.length <= 4, `${asked.length} bills in two minutes`)
  assert.deepEqual(watch.latest, known(6, 12))
  // What other platforms have used, and the time that has passed.
  cost(8)
  await pass(3_600_000)
  assert.deepEqual(watch.latest, known(8, 16))
  watch.stop()
})

test('the first use is told within seconds', async () => {
  const { watch, meter, pass, cost } = world()
  meter.notedCount = 0
  cost(0)
  await pass(5000)
  meter.notedCount++
  cost(1)
  await pass(5000)
  assert.deepEqual(watch.latest, known(1, 2))
  watch.stop()
})

test('while it cannot be told it is not known, which is said once', async () => {
  const { watch, notices, meter, pass, cost } = world()
  await pass(5000)
  meter.notedCount++
  cost(new Error('the database is away'))
  await pass(180_000)
  assert.deepEqual(watch.latest, UNKNOWN)
  assert.deepEqual(notices, ['the cost of the month is not known at present: the database is away'])
  cost(7)
  await pass(60_000)
  assert.deepEqual(watch.latest, known(7, 14))
  watch.stop()
})
