/** Every metric that the platform counts: name, labels, source; what is read is in gauges.ts. */
import { setImmediate as yieldToRequests } from 'node:timers/promises'
import { collectDefaultMetrics, Histogram, Registry, type Metric } from 'prom-client'
import type { InvocationRecord } from '../logs/port.ts'
import { createAsyncSeries } from './async-series.ts'
import type { Distribution } from './distribution.ts'
import { declareGauges } from './gauges.ts'
import { createLazyRegistry } from './lazy.ts'
import type { Labels, Read } from './lazy.ts'
import { LABELLED_VERSIONS_MAX } from './port.ts'
import type { MetricFamily, Metrics, MetricSources } from './port.ts'
import {
  COLD_START_BOUNDS_MS,
  ColdStartSeries,
  DURATION_BOUNDS_MS,
  FAULTS,
  PHASES,
  STATUS_CLASSES,
  VersionSeries,
} from './series.ts'

const MANAGEMENT_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30]
const OPERATIONS_MAX = 200
/** prom-client samples the event loop's delay by a timer that never rests; an hour apart, it costs an idle platform nothing. */
const EVENT_LOOP_SAMPLING_MS = 3_600_000
const OTHER = 'other'

export function createMetrics(): Metrics {
  const registry = new Registry()
  const lazy = createLazyRegistry(registry)
  const { counter, histogram } = lazy
  const functions = new Map<string, Map<string, VersionSeries>>()
  const other = new VersionSeries(OTHER, OTHER)
  const series = [other]
  const coldStarts = new ColdStartSeries()
  const operations = new Set<string>()
  const sources: Partial<MetricSources> = {}

  function seriesOf(functionKey: string, versionId: string): VersionSeries {
    const known = functions.get(functionKey)?.get(versionId)
    if (known !== undefined) return known
    if (series.length > LABELLED_VERSIONS_MAX) return other
    const added = new VersionSeries(functionKey, versionId)
    series.push(added)
    const versions = functions.get(functionKey) ?? new Map<string, VersionSeries>()
    functions.set(functionKey, versions.set(versionId, added))
    return added
  }

  const perVersion = (read: (one: VersionSeries) => readonly [number, Labels?][]): Read<number> =>
    function* () {
      for (const one of series) {
        const labels = { function: one.functionKey, version: one.versionId }
        for (const [value, more] of read(one)) if (value > 0) yield [value, { ...labels, ...more }]
      }
    }
  const distributions = (pick: (one: VersionSeries) => Distribution): Read<Distribution> =>
    function* () {
      for (const one of series) {
        if (pick(one).total > 0) yield [pick(one), { function: one.functionKey, version: one.versionId }]
      }
    }

  const version = ['function', 'version']
  counter(
    'sluice_invocations_total',
    'Invocations by class of status code, and by whose fault a failure was.',
    [...version, 'status', 'fault'],
    perVersion((one) =>
      FAULTS.flatMap((fault, i) =>
        STATUS_CLASSES.map(
          (status, j) => [one.invocations[i * STATUS_CLASSES.length + j]!, { status, fault }] as const,
        ),
      ),
    ),
  )
  histogram(
    'sluice_invocation_duration_seconds',
    'From handing over to the last byte of the answer.',
    DURATION_BOUNDS_MS,
    distributions((one) => one.duration),
  )
  histogram(
    'sluice_invocation_queue_seconds',
    'Waiting for an instance with a free slot, cold start included.',
    DURATION_BOUNDS_MS,
    distributions((one) => one.queue),
  )
  counter(
    'sluice_cold_starts_total',
    'Invocations that waited for a new instance.',
    version,
    perVersion((one) => [[one.coldStarts]]),
  )
  histogram('sluice_cold_start_phase_seconds', 'Phases of cold starts.', COLD_START_BOUNDS_MS, () =>
    PHASES.map((phase, index) => [coldStarts.phases[index]!, { phase }]),
  )
  counter(
    'sluice_throttles_total',
    'Invocations refused by a limit, by error code.',
    [...version, 'reason'],
    perVersion((one) => [
      [one.exhaustedThrottles, { reason: 'ResourceExhausted' }],
      [one.resourceThrottles, { reason: 'ResourceThrottled' }],
    ]),
  )
  counter(
    'sluice_request_bytes_total',
    'Bytes of request bodies.',
    version,
    perVersion((one) => [[one.requestBytes]]),
  )
  counter(
    'sluice_response_bytes_total',
    'Bytes of response bodies.',
    version,
    perVersion((one) => [[one.responseBytes]]),
  )
  counter(
    'sluice_billed_seconds_total',
    'Billed time, of lifecycle hooks too.',
    version,
    perVersion((one) => [[one.billedMs / 1000]]),
  )
  counter(
    'sluice_billed_gigabyte_seconds_total',
    'Memory size times billed time.',
    version,
    perVersion((one) => [[one.billedMBms / 1024 / 1000]]),
  )
  declareGauges(lazy, sources)
  const observeAsync = createAsyncSeries(lazy, sources)
  const managementSeconds = new Histogram({
    name: 'sluice_management_request_duration_seconds',
    help: 'Management API requests by operation and status code.',
    labelNames: ['operation', 'status'],
    buckets: MANAGEMENT_BOUNDS_SECONDS,
    registers: [registry],
  })
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLING_MS })
  for (const { name } of registry.getMetricsAsArray()) {
    // Statistics of what is sampled once an hour say nothing.
    if (name.startsWith('nodejs_eventloop_lag_') && name !== 'nodejs_eventloop_lag_seconds') {
      registry.removeSingleMetric(name)
    }
  }

  return {
    observe(record: InvocationRecord) {
      seriesOf(record.functionKey, record.versionId).observe(record)
      if (record.coldStart !== null) coldStarts.observe(record.coldStart)
    },
    observeAsync,
    observeManagementRequest(operation, statusCode, durationMs) {
      if (operations.size < OPERATIONS_MAX) operations.add(operation)
      const named = operations.has(operation) ? operation : OTHER
      managementSeconds.observe({ operation: named, status: String(statusCode) }, durationMs / 1000)
    },
    setSources: (added) => void Object.assign(sources, added),
    async families() {
      const families: MetricFamily[] = []
      for (const { name } of registry.getMetricsAsArray()) {
        families.push(familyOf(await registry.getSingleMetric(name)!.get()))
        await yieldToRequests()
      }
      return families
    },
    async expose() {
      const texts: string[] = []
      for (const { name } of registry.getMetricsAsArray()) {
        texts.push(await registry.getSingleMetricAsString(name))
        // With many functions, all metrics in one go would hold up every request for tens of ms.
        await yieldToRequests()
      }
      return { contentType: registry.contentType, body: `${texts.join('\n\n')}\n` }
    },
  }
}

/** prom-client's object of a metric, whose samples of histograms have parts of their labels apart. */
function familyOf({ name, help, type, values }: Awaited<ReturnType<Metric['get']>>): MetricFamily {
  const samples = values as { metricName?: string; value: number; labels: object; sharedLabels?: object }[]
  return {
    name,
    help,
    // The type is the word of the text format, whatever the declarations say.
    type: String(type) as MetricFamily['type'],
    values: samples.map(({ metricName, value, labels, sharedLabels }) => ({
      metricName: metricName ?? name,
      value,
      labels: { ...sharedLabels, ...labels } as Record<string, string | number>,
    })),
  }
}
