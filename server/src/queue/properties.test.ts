import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SimulatedClock } from '../simulated-clock.ts'
import { LOOK_INTERVAL_MS } from './leases.ts'
import { createMemoryQueue } from './memory-for-tests.ts'
import { KeyExistsError } from './port.ts'
import { BASE_MS, idsOf, LEASE_MS, messageOf } from './test-support.ts'

const GROUPS = ['a', 'b']
const id = fc.integer({ min: 0, max: 7 }).map((n) => `m${n}`)
const group = fc.constantFrom(...GROUPS)
const delayMs = fc.integer({ min: -10, max: 100 })
const step = fc.oneof(
  fc.record({ kind: fc.constant('enqueue' as const), id, group, delayMs, lifeMs: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('receive' as const), group, limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('complete' as const), id }),
  fc.record({ kind: fc.constant('retry' as const), id, delayMs }),
  fc.record({ kind: fc.constant('cancel' as const), id }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(LOOK_INTERVAL_MS, LEASE_MS) }),
)

interface Kept {
  id: string
  group: string
  order: number
  dueMs: number
  expiresMs: number
  enqueuedMs: number
  deliveries: number
  /** Null: it waits. */
  leasedUntilMs: number | null
}

test('whatever is asked in whatever order, the queue keeps what a plain list would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new SimulatedClock(BASE_MS)
      const queue = createMemoryQueue(clock)
      let kept: Kept[] = []
      const waits = (each: Kept) => each.leasedUntilMs === null
      for (const [order, each] of steps.entries()) {
        const nowMs = clock.nowMs()
        const known = 'id' in each ? kept.find((one) => one.id === each.id) : undefined
        if (each.kind === 'enqueue') {
          const expiresMs = nowMs + each.lifeMs
          const message = messageOf(each.id, { group: each.group, dueMs: nowMs + each.delayMs, expiresMs })
          if (known) {
            await assert.rejects(queue.enqueue(message), KeyExistsError)
          } else {
            await queue.enqueue(message)
            const dueMs = Math.min(message.dueMs, expiresMs)
            kept.push({ ...{ id: each.id, group: each.group, order, dueMs, expiresMs }, ...fresh(nowMs) })
          }
        } else if (each.kind === 'receive') {
          const due = kept.filter((one) => one.group === each.group && waits(one) && one.dueMs <= nowMs)
          const expected = due.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order).slice(0, each.limit)
          const deliveries = await queue.receive(each.group, each.limit, LEASE_MS)
          assert.deepEqual(
            idsOf(deliveries),
            expected.map((one) => one.id),
          )
          for (const [n, one] of expected.entries()) {
            one.leasedUntilMs = nowMs + LEASE_MS
            assert.equal(deliveries[n]!.deliveries, ++one.deliveries)
            assert.equal(deliveries[n]!.isExpired, one.expiresMs <= nowMs)
          }
        } else if (each.kind === 'complete') {
          await queue.complete(each.id)
          kept = kept.filter((one) => one !== known)
        } else if (each.kind === 'retry') {
          const dueMs = nowMs + each.delayMs
          await queue.retry(each.id, dueMs, '{}')
          if (known && !waits(known)) {
            known.leasedUntilMs = null
            known.dueMs = known.expiresMs > nowMs ? Math.min(dueMs, known.expiresMs) : dueMs
          }
        } else if (each.kind === 'cancel') {
          assert.equal(await queue.cancel(each.id), known !== undefined && waits(known))
          if (known && waits(known)) kept = kept.filter((one) => one !== known)
        } else {
          clock.advance(each.ms)
          for (const one of kept)
            if (one.leasedUntilMs !== null && one.leasedUntilMs <= clock.nowMs()) one.leasedUntilMs = null
          // Ended leases are given back by promises, and on this thread these are kept before the next turn.
          await new Promise(setImmediate)
        }
        assert.deepEqual(
          queue.stats().toSorted((a, b) => (a.group < b.group ? -1 : 1)),
          GROUPS.flatMap(statsOf),
        )
      }
      await queue.close()

      function statsOf(name: string) {
        const inGroup = kept.filter((one) => one.group === name)
        if (inGroup.length === 0) return []
        const waiting = inGroup.filter(waits)
        const oldestEnqueuedMs = waiting.length === 0 ? null : Math.min(...waiting.map((one) => one.enqueuedMs))
        const bodyBytes = inGroup.reduce((sum, one) => sum + one.id.length, 0)
        const inFlight = inGroup.length - waiting.length
        return [{ group: name, waiting: waiting.length, inFlight, oldestEnqueuedMs, bodyBytes }]
      }
    }),
    { numRuns: 200 },
  )
})

const fresh = (enqueuedMs: number) => ({ enqueuedMs, deliveries: 0, leasedUntilMs: null })
