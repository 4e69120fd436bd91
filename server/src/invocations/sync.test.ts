import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { functionNamed } from '../gateway/test-support.ts'
import type { Instances, SlotHolder, StreamHandler } from '../instances/port.ts'
import type { InvocationRecord } from '../logs/port.ts'
import { noMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import type { InvocationRequest, Responder } from './port.ts'
import { createInvocations } from './sync.ts'

const version: FunctionVersion = {
  id: 'f@LATEST#1',
  key: 'f',
  service: null,
  function: functionNamed(null, 'f'),
  versionId: 'LATEST',
}

/** One invocation that waits `waitMs` for its slot, from a moment that is `sinceMs` after a whole ms; its record. */
function run(sinceMs: number, waitMs: number): { record: InvocationRecord; startedMs: number } {
  const clock = new SimulatedClock()
  clock.advance(sinceMs)
  const records: InvocationRecord[] = []
  let startedMs = 0
  let stream: StreamHandler | null = null
  const instances = {
    acquire(_version: FunctionVersion, _qualifier: string, holder: SlotHolder) {
      clock.advance(waitMs)
      startedMs = clock.nowMs()
      holder.onSlot({
        instanceId: 'c-1',
        coldStart: null,
        invoke(_head: string, _body: Buffer | null, _end: boolean, handler: StreamHandler) {
          stream = handler
          return {} as never
        },
        peakMemoryMB: () => 0,
        release() {},
        abandon() {},
      })
    },
    observeServiceMs() {},
  } as unknown as Instances
  const invocations = createInvocations({
    clock,
    instances,
    appendLine() {},
    meter: noMeter,
    onRecord: (record) => records.push(record),
  })
  const request = { requestId: 'r', version, qualifier: 'LATEST', http: null, tracing: null } as InvocationRequest
  const responder = { onStart() {}, onHead: () => invocation.account(200, 0) } as unknown as Responder
  const invocation = invocations.create(request, Buffer.alloc(0), responder)
  invocation.begin()
  stream!.onResponse('{}', Buffer.alloc(0), true)
  return { record: records[0]!, startedMs }
}

test('on record an invocation begins in the ms in which it did, not in the one before, when the initializer still ran', () => {
  const whole = run(0, 30)
  assert.deepEqual([whole.record.queuedMs, whole.record.startedMs + whole.record.queuedMs], [30, whole.startedMs])
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1000, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (since, wait) => {
        const { record, startedMs } = run(since, wait)
        assert.equal(Math.floor(record.startedMs + record.queuedMs), startedMs)
        assert.ok(Math.abs(record.queuedMs - wait) <= 1)
      },
    ),
  )
})
