/** What Prometheus would read → metrics of OTLP, cumulative since the start of the platform. Pure. */
import type { MetricFamily } from '../metrics/port.ts'
import { platformResource, scopeOf, type Installation } from './resource.ts'
import { attributes, nanosOf } from './values.ts'

const CUMULATIVE = 2

export interface Span {
  startMs: number
  nowMs: number
}

/** Each metric as JSON of its own, so that a large export can be cut between them. */
export function encodeFamilies(families: readonly MetricFamily[], span: Span): string[] {
  return families.flatMap((family) => {
    const data = family.type === 'histogram' ? histogramOf(family, span) : numbersOf(family, span)
    return data === null ? [] : [JSON.stringify({ ...headOf(family), ...data })]
  })
}

export function encodeMetrics(metrics: readonly string[], at: Installation): string {
  const scope = JSON.stringify(scopeOf(at))
  const resource = JSON.stringify(platformResource(at))
  return `{"resourceMetrics":[{"resource":${resource},"scopeMetrics":[{"scope":${scope},"metrics":[${metrics.join(',')}]}]}]}`
}

function headOf({ name, help }: MetricFamily) {
  const unit = name.includes('_seconds') ? 's' : name.includes('_bytes') ? 'By' : ''
  return { name, description: help, ...(unit !== '' && { unit }) }
}

function numbersOf({ type, values }: MetricFamily, { startMs, nowMs }: Span) {
  const dataPoints = values
    .filter(({ value }) => Number.isFinite(value))
    .map(({ value, labels }) => ({
      attributes: attributes(labels),
      ...(type === 'counter' && { startTimeUnixNano: nanosOf(startMs) }),
      timeUnixNano: nanosOf(nowMs),
      asDouble: value,
    }))
  if (dataPoints.length === 0) return null
  if (type === 'counter') return { sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
  return { gauge: { dataPoints } }
}

interface Distribution {
  labels: Record<string, string | number>
  bounds: number[]
  /** As Prometheus counts: each bucket with those below it. */
  cumulative: number[]
  sum: number
  count: number
}

function histogramOf({ name, values }: MetricFamily, { startMs, nowMs }: Span) {
  const byLabels = new Map<string, Distribution>()
  for (const { metricName, value, labels } of values) {
    const { le, ...others } = labels
    const key = JSON.stringify(others)
    const found = byLabels.get(key) ?? { labels: others, bounds: [], cumulative: [], sum: 0, count: 0 }
    byLabels.set(key, found)
    if (metricName === `${name}_sum`) found.sum = value
    else if (metricName === `${name}_count`) found.count = value
    else {
      found.cumulative.push(value)
      if (le !== '+Inf') found.bounds.push(Number(le))
    }
  }
  if (byLabels.size === 0) return null
  const dataPoints = [...byLabels.values()].map(({ labels, bounds, cumulative, sum, count }) => ({
    attributes: attributes(labels),
    startTimeUnixNano: nanosOf(startMs),
    timeUnixNano: nanosOf(nowMs),
    count: String(count),
    sum,
    bucketCounts: cumulative.map((value, i) => String(value - (cumulative[i - 1] ?? 0))),
    explicitBounds: bounds,
  }))
  return { histogram: { aggregationTemporality: CUMULATIVE, dataPoints } }
}
