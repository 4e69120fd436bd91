/** The export of traces, logs and metrics to a collector, by OTLP over HTTP with JSON. */
import type { Clock, Random, Timer } from '../clock.ts'
import type { InvocationRecord, LogLine } from '../logs/port.ts'
import type { MetricFamily } from '../metrics/port.ts'
import { createTracer, isSampled, type Tracer } from '../traces/port.ts'
import { encodeLogs, type LogItem } from './encode-logs.ts'
import { encodeFamilies, encodeMetrics } from './encode-metrics.ts'
import { encodeTraces } from './encode-traces.ts'
import { parseHeaders } from './headers.ts'
import { createPoster } from './post.ts'
import type { Installation } from './resource.ts'
import { Shipper } from './shipper.ts'

const METRICS_INTERVAL_MS = 60_000
/** Of what the strings of an item do not tell. */
const LINE_OVERHEAD_BYTES = 300
const RECORD_OVERHEAD_BYTES = 4000

export interface OtlpExporter {
  tracer: Tracer
  /** Cheap, and never waits, as `appendRecord`. */
  appendLine(line: LogLine, traceparent: string | null): void
  appendRecord(record: InvocationRecord): void
  counts(): { signal: string; outcome: string; count: number }[]
  /** Sends what is left, within `graceMs`. */
  close(graceMs: number): Promise<void>
}

export interface OtlpOptions extends Installation {
  /** Of the collector. */
  url: string
  /** `key=value,key=value`. */
  headers: string
  tracesPerMinute: number
}

export interface OtlpDeps {
  clock: Clock
  random: Random
  families(): Promise<MetricFamily[]>
  notify(message: string): void
}

export function openOtlp({ url, headers, tracesPerMinute, ...at }: OtlpOptions, deps: OtlpDeps): OtlpExporter {
  const poster = createPoster(url, parseHeaders(headers))
  const { clock } = deps
  const shipping = { ...deps, post: (path: string, body: string) => poster.post(path, body) }
  const traces = new Shipper<InvocationRecord>(
    { name: 'traces', encode: (records) => encodeTraces(records, at), bytesOf: bytesOfRecord },
    shipping,
  )
  const logs = new Shipper<LogItem>(
    {
      name: 'logs',
      encode: (items) => encodeLogs(items, at),
      bytesOf: (item) => ('text' in item ? item.text.length + LINE_OVERHEAD_BYTES : bytesOfRecord(item)),
    },
    shipping,
  )
  const metrics = new Shipper<string>(
    { name: 'metrics', encode: (encoded) => encodeMetrics(encoded, at), bytesOf: ({ length }) => length },
    shipping,
  )

  const startMs = clock.nowMs()
  let timer: Timer
  const collect = async () => {
    timer = clock.setTimer(METRICS_INTERVAL_MS, () => void collect())
    try {
      const families = await deps.families()
      for (const encoded of encodeFamilies(families, { startMs, nowMs: clock.nowMs() })) metrics.add(encoded)
    } catch (error) {
      deps.notify(`metrics could not be read for export: ${String(error)}`)
    }
  }
  timer = clock.setTimer(METRICS_INTERVAL_MS, () => void collect())

  const shippers = { traces, logs, metrics }
  return {
    tracer: createTracer({ tracesPerMinute }, { clock }),
    appendLine: (line, traceparent) => logs.add({ ...line, traceparent }),
    appendRecord(record) {
      if (isSampled(record.traceparent)) traces.add(record)
      if (record.fault === 'function' || record.fault === 'platform') logs.add(record)
    },
    counts: () =>
      Object.entries(shippers).flatMap(([signal, { sent, rejected, dropped }]) => [
        { signal, outcome: 'sent', count: sent },
        { signal, outcome: 'rejected', count: rejected },
        { signal, outcome: 'dropped', count: dropped },
      ]),
    async close(graceMs) {
      timer.cancel()
      const closed = Promise.all(Object.values(shippers).map((shipper) => shipper.close()))
      let graceTimer: Timer | null = null
      await Promise.race([closed, new Promise<void>((resolve) => (graceTimer = clock.setTimer(graceMs, resolve)))])
      graceTimer!.cancel()
      poster.close()
    },
  }
}

function bytesOfRecord({ errorMessage, path }: InvocationRecord): number {
  return errorMessage.length + path.length + RECORD_OVERHEAD_BYTES
}
