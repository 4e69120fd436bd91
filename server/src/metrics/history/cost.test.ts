/** What recording costs the event loop, and how fast a dashboard is answered: printed, and bounded far above what was measured. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordOf } from '../../logs/test-support.ts'
import { SimulatedClock } from '../../simulated-clock.ts'
import { systemClock } from '../../clock.ts'
import { History } from './history.ts'
import { MinuteStore } from './minute-store.ts'
import { directThread, makeWorld, MINUTE_MS, START_MS } from './test-support.ts'

const OBSERVE_MICROSECONDS_MAX = 5
const SUMMARY_MS_MAX = 3000

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

for (const functions of [1, 1000]) {
  test(`observing a record costs less than a microsecond or so (functions: ${functions})`, async (context) => {
    const store = new MinuteStore(directThread(), 'w', 1024 ** 3, () => {})
    const history = new History(store, systemClock)
    context.after(() => history.close())
    const records = Array.from({ length: 4096 }, (_, i) =>
      recordOf({ functionKey: `shop$f${i % functions}`, durationMs: 0.5 + (i % 90), queuedMs: 0.1 }),
    )
    const count = 300_000
    const measure = () => {
      const before = process.threadCpuUsage()
      for (let i = 0; i < count; i++) history.observe(records[i % records.length]!)
      return microseconds(process.threadCpuUsage(before)) / count
    }
    const [cold, warm] = [measure(), measure()]
    context.diagnostic(`one record: ${cold.toFixed(3)} µs, then ${warm.toFixed(3)} µs`)
    assert.ok(warm < OBSERVE_MICROSECONDS_MAX)
  })
}

test('ending a second of 1000 functions takes some milliseconds, and their summary of a day is there at once', async (context) => {
  const clock = new SimulatedClock(START_MS)
  const world = makeWorld({ clock })
  let turnMicroseconds = 0
  const minutes = 24 * 60 - 60
  for (let minute = 0; minute < minutes; minute += 60) {
    for (let i = 0; i < 1000; i++) world.call(`f${i}`, 3, { durationMs: i % 50 })
    const before = process.threadCpuUsage()
    clock.advance(1000)
    await world.history.query({
      metric: 'RegionTotalInvocations',
      fromMs: START_MS,
      toMs: START_MS + 1,
      stepMs: MINUTE_MS,
    })
    turnMicroseconds += microseconds(process.threadCpuUsage(before))
    clock.advance(60 * MINUTE_MS - 1000)
  }
  context.diagnostic(`ending a second: ${(turnMicroseconds / (minutes / 60) / 1000).toFixed(2)} ms`)
  for (const [name, fromMs] of [
    ['a day', START_MS],
    ['a day and 11 minutes', START_MS - 11 * MINUTE_MS],
    ['an hour', clock.nowMs() - 61 * MINUTE_MS],
  ] as const) {
    const startedMs = performance.now()
    const { functions } = await world.history.summary({ fromMs, toMs: clock.nowMs() })
    const tookMs = performance.now() - startedMs
    context.diagnostic(`summary of ${functions.length} functions over ${name}: ${tookMs.toFixed(0)} ms`)
    assert.equal(functions.length, 1000)
    assert.ok(tookMs < SUMMARY_MS_MAX)
  }
})
