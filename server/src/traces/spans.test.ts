import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { recordOf } from '../logs/test-support.ts'
import { executionTraceparent, isSampled, traceIdOf } from './context.ts'
import { spansOf } from './spans.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const coldStart = { scheduleMs: 0.5, packageMs: 1, sandboxMs: 2, runtimeMs: 3, initializerMs: 4 }

test('spans are below the invocation, one after the other, and add up to it', () => {
  const record = recordOf({ queuedMs: 12, durationMs: 30, coldStart, startedMs: 1000 })
  const spans = spansOf(record)
  const root = spans[0]!
  const cold = spans.find(({ name }) => name === 'cold start')!
  const shown = spans.map(({ name, parentSpanId, startMs, durationMs }) => {
    const parent = parentSpanId === root.spanId ? 'invocation' : parentSpanId === cold.spanId ? 'cold start' : null
    return [name, parent, startMs, durationMs]
  })
  assert.deepEqual(shown, [
    ['invocation', null, 1000, 42],
    ['queue', 'invocation', 1000, 1.5],
    ['cold start', 'invocation', 1001.5, 10.5],
    ['schedule', 'cold start', 1001.5, 0.5],
    ['package', 'cold start', 1002, 1],
    ['sandbox', 'cold start', 1003, 2],
    ['runtime', 'cold start', 1005, 3],
    ['initializer', 'cold start', 1008, 4],
    ['execution', 'invocation', 1012, 30],
  ])
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
})

test('a caller’s trace goes on below the span that it named', () => {
  const record = recordOf({ traceparent: `00-${TRACE}-${PARENT}-01` })
  const [root, , execution] = spansOf(record)
  assert.equal(root!.parentSpanId, PARENT)
  assert.equal(traceIdOf(record), TRACE)
  assert.equal(executionTraceparent(record), `00-${TRACE}-${execution!.spanId}-01`)
})

test('without a caller’s trace the request id tells it, the same each time', () => {
  const digits = { requestId: '1-6920f4a1-0a1b2c3d-0123456789ab', traceparent: null }
  assert.equal(traceIdOf(digits), '00016920f4a10a1b2c3d0123456789ab')
  const uuid = { requestId: '0193C2F0-7d3a-7abc-8def-0123456789ab', traceparent: null }
  assert.equal(traceIdOf(uuid), '0193c2f07d3a7abc8def0123456789ab')
  fc.assert(
    fc.property(fc.string(), (requestId) => {
      const traceId = traceIdOf({ requestId, traceparent: null })
      assert.match(traceId, /^(?!0+$)[0-9a-f]{32}$/)
      assert.equal(traceIdOf({ requestId, traceparent: null }), traceId)
    }),
  )
})

test('an instance that was on its way before the request shows its whole start, and no wait beside it', () => {
  const spans = spansOf(recordOf({ queuedMs: 2, coldStart, startedMs: 1000 }))
  const times = new Map(spans.map(({ name, startMs, durationMs }) => [name, [startMs, durationMs]]))
  assert.deepEqual(times.get('queue'), [1000, 0])
  assert.deepEqual(times.get('cold start'), [991.5, 10.5])
})

test('what reached no instance has no execution, and a failure is told where it happened', () => {
  const refused = recordOf({
    instanceId: '',
    statusCode: 429,
    fault: 'caller',
    errorType: 'ResourceExhausted',
    errorMessage: 'too many',
  })
  assert.deepEqual(
    spansOf(refused).map(({ name, error }) => [name, error]),
    [
      ['invocation', null],
      ['queue', null],
    ],
  )
  assert.equal(spansOf(refused)[0]!.attributes['error.type'], 'ResourceExhausted')
  const thrown = recordOf({ fault: 'function', errorType: 'RangeError', errorMessage: 'out' })
  assert.deepEqual(
    spansOf(thrown).map(({ error }) => error),
    ['out', null, 'out'],
  )
})

test('attempts of one request have trees of their own in one trace', () => {
  const attempts = [recordOf({ startedMs: 1000 }), recordOf({ startedMs: 2000 })]
  assert.equal(new Set(attempts.map(traceIdOf)).size, 1)
  assert.equal(new Set(attempts.flatMap(spansOf).map(({ spanId }) => spanId)).size, 6)
})

test('a run of a hook is one span', () => {
  const [span, ...more] = spansOf(recordOf({ kind: 'preStop', durationMs: 7 }))
  assert.deepEqual([span!.name, span!.durationMs, span!.parentSpanId, more], ['preStop', 7, null, []])
})

test('sampled is what the flag says, whatever else the flags hold', () => {
  for (const [flags, expected] of [
    ['01', true],
    ['03', true],
    ['00', false],
    ['02', false],
  ] as const) {
    assert.equal(isSampled(`00-${TRACE}-${PARENT}-${flags}`), expected)
  }
  assert.equal(isSampled(null), false)
})
