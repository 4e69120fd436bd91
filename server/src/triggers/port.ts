/** What starts functions without a caller: each source attaches triggers, delivers their events and lets go of them. */
import type { FunctionKey, TriggerDocument } from '../model.ts'

export interface TriggerEvent {
  /** The same for the same event, however often it is delivered: an event that was accepted is not accepted again. */
  requestId: string
  payload: Uint8Array
  /** How many triggers in a row led here, this one not counted. */
  depth: number
}

/** Where the events of one trigger go; resolves when the event is durable: only then a source acknowledges it. */
export type Deliver = (trigger: TriggerDocument, event: TriggerEvent) => Promise<void>

/** One kind of event source. */
export interface TriggerSource {
  /** `oss`, `timer`, `eventbridge`. */
  readonly triggerType: string
  /** At start for each that exists, then whenever one is created or changed. */
  attach(trigger: TriggerDocument): void
  detach(functionKey: FunctionKey, triggerName: string): void
  close(): Promise<void>
}
