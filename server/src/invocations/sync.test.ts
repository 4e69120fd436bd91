import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { functionNamed } from '../gateway/test-support.ts'
import type { Instances, SlotHolder, StreamHandler } from '../instances/port.ts'
import type { InvocationRecord, LogLine } from '../logs/port.ts'
import { noMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { executionTraceparent, type Tracer } from '../traces/port.ts'
import type { HttpRequestHead, InvocationRequest, Responder } from './port.ts'
import { createInvocations } from './sync.ts'

const version: FunctionVersion = {
  id: 'f@LATEST#1',
  key: 'f',
  service: null,
  function: functionNamed(null, 'f'),
  versionId: 'LATEST',
}

interface Run {
  record: InvocationRecord
  startedMs: number
  /** The INVOKE head. */
  head: { tracing?: object; headers?: string[] }
  lines: { line: LogLine; traceparent: string | null }[]
}

interface Traced {
  tracer?: Tracer
  request?: Partial<InvocationRequest>
}

/** One invocation that prints a line and waits `waitMs` for its slot, from a moment that is `sinceMs` after a whole ms. */
function run(sinceMs: number, waitMs: number, { tracer, request: changes }: Traced = {}): Run {
  const clock = new SimulatedClock()
  clock.advance(sinceMs)
  const records: InvocationRecord[] = []
  const lines: Run['lines'] = []
  let startedMs = 0
  let head = ''
  let stream: StreamHandler | null = null
  const instances = {
    acquire(_version: FunctionVersion, _qualifier: string, holder: SlotHolder) {
      clock.advance(waitMs)
      startedMs = clock.nowMs()
      holder.onSlot({
        instanceId: 'c-1',
        coldStart: null,
        invoke(told: string, _body: Buffer | null, _end: boolean, handler: StreamHandler) {
          head = told
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
    appendLine: (line, traceparent) => lines.push({ line, traceparent }),
    meter: noMeter,
    onRecord: (record) => records.push(record),
    tracer: tracer ?? null,
  })
  const request = {
    requestId: 'r',
    version,
    qualifier: 'LATEST',
    http: null,
    tracing: null,
    ...changes,
  } as InvocationRequest
  const responder = { onStart() {}, onHead: () => invocation.account(200, 0) } as unknown as Responder
  const invocation = invocations.create(request, Buffer.alloc(0), responder)
  invocation.begin()
  stream!.onLog('stdout', Buffer.from('printed\n'))
  stream!.onResponse('{}', Buffer.alloc(0), true)
  return { record: records[0]!, startedMs, head: JSON.parse(head) as Run['head'], lines }
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

const CAME = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const UNSAMPLED = CAME.replace(/01$/, '00')
const cameWith = (traceparent: string) => ({
  tracing: { openTracingSpanContext: '', openTracingSpanBaggages: {}, traceparent, tracestate: 'a=1' },
})
const passing: Tracer = { traceparentOf: (_requestId, _startedMs, came) => came ?? null }

test('where traces go nowhere, the caller’s is passed on and recorded as it came', () => {
  const { record, head, lines } = run(0, 0, { request: cameWith(CAME) })
  assert.equal(record.traceparent, CAME)
  assert.deepEqual(head.tracing, cameWith(CAME).tracing)
  assert.deepEqual([lines[0]!.line.text, lines[0]!.traceparent], ['printed', null])
  const without = run(0, 0)
  assert.deepEqual([without.record.traceparent, without.head.tracing], [null, undefined])
})

test('where traces are exported, what the function does is below its execution, for programs that read headers too', () => {
  const http = { method: 'GET', headers: ['Host', 'h', 'TraceParent', CAME, 'tracestate', 'a=1'] } as HttpRequestHead
  const { record, head, lines } = run(0, 0, { tracer: passing, request: { ...cameWith(CAME), http } })
  const own = executionTraceparent(record)
  assert.equal(record.traceparent, CAME)
  assert.deepEqual(head.tracing, cameWith(own).tracing)
  assert.deepEqual(head.headers, ['Host', 'h', 'tracestate', 'a=1', 'traceparent', own])
  assert.equal(lines[0]!.traceparent, own)
  assert.notEqual(own, CAME)
})

test('a trace that the caller does not sample is passed on as it came, as no span of ours is in it', () => {
  const { record, head } = run(0, 0, { tracer: passing, request: cameWith(UNSAMPLED) })
  assert.equal(record.traceparent, UNSAMPLED)
  assert.deepEqual(head.tracing, cameWith(UNSAMPLED).tracing)
})
