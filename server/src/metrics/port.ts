/** What the platform counts about itself, in the Prometheus text format. */
import type { InvocationRecord } from '../logs/port.ts'
import type { FunctionKey } from '../model.ts'

/** Where gauges are read when the metrics are asked for. */
export interface MetricSources {
  /** Live instances by function and state. */
  instances(): Iterable<{ functionKey: string; state: string; count: number }>
  /** Prepared sandboxes by kind: ready to be taken, and on their way. */
  stems(): Iterable<{ kind: string; waiting: number; booting: number }>
  /** Requests that wait for an instance. */
  waitingRequests(): number
  /** Invocations that instances work on. */
  runningInvocations(): number
  /** Asynchronous invocations by function: those that wait, those that are worked on, the age of the oldest that waits. */
  asyncBacklog(): Iterable<{ functionKey: string; waiting: number; inFlight: number; oldestMs: number }>
  /** What became of the events of each trigger type. */
  triggers(): Iterable<{ type: string; outcome: string; count: number }>
  /** What became of notices of alerts, by the kind of their route. */
  alertNotices(): Iterable<{ kind: string; outcome: string; count: number }>
  logs(): { droppedLines: number; droppedRecords: number; storedBytes: number }
  /** What instances may have of this machine, and the sum of their memory sizes. */
  host(): { memoryMB: number; usedMB: number; instancesMax: number }
  /** Null: not known. */
  monthCost(): { cost: number | null; forecast: number | null }
  history(): { lostMinutes: number }
  /** What became of log lines, spans' records and metrics that were to be exported. */
  otlp(): Iterable<{ signal: string; outcome: string; count: number }>
}

/** One metric with all that it has counted; samples as the text format has them. */
export interface MetricFamily {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  /** `metricName`: of the parts of a histogram, `…_bucket` (with the label `le`, in order), `…_sum`, `…_count`. */
  values: { metricName: string; value: number; labels: Record<string, string | number> }[]
}

/** What happens to asynchronous invocations, beside their attempts, which are invocations with records. */
export type AsyncEvent =
  | 'enqueued'
  | 'dequeued'
  /** The first attempt has an instance; with the time since it was accepted or, if it was put off, due. */
  | 'started'
  | 'retried'
  | 'expired'
  /** Given up: its attempts failed, or it cannot be run. */
  | 'dropped'
  | 'destinationSucceeded'
  | 'destinationFailed'

export interface Metrics {
  /** Counts one invocation, or the billed time of a hook; cheap enough for each of them. */
  observe(record: InvocationRecord): void
  observeAsync(functionKey: string, event: AsyncEvent, latencyMs?: number): void
  /** `operation` is one of the API's own names, never text of a caller. */
  observeManagementRequest(operation: string, statusCode: number, durationMs: number): void
  /** Adds or replaces sources; a gauge without one is absent. */
  setSources(sources: Partial<MetricSources>): void
  expose(): Promise<{ contentType: string; body: string }>
  /** The same, for programs. */
  families(): Promise<MetricFamily[]>
}

/** Functions (and versions of them) told apart in labels; all later ones share the name `other`. */
export const LABELLED_VERSIONS_MAX = 200

/** What a metric is of: everything here, the functions of a service, one function, one instance. */
export type MetricLevel = 'region' | 'service' | 'function' | 'instance'

/** A metric under the name that Cloud Monitor gives it (`acs_fc`), or one of our own where it has none. */
export interface MetricInfo {
  name: string
  level: MetricLevel
  /** `count`, `ms`, `MB`, `percent`, `cores`, `bytes`, `GB-seconds`, `currency`. */
  unit: string
  /** How the values of a step become one: counts add up, percentiles come of merged histograms. */
  statistic: 'sum' | 'average' | 'maximum' | 'last' | 'p50' | 'p90' | 'p95' | 'p99'
  description: string
}

export interface SeriesQuery {
  metric: string
  /** Which service, function or instance; as the level of the metric asks for. */
  service?: string
  functionKey?: FunctionKey
  instanceId?: string
  /** Inclusive. */
  fromMs: number
  /** Exclusive. */
  toMs: number
  /** A multiple of 60 000; within the last 15 minutes of 1000, too. */
  stepMs: number
}

export interface Series {
  info: MetricInfo
  stepMs: number
  /** One per step, oldest first; null: nothing was observed (counts are 0 instead). */
  points: { timeMs: number; value: number | null }[]
}

/** One row of a dashboard: what a function did in a period. */
export interface FunctionSummary {
  functionKey: FunctionKey
  invocations: number
  functionErrors: number
  serverErrors: number
  clientErrors: number
  throttles: number
  coldStarts: number
  p50Ms: number | null
  p90Ms: number | null
  p99Ms: number | null
  averageMs: number | null
  maxMemoryMB: number
  billedMs: number
  gigabyteSeconds: number
}

/** What is remembered of the metrics: each second for some minutes, each minute for 31 days. */
export interface MetricHistory {
  readonly catalogue: readonly MetricInfo[]
  /** Since when each second is known: at most 15 minutes back, later when the platform or its clock was started anew. */
  readonly secondsFromMs: number
  /** Rejects with FcError InvalidArgument that names the member and what is accepted. */
  query(query: SeriesQuery): Promise<Series>
  /** Busiest first. A period that began in the last 15 minutes is exact to the second, others to the minute. */
  summary(period: { fromMs: number; toMs: number }): Promise<{ functions: FunctionSummary[]; total: FunctionSummary }>
  /** Hears of each second when it is over; costs nothing while nobody listens. */
  follow(onSecond: (timeMs: number) => void): { stop(): void }
}

/** What a gauge stands at, by the name of its metric. */
export interface GaugeReading {
  /** Of the level function with `functionKey`, of the level region without. */
  metric: string
  /** What its functions have is added up for a service, and for everything. */
  functionKey?: FunctionKey
  value: number
}

/** What one instance uses now. */
export interface InstanceReading {
  instanceId: string
  inFlight: number
  /** Since the reading before; null, as below: it cannot be told. */
  cpuCores: number | null
  cpuQuotaCores: number
  usedMemoryMB: number | null
  memoryMB: number
}

/** Where the history learns of everything. */
export interface MetricRecorder {
  /** Counts one invocation, or the billed time of a hook; cheap enough for each of them. */
  observe(record: InvocationRecord): void
  observeAsync(functionKey: FunctionKey, event: AsyncEvent, latencyMs?: number): void
  /** `read` is called every 10 seconds, each second while somebody follows, and when somebody asks; so it answers at once. */
  addGauges(read: () => Iterable<GaugeReading>): void
  addInstances(read: () => Iterable<InstanceReading>): void
}
