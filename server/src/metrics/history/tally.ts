/** Counts, readings and the histogram of durations of one subject in one stretch of time. */
import type { InvocationRecord } from '../../logs/port.ts'
import type { AsyncEvent } from '../port.ts'
import { FIELD, FIELDS, type FieldName, LIMITS } from './fields.ts'
import { BUCKET_COUNT, bucketOf, quantileOf } from './log-buckets.ts'

const EMPTY = Float64Array.from(FIELDS, ({ merge }) => (merge === 'sum' ? 0 : Number.NaN))

const ASYNC_FIELDS: Record<AsyncEvent, number> = {
  enqueued: FIELD.asyncEnqueued,
  dequeued: FIELD.asyncDequeued,
  started: FIELD.asyncStarted,
  retried: FIELD.asyncRetried,
  expired: FIELD.asyncExpired,
  dropped: FIELD.asyncDropped,
  destinationSucceeded: FIELD.destinationSucceeded,
  destinationFailed: FIELD.destinationFailed,
}

export class Tally {
  readonly values = Float64Array.from(EMPTY)
  readonly durations = new Uint32Array(BUCKET_COUNT)

  /** A value of zero counts as none for what is added up. */
  get(name: FieldName): number | null {
    const value = this.values[FIELD[name]]!
    return Number.isNaN(value) ? null : value
  }

  /** Of durations, in ms; never above the longest. */
  quantile(share: number): number | null {
    const value = quantileOf(this.durations, share)
    return value === null ? null : Math.min(value, this.values[FIELD.durationMsMax]!)
  }

  /** Nothing happened, and what was read is zero. */
  get isEmpty(): boolean {
    return this.values.every((value, field) => Number.isNaN(value) || value === 0 || LIMITS.includes(field))
  }

  reset(): void {
    this.values.set(EMPTY)
    this.durations.fill(0)
  }

  /** The run of a hook is paid for, and is no invocation. */
  observe(record: InvocationRecord): void {
    const { values } = this
    values[FIELD.billedMs]! += record.billedMs
    values[FIELD.billedMBms]! += record.billedMs * record.memoryMB
    if (record.kind !== 'event' && record.kind !== 'http') return
    const { statusCode, durationMs, queuedMs, errorType } = record
    values[FIELD.invocations]!++
    values[FIELD.memoryLimitMB] = record.memoryMB
    if (statusCode >= 200 && statusCode < 600) values[FIELD.http2xx + Math.floor(statusCode / 100) - 2]!++
    if (record.fault !== null) this.#observeFault(record.fault, errorType)
    if (durationMs > 0) {
      values[FIELD.executed]!++
      values[FIELD.durationMsSum]! += durationMs
      this.#raise(FIELD.durationMsMax, durationMs)
      this.durations[bucketOf(durationMs)]!++
      values[FIELD.latencyMsSum]! += queuedMs + durationMs
      this.#raise(FIELD.latencyMsMax, queuedMs + durationMs)
      this.#raise(FIELD.memoryMBMax, record.maxMemoryMB)
    }
    if (record.coldStart !== null) {
      values[FIELD.coldStarts]!++
      values[FIELD.coldStartMsSum]! += queuedMs
    }
    values[FIELD.requestBytes]! += record.requestBytes
    values[FIELD.responseBytes]! += record.responseBytes
  }

  #observeFault(fault: NonNullable<InvocationRecord['fault']>, errorType: string): void {
    const { values } = this
    if (errorType === 'ResourceExhausted') values[FIELD.concurrencyThrottles]!++
    else if (errorType === 'ResourceThrottled') values[FIELD.resourceThrottles]!++
    else if (fault === 'function') values[FIELD.functionErrors]!++
    else if (fault === 'platform') values[FIELD.serverErrors]!++
    else values[FIELD.clientErrors]!++
  }

  observeAsync(event: AsyncEvent, latencyMs: number | undefined): void {
    this.values[ASYNC_FIELDS[event]]!++
    if (latencyMs === undefined) return
    this.values[FIELD.asyncLatencyMsSum]! += latencyMs
    this.#raise(FIELD.asyncLatencyMsMax, latencyMs)
  }

  add(name: FieldName, value: number): void {
    this.addTo(FIELD[name], value)
  }

  /** Counts add up, readings are taken as their field says. */
  addTo(field: number, value: number): void {
    const { merge } = FIELDS[field]!
    if (merge === 'sum') this.values[field]! += value
    else if (merge === 'last') this.values[field] = value
    else this.#raise(field, value)
  }

  /** What `later` holds comes after what is here. */
  merge(later: Tally): void {
    const { values, durations } = later
    for (let field = 0; field < values.length; field++) {
      const value = values[field]!
      if (value === 0 ? FIELDS[field]!.merge !== 'sum' : !Number.isNaN(value)) this.addTo(field, value)
    }
    if (values[FIELD.executed] === 0) return
    for (let bucket = 0; bucket < durations.length; bucket++) this.durations[bucket]! += durations[bucket]!
  }

  #raise(field: number, value: number): void {
    // Nothing is greater than NaN, which stands for no reading.
    if (!(this.values[field]! >= value)) this.values[field] = value
  }
}
