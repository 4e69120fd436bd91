/** What appending costs the event loop: printed, and bounded an order of magnitude above what was measured. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { requestIdV3, systemClock } from '../clock.ts'
import { openEmbeddedStore } from './store.ts'
import { lineOf, recordOf, temporaryDirectory } from './test-support.ts'

const COUNT = 60_000
const PER_TURN = 500
const APPEND_MICROSECONDS_MAX = 15

function cpuMicroseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system
}

test('appending costs the event loop microseconds', async (context) => {
  const bounds = { retentionDays: 1, functionBytesMax: 100_000_000, totalBytesMax: 100_000_000 }
  const store = await openEmbeddedStore({ directory: temporaryDirectory(context), ...bounds }, { clock: systemClock })
  context.after(() => store.close())
  const nowMs = systemClock.nowMs()
  const measure = async <Row>(name: string, make: (index: number) => Row, append: (row: Row) => void) => {
    let appendMicroseconds = 0
    const whole = process.cpuUsage()
    const loop = process.threadCpuUsage()
    for (let done = 0; done < COUNT; done += PER_TURN) {
      const rows = Array.from({ length: PER_TURN }, (_, index) => make(done + index))
      const before = process.threadCpuUsage()
      for (const row of rows) append(row)
      appendMicroseconds += cpuMicroseconds(process.threadCpuUsage(before))
      await nextTurn()
    }
    await store.queryRecords({ functionKey: 'none', limit: 1 })
    const elsewhere = cpuMicroseconds(process.cpuUsage(whole)) - cpuMicroseconds(process.threadCpuUsage(loop))
    const [own, worker] = [appendMicroseconds / COUNT, elsewhere / COUNT]
    context.diagnostic(`one ${name}: ${own.toFixed(2)} µs on the event loop, ${worker.toFixed(2)} µs in other threads`)
    assert.ok(own < APPEND_MICROSECONDS_MAX)
  }
  for (const functions of [1, 100]) {
    const functionKey = (index: number): string => `hello${index % functions}`
    await measure(
      `record (${functions} functions)`,
      (index) =>
        recordOf({
          functionKey: functionKey(index),
          requestId: requestIdV3(nowMs),
          instanceId: `c-${index % 5}`,
          startedMs: nowMs + index,
          queuedMs: Math.random(),
          durationMs: Math.random() * 5,
          path: `/items/${index % 50}`,
        }),
      (record) => store.appendRecord(record),
    )
    await measure(
      `line (${functions} functions)`,
      (index) => lineOf({ functionKey: functionKey(index), timeMs: nowMs + index, text: `order ${index} was sent on` }),
      (line) => store.appendLine(line),
    )
  }
  assert.equal(store.stats().droppedLines + store.stats().droppedRecords, 0)
})
