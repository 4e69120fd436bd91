import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { tracingOf } from './tracing.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const none = { openTracingSpanContext: '', openTracingSpanBaggages: {} }

test('a request without trace headers has no trace', () => {
  assert.equal(tracingOf(['Host', 'a', 'User-Agent', 'ten letters', 'X-Fc-Log-Type', 'Tail']), null)
})

test('span context and baggages of Function Compute are read in both spellings', () => {
  const whole = Buffer.from('{"user":"a","of":7,"tenant":"b"}').toString('base64')
  assert.deepEqual(
    tracingOf([
      'X-Fc-Tracing-Opentracing-Span-Context',
      '5f22:5708:5f22:1',
      'x-fc-tracing-opentracing-span-baggages',
      whole,
      'x-fc-tracing-opentracing-span-baggage-tenant',
      'c',
    ]),
    { openTracingSpanContext: '5f22:5708:5f22:1', openTracingSpanBaggages: { user: 'a', tenant: 'c' } },
  )
  assert.deepEqual(tracingOf(['x-fc-tracing-opentracing-span-baggages', 'no base64 of JSON']), none)
})

test('traceparent, tracestate and baggage of the W3C are read, those sent in pieces as one', () => {
  assert.deepEqual(
    tracingOf(['TraceParent', TRACE, 'tracestate', 'a=1', 'tracestate', 'b=2', 'Baggage', 'k=v', 'baggage', 'l=w']),
    { ...none, traceparent: TRACE, tracestate: 'a=1,b=2', baggage: 'k=v,l=w' },
  )
  const later = `01${TRACE.slice(2)}-what.comes`
  assert.equal(tracingOf(['traceparent', later])?.traceparent, later)
})

test('a malformed traceparent is left out, with the tracestate that would belong to it', () => {
  const malformed = [
    '',
    'rubbish',
    TRACE.toUpperCase(),
    `${TRACE}-more`,
    `ff${TRACE.slice(2)}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
  ]
  for (const traceparent of malformed) {
    const tracing = tracingOf(['traceparent', traceparent, 'tracestate', 'a=1', 'baggage', 'k=v'])
    assert.deepEqual(tracing, { ...none, baggage: 'k=v' }, traceparent)
  }
  assert.deepEqual(tracingOf(['traceparent', TRACE, 'traceparent', TRACE]), none, 'two of them are none')
  assert.deepEqual(tracingOf(['traceparent', TRACE, 'tracestate', 'x'.repeat(513)]), { ...none, traceparent: TRACE })
})

test('no headers make it throw', () => {
  const name = fc.constantFrom(
    'traceparent',
    'tracestate',
    'baggage',
    'x-fc-tracing-opentracing-span-context',
    'x-fc-tracing-opentracing-span-baggages',
    'x-fc-tracing-opentracing-span-baggage-__proto__',
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (headers) => {
      const tracing = tracingOf(headers.flat())
      assert.equal(tracing === null, headers.length === 0)
    }),
  )
})
