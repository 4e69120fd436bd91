/** What is counted of a function, a service, an instance or everything in a stretch of time. */

/**
 * How two values become one: counts are added; of readings the highest or the latest is kept, and one that was never
 * taken is NaN. `scale`: what is kept of fractions, on disk and in the seconds that are over.
 */
interface Field {
  merge: 'sum' | 'max' | 'last'
  scale: number
}

const count: Field = { merge: 'sum', scale: 1 }
const msSum: Field = { merge: 'sum', scale: 1000 }
const ms: Field = { merge: 'max', scale: 1000 }
const highest: Field = { merge: 'max', scale: 1 }
const latest: Field = { merge: 'last', scale: 1 }
const megabytes: Field = { merge: 'max', scale: 100 }
const currency: Field = { merge: 'last', scale: 1_000_000 }

/** Their order is that of the database: new ones go to the end. */
const table = {
  invocations: count,
  http2xx: count,
  http3xx: count,
  http4xx: count,
  http5xx: count,
  serverErrors: count,
  clientErrors: count,
  functionErrors: count,
  concurrencyThrottles: count,
  resourceThrottles: count,
  coldStarts: count,
  /** Invocations in which code ran: those whose duration is known. */
  executed: count,
  durationMsSum: msSum,
  durationMsMax: ms,
  latencyMsSum: msSum,
  latencyMsMax: ms,
  coldStartMsSum: msSum,
  memoryMBMax: megabytes,
  memoryLimitMB: latest,
  billedMs: count,
  billedMBms: count,
  requestBytes: count,
  responseBytes: count,
  asyncEnqueued: count,
  asyncDequeued: count,
  asyncStarted: count,
  asyncLatencyMsSum: msSum,
  asyncLatencyMsMax: ms,
  asyncRetried: count,
  asyncExpired: count,
  asyncDropped: count,
  destinationSucceeded: count,
  destinationFailed: count,
  concurrency: highest,
  concurrencyLimit: latest,
  onDemandInstances: highest,
  provisionedInstances: highest,
  onDemandQuota: latest,
  waitingRequests: highest,
  asyncBacklog: highest,
  asyncInProcess: highest,
  monthCost: currency,
  monthForecast: currency,
  /** Readings of an instance; the sums below are over them. */
  readings: count,
  concurrentMax: highest,
  concurrentSum: count,
  cpuQuotaCores: { merge: 'last', scale: 1000 },
  cpuCoresMax: { merge: 'max', scale: 1000 },
  cpuCoresSum: { merge: 'sum', scale: 1000 },
  usedMemoryMBMax: megabytes,
  usedMemoryMBSum: { merge: 'sum', scale: 100 },
  asyncOldestMs: highest,
} satisfies Record<string, Field>

export type FieldName = keyof typeof table

export const FIELD_NAMES = Object.keys(table) as FieldName[]
export const FIELDS: readonly Field[] = FIELD_NAMES.map((name) => table[name])
export const FIELD = Object.fromEntries(FIELD_NAMES.map((name, index) => [name, index])) as Record<FieldName, number>

/** Of a row that has nothing but these, there is nothing to keep. */
export const LIMITS: readonly number[] = [FIELD.memoryLimitMB, FIELD.concurrencyLimit, FIELD.onDemandQuota]
