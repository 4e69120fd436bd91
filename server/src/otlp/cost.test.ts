/** What an export costs the event loop for each line and each traced invocation: printed, and bounded well above what was measured. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { lineOf, recordOf } from '../logs/test-support.ts'
import { seededRandom, SimulatedClock } from '../simulated-clock.ts'
import { createTracer } from '../traces/port.ts'
import { encodeLogs, type LogItem } from './encode-logs.ts'
import { encodeTraces } from './encode-traces.ts'
import { BATCH_ITEMS_MAX, Shipper } from './shipper.ts'

const COUNT = 20 * BATCH_ITEMS_MAX
const APPEND_MICROSECONDS_MAX = 10
const ENCODE_MICROSECONDS_MAX = 100
const at = { version: '1', accountId: '1234567890123456', region: 'r' }
const TAKEN = { status: 200, retryAfter: undefined, rejected: 0, message: '' }

/** Of this thread: what else runs here does not count. */
function cpuMicroseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

test('exporting costs the event loop microseconds', async (t) => {
  const clock = new SimulatedClock()
  const tracer = createTracer({ tracesPerMinute: 1_000_000 }, { clock })
  const measure = async <Item>(
    name: 'logs' | 'traces',
    make: (i: number) => Item,
    encode: (items: readonly Item[]) => string,
  ) => {
    let encoding = 0
    const timed = (items: readonly Item[]) => {
      const start = cpuMicroseconds()
      const body = encode(items)
      encoding += cpuMicroseconds() - start
      return body
    }
    const shipper = new Shipper<Item>(
      { name, encode: timed, bytesOf: () => 500 },
      { clock, random: seededRandom(1), post: async () => TAKEN, notify: (message) => assert.fail(message) },
    )
    let appending = 0
    for (let done = 0; done < COUNT; done += BATCH_ITEMS_MAX) {
      const start = cpuMicroseconds()
      for (let i = 0; i < BATCH_ITEMS_MAX; i++) shipper.add(make(done + i))
      appending += cpuMicroseconds() - start
      clock.advance(1)
      await nextTurn()
    }
    await shipper.close()
    assert.equal(shipper.sent, COUNT)
    const [append, encoded] = [appending, encoding].map((spent) => spent / COUNT) as [number, number]
    t.diagnostic(`${name}: ${append.toFixed(2)} µs to append, ${encoded.toFixed(2)} µs to encode, each`)
    assert.ok(append < APPEND_MICROSECONDS_MAX && encoded < ENCODE_MICROSECONDS_MAX)
  }
  await measure<LogItem>(
    'logs',
    (i) => ({ ...lineOf({ requestId: `r${i}`, text: `order ${i} was sent on` }), traceparent: null }),
    (items) => encodeLogs(items, at),
  )
  await measure(
    'traces',
    (i) =>
      recordOf({
        requestId: `1-6920f4a1-0a1b2c3d-${String(i).padStart(12, '0')}`,
        startedMs: i,
        traceparent: tracer.traceparentOf(`r${i}`, i, undefined),
      }),
    (records) => encodeTraces(records, at),
  )
})
