/** What the platform counts about itself, in the Prometheus text format. */
import type { InvocationRecord } from '../logs/port.ts'

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
  logs(): { droppedLines: number; droppedRecords: number; storedBytes: number }
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
}

/** Functions (and versions of them) told apart in labels; all later ones share the name `other`. */
export const LABELLED_VERSIONS_MAX = 200
