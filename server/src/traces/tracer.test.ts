import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordOf } from '../logs/test-support.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { isSampled } from './context.ts'
import { spansOf } from './spans.ts'
import { createTracer } from './tracer.ts'

const CAME = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'

test('a trace that begins here begins with its invocation', () => {
  const tracer = createTracer({ tracesPerMinute: 60 }, { clock: new SimulatedClock() })
  const traceparent = tracer.traceparentOf('r', 1000, undefined)
  assert.ok(isSampled(traceparent))
  const [root] = spansOf(recordOf({ requestId: 'r', startedMs: 1000, traceparent }))
  assert.equal(root!.parentSpanId, null)
  assert.ok(traceparent!.includes(root!.spanId))
})

test('so many traces a minute begin here, a tenth of them at once; what callers say holds without that bound', () => {
  const clock = new SimulatedClock()
  const tracer = createTracer({ tracesPerMinute: 60 }, { clock })
  const begin = () => tracer.traceparentOf('r', clock.nowMs(), undefined) !== null
  const begun = (count: number) => Array.from({ length: count }, begin).filter(Boolean).length
  assert.equal(begun(100), 6)
  clock.advance(3000)
  assert.equal(begun(100), 3)
  clock.advance(3_600_000)
  assert.equal(begun(100), 6)
  assert.equal(tracer.traceparentOf('r', 0, CAME), CAME)
  const none = createTracer({ tracesPerMinute: 0 }, { clock })
  clock.advance(3_600_000)
  assert.equal(none.traceparentOf('r', 0, undefined), null)
})
