import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, recordOf } from '../logs/test-support.ts'
import { encodeLogs } from './encode-logs.ts'
import { encodeFamilies, encodeMetrics } from './encode-metrics.ts'
import { encodeTraces } from './encode-traces.ts'
import { anyValue, nanosOf } from './values.ts'

const at = { version: '1', accountId: '1234567890123456', region: 'r' }

test('times are nanoseconds that no rounding of numbers has touched', () => {
  assert.equal(nanosOf(1_764_374_400_123), '1764374400123000000')
  assert.equal(nanosOf(1_764_374_400_123.25), '1764374400123250000')
  assert.equal(nanosOf(1_764_374_400_999.9998), '1764374401000000000')
})

test('values have the type that they are of, and text is text', () => {
  assert.deepEqual(
    [anyValue(3), anyValue(0.5), anyValue(true), anyValue('a\ud800b')],
    [{ intValue: '3' }, { doubleValue: 0.5 }, { boolValue: true }, { stringValue: 'a\ufffdb' }],
  )
})

test('lines are told by instance, and those that belong to no request or trace have neither', () => {
  const lines = [
    {
      ...lineOf({ text: 'one', requestId: 'r', instanceId: 'a' }),
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
    { ...lineOf({ text: 'two', instanceId: 'b', stream: 'stderr' }), traceparent: null },
    { ...lineOf({ text: 'three', instanceId: 'a', stream: 'system' }), traceparent: null },
  ]
  const { resourceLogs } = JSON.parse(encodeLogs(lines, at)) as {
    resourceLogs: { scopeLogs: { logRecords: Record<string, unknown>[] }[] }[]
  }
  const groups = resourceLogs.map(({ scopeLogs }) => scopeLogs[0]!.logRecords)
  assert.deepEqual(
    groups.map((records) => records.map(({ body }) => body)),
    [[{ stringValue: 'one' }, { stringValue: 'three' }], [{ stringValue: 'two' }]],
  )
  const [[one, three], [two]] = groups as [Record<string, unknown>[], Record<string, unknown>[]]
  assert.deepEqual([one!['traceId'], one!['spanId']], ['a'.repeat(32), 'b'.repeat(16)])
  assert.equal(three!['severityText'], 'WARN')
  assert.deepEqual(Object.keys(two!).toSorted(), ['attributes', 'body', 'timeUnixNano'])
})

test('an asynchronous invocation is a consumer’s span', () => {
  const { resourceSpans } = JSON.parse(encodeTraces([recordOf({ invocationType: 'Async' })], at)) as {
    resourceSpans: { scopeSpans: { spans: { kind: number }[] }[] }[]
  }
  assert.deepEqual(
    resourceSpans[0]!.scopeSpans[0]!.spans.map(({ kind }) => kind),
    [5, 1, 1],
  )
})

test('a value that is no number, and a metric without values, are left out', () => {
  const span = { startMs: 1000, nowMs: 2000 }
  const values = [NaN, Infinity, 3].map((value, i) => ({ metricName: 'g', value, labels: { i: String(i) } }))
  const encoded = encodeFamilies(
    [
      { name: 'g', help: 'h', type: 'gauge', values },
      { name: 'empty', help: 'h', type: 'counter', values: [] },
      { name: 'none', help: 'h', type: 'histogram', values: [] },
    ],
    span,
  )
  assert.equal(encoded.length, 1)
  const body = JSON.parse(encodeMetrics(encoded, at)) as {
    resourceMetrics: { scopeMetrics: { metrics: { gauge: { dataPoints: { asDouble: number }[] } }[] }[] }[]
  }
  const [metric] = body.resourceMetrics[0]!.scopeMetrics[0]!.metrics
  assert.deepEqual(
    metric!.gauge.dataPoints.map(({ asDouble }) => asDouble),
    [3],
  )
})
