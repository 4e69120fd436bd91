/** What a collector gets: read strictly, by the official definitions of OTLP, in a program of another language. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { seededRandom, SimulatedClock } from '../../src/simulated-clock.ts'
import { recordOf } from '../../src/logs/test-support.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { openOtlp } from '../../src/otlp/open.ts'
import { freePort, startPlatform } from '../support/platform.ts'

const packages = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'python')
const skip = existsSync(join(packages, 'opentelemetry', 'proto'))
  ? false
  : 'opentelemetry-proto is not installed: npm test installs it where pip can'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

interface Attribute {
  key: string
  value: Record<string, unknown>
}
interface Span {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  status?: { code: string; message: string }
}
interface LogRecord {
  body: { stringValue: string }
  severityText?: string
  traceId?: string
  spanId?: string
  attributes: Attribute[]
}
interface Metric {
  name: string
  sum?: { isMonotonic: boolean; dataPoints: { attributes: Attribute[]; asDouble: number }[] }
  histogram?: { dataPoints: { count: string; sum: number; bucketCounts: string[]; explicitBounds: number[] }[] }
}
interface Told {
  error?: string
  path: string
  authorization: string
  type: string
  message: {
    resourceSpans?: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[]
    resourceLogs?: { resource: { attributes: Attribute[] }; scopeLogs: { logRecords: LogRecord[] }[] }[]
    resourceMetrics?: { scopeMetrics: { metrics: Metric[] }[] }[]
  }
}

async function receive() {
  const port = await freePort()
  const script = join(import.meta.dirname, 'otlp_receiver.py')
  const child = spawn('python3', [script, String(port)], {
    env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told: Told[] = []
  const lines = createInterface({ input: child.stdout })
  await once(lines, 'line')
  const heard = new Set<() => void>()
  lines.on('line', (line) => {
    const item = JSON.parse(line) as Told
    assert.equal(item.error, undefined)
    told.push(item)
    for (const hear of heard) hear()
  })
  /** Resolves when `find` finds something in what came. */
  const until = <Found>(find: (told: readonly Told[]) => Found | undefined): Promise<Found> =>
    new Promise((resolve) => {
      const hear = () => {
        const found = find(told)
        if (found === undefined) return
        heard.delete(hear)
        resolve(found)
      }
      heard.add(hear)
      hear()
    })
  return { url: `http://127.0.0.1:${port}/base`, told, until, stop: () => child.kill() }
}

const spansIn = (told: readonly Told[]) =>
  told.flatMap(({ message }) => message.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans[0]!.spans)
const logsIn = (told: readonly Told[]) =>
  told.flatMap(({ message }) => message.resourceLogs ?? []).flatMap(({ scopeLogs }) => scopeLogs[0]!.logRecords)
const plain = (attributes: readonly Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

test(
  'spans and lines of an invocation reach a collector, in the caller’s trace, and the function’s own below them',
  { skip },
  async (t) => {
    const receiver = await receive()
    const platform = await startPlatform({
      SLUICE_OTLP_URL: receiver.url,
      SLUICE_OTLP_HEADERS: 'authorization=Bearer%20secret',
      SLUICE_SANDBOX: 'process',
      SLUICE_STEMS: '0',
    })
    t.after(async () => {
      await platform.stop()
      receiver.stop()
    })
    const files = {
      'index.js': `exports.handler = async (event, context) => {
      console.log('seen')
      if (String(event) === 'fail') throw new RangeError('broken')
      return context.tracing.traceparent
    }`,
    }
    await platform.deploy('traced', files, { service: 'shop' })
    const answer = await platform.invoke('shop$traced', '', { traceparent: `00-${TRACE}-${PARENT}-01` })
    const spans = await receiver.until((told) => {
      const found = spansIn(told).filter(({ traceId }) => traceId === TRACE)
      return found.length === 0 ? undefined : found
    })
    const root = spans.find(({ name }) => name === 'invocation')!
    const execution = spans.find(({ name }) => name === 'execution')!
    assert.equal(root.parentSpanId, PARENT)
    assert.equal(root.kind, 'SPAN_KIND_SERVER')
    assert.equal(execution.parentSpanId, root.spanId)
    assert.equal(answer.text, `00-${TRACE}-${execution.spanId}-01`)
    assert.deepEqual(
      spans.map(({ name }) => name),
      ['invocation', 'queue', 'cold start', 'schedule', 'package', 'sandbox', 'runtime', 'initializer', 'execution'],
    )
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      assert.ok(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano))
    }

    const line = await receiver.until((told) => logsIn(told).find(({ body }) => body.stringValue.includes('seen')))
    assert.deepEqual([line.traceId, line.spanId], [TRACE, execution.spanId])
    assert.equal(plain(line.attributes)['faas.invocation_id'], answer.headers['x-fc-request-id'])
    const { resource } = receiver.told.flatMap(({ message }) => message.resourceLogs ?? [])[0]!
    const { accountId } = platform.credentials
    const { 'service.instance.id': instanceId, ...facts } = plain(resource.attributes)
    assert.deepEqual(facts, {
      'service.name': 'traced',
      'service.namespace': 'shop',
      'service.version': 'LATEST',
      'faas.name': 'traced',
      'faas.version': 'LATEST',
      'faas.instance': instanceId,
      'cloud.account.id': accountId,
      'cloud.region': 'cn-hangzhou',
      'cloud.resource_id': `acs:fc:cn-hangzhou:${accountId}:services/shop/functions/traced`,
    })

    // Without a caller's trace one begins here, and a failure is told in the span and in the log.
    const failed = await platform.invoke('shop$traced', 'fail')
    const own = await platform.call('GET', `/sluice/v1/traces?requestId=${String(failed.headers['x-fc-request-id'])}`)
    const { traceId } = own.json<{ traceId: string }>()
    const error = await receiver.until((told) => logsIn(told).find(({ severityText }) => severityText === 'ERROR'))
    assert.equal(error.body.stringValue, 'RangeError: broken')
    assert.equal(error.traceId, traceId)
    const failedRoot = await receiver.until((told) =>
      spansIn(told).find((span) => span.traceId === traceId && span.name === 'invocation'),
    )
    assert.deepEqual(failedRoot.status, { code: 'STATUS_CODE_ERROR', message: 'broken' })
    assert.equal(failedRoot.parentSpanId, undefined)
    for (const { authorization, type } of receiver.told) {
      assert.deepEqual([authorization, type], ['Bearer secret', 'application/json'])
    }
  },
)

test('every metric of the platform is one that a collector understands', { skip }, async (t) => {
  const receiver = await receive()
  const clock = new SimulatedClock()
  const metrics = createMetrics()
  const exporter = openOtlp(
    { url: receiver.url, headers: '', tracesPerMinute: 1, version: '1', accountId: '1', region: 'r' },
    {
      clock,
      random: seededRandom(1),
      families: () => metrics.families(),
      notify: (message) => assert.fail(message),
    },
  )
  metrics.setSources({ runningInvocations: () => 7, otlp: () => exporter.counts() })
  metrics.observe(recordOf({ functionKey: 'f"\n', durationMs: 3 }))
  metrics.observe(recordOf({ functionKey: 'f"\n', durationMs: 7 }))
  metrics.observeManagementRequest('GetFunction', 200, 3)
  const expected = await metrics.families()
  clock.advance(60_000)
  const metricsIn = (told: readonly Told[]) =>
    told.flatMap(({ message }) => message.resourceMetrics ?? []).flatMap(({ scopeMetrics }) => scopeMetrics[0]!.metrics)
  // The reading takes turns of the event loop, and what it found goes out after the time that a batch waits.
  const waiting = setInterval(() => clock.advance(100), 5)
  t.after(async () => {
    clearInterval(waiting)
    await exporter.close(1000)
    receiver.stop()
  })
  const came = await receiver.until((told) => (metricsIn(told).length === 0 ? undefined : metricsIn(told)))
  const names = new Set(came.map(({ name }) => name))
  const missing = expected.filter(({ name, values }) => values.length > 0 && !names.has(name))
  assert.deepEqual(missing, [])
  const invocations = came.find(({ name }) => name === 'sluice_invocations_total')!.sum!
  assert.equal(invocations.isMonotonic, true)
  assert.equal(invocations.dataPoints[0]!.asDouble, 2)
  assert.equal(plain(invocations.dataPoints[0]!.attributes)['function'], 'f"\n')
  const [duration] = came.find(({ name }) => name === 'sluice_invocation_duration_seconds')!.histogram!.dataPoints
  assert.equal(duration!.count, '2')
  assert.equal(duration!.sum, 0.01)
  assert.equal(duration!.bucketCounts.length, duration!.explicitBounds.length + 1)
  const counted = (bound: number) => duration!.bucketCounts[duration!.explicitBounds.indexOf(bound)]
  assert.deepEqual([counted(0.0025), counted(0.005), counted(0.01), counted(0.025)], ['0', '1', '1', '0'])
})
