/** What starts functions without a caller: each source attaches triggers, delivers their events and lets go of them. */
import type { FunctionKey, TriggerDocument } from '../model.ts'
import type { AsyncOverrides } from '../invocations/port.ts'
import type { StateWrite } from '../queue/port.ts'
import type { CloudEvent } from './eventbridge/cloud-event.ts'

export { checkEventPattern } from './eventbridge/pattern.ts'
export { EVENT_BYTES_MAX, readCloudEvents, type CloudEvent } from './eventbridge/cloud-event.ts'
export { busOf, bucketOf } from './source-arn.ts'
export { OSS_EVENT_NAMES } from './oss/events.ts'
export { isTimeZone, problemOfCron } from './timer/expression.ts'
export { checkTimerExpression } from './timer/schedule.ts'

export interface TriggerEvent {
  /** The same for the same event, however often it is delivered: an event that was accepted is not accepted again. */
  requestId: string
  payload: Uint8Array
  /** How many triggers in a row led here, this one not counted. */
  depth: number
  clientIp?: string
  overrides?: AsyncOverrides
  /** A state of the source that is written in the same commit. */
  state?: StateWrite
}

/**
 * Where the events of one trigger go; resolves when the event is durable, or was dropped for good and told: only then a
 * source acknowledges it. Rejects when it cannot be taken now.
 */
export type Deliver = (trigger: TriggerDocument, event: TriggerEvent) => Promise<void>

/** One kind of event source. */
export interface TriggerSource {
  /** `oss`, `timer`, `eventbridge`. */
  readonly triggerType: string
  /** At start for each that exists, then whenever one is created or changed. */
  attach(trigger: TriggerDocument): void
  detach(functionKey: FunctionKey, triggerName: string): void
  /** Every trigger that there is at start was attached: what waited for them may be delivered. */
  start(): void
  /** When a trigger ran and will run, for those that have times of their own. */
  runsOf?(functionKey: FunctionKey, triggerName: string): TriggerRuns | undefined
  close(): Promise<void>
}

export interface TriggerRuns {
  /** Due time of the last run; null: none yet. */
  lastMs: number | null
  nextMs: number | null
}

export interface ListedTrigger extends TriggerRuns {
  trigger: TriggerDocument
}

/** An event bus, to which events are published from outside. */
export interface EventBus {
  /**
   * Durable for every trigger whose pattern they match when it resolves, to how many matched. Rejects with FcError when
   * one cannot be taken now; whoever publishes the same events again does no harm.
   */
  publish(busName: string, events: readonly CloudEvent[], publisher: Publisher): Promise<number>
}

export interface Publisher {
  clientIp: string
  /** The function whose code publishes; null: somebody outside. */
  functionKey: FunctionKey | null
}

/** What the management API asks before it lets a trigger be created. */
export interface TriggerRules {
  hasBucket(name: string): boolean
  /** Another oss trigger that could hear of the same event; undefined: there is none. */
  overlapping(trigger: TriggerDocument): TriggerDocument | undefined
}

export type TriggerOutcome = 'fired' | 'missed' | 'filtered' | 'failed'
