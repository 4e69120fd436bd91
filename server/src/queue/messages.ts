/** What the queue and its storage thread say to each other. Times of messages are in queue time, those of states on the wall clock. */
import type { Delivery, NewMessage, State, StateQuery, StateWrite } from './port.ts'

/** `nowMs`: what expired before it is not there. */
export type StateChange = StateWrite & { nowMs: number }

/** The body comes as the bytes of the ask. */
export type StoredMessage = Omit<NewMessage, 'body'> & { enqueuedMs: number }

export type StoredDelivery = Omit<Delivery, 'isExpired' | 'group'>

/** What waits in a group: the first due time, and when the oldest was enqueued; null: nothing waits. */
export interface Waiting {
  nextDueMs: number
  oldestEnqueuedMs: number
}

/** A message that waits from now on. */
export interface Returned extends Waiting {
  id: string
  group: string
}

export interface Removed {
  group: string
  bodyBytes: number
  wasInFlight: boolean
  /** What is left to wait in the group; null when the message itself did not wait, too. */
  waiting: Waiting | null
}

export interface QueueAsks {
  enqueue: { ask: { message: StoredMessage; state: StateChange | null }; answer: null }
  receive: {
    ask: { group: string; limit: number; nowMs: number }
    answer: { deliveries: StoredDelivery[]; waiting: Waiting | null }
  }
  /** Null: there is no such message. */
  complete: { ask: { id: string; state: StateChange | null }; answer: Removed | null }
  /** Null: no such message is in flight. */
  retry: {
    ask: { id: string; dueMs: number; nowMs: number; attributes: string; state: StateChange | null }
    answer: Returned | null
  }
  /** Leases have ended; the answer leaves out what was not in flight. */
  release: { ask: { ids: string[] }; answer: Returned[] }
  /** Null: no such message waits. */
  cancel: { ask: { id: string; state: StateChange | null }; answer: Removed | null }
  writeStates: { ask: { states: StateChange[] }; answer: null }
  readState: { ask: { group: string; key: string; nowMs: number }; answer: State | null }
  listStates: {
    ask: { query: StateQuery; nowMs: number }
    answer: { states: State[]; cursor: string | null }
  }
  /** Refused when new messages would be, for want of room. */
  check: { ask: { nowMs: number }; answer: null }
  /** Forgets some that have expired; true: there may be more. */
  sweepStates: { ask: { nowMs: number }; answer: boolean }
}

/** The id of a message or the key of a state that exists; or the disk has no room for new messages. */
export type QueueRefusal = { key: string } | { diskIsLow: true }

/** What its thread is given. */
export interface QueueData {
  /** `:memory:` for none. */
  directory: string
  /** Below it no message is accepted. */
  freeBytesMin: number
}

/** What the database holds when it is opened, all of it waiting. */
export interface QueueOpened {
  groups: (Waiting & { group: string; waiting: number; bodyBytes: number })[]
  /** The latest time in it, so that queue time does not go back behind; 0: it is empty. */
  latestMs: number
}
