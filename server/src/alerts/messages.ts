/** What the alerts and their storage thread say to each other. */
import type { RuleState } from './decide.ts'
import type { AlertEvent, AlertHistoryQuery, AlertNotice } from './port.ts'

export interface StoredState {
  rule: string
  state: RuleState
}

/** A notice on its way through one route. */
export interface StoredDelivery {
  id: string
  route: string
  notice: AlertNotice
  /** That failed. */
  attempts: number
  /** Of the next attempt. */
  dueMs: number
}

/** What one round of evaluations changed: all of it is written, or nothing. */
export interface Change {
  states: StoredState[]
  /** Rules that are no longer evaluated. */
  forgotten: string[]
  events: AlertEvent[]
  deliveries: StoredDelivery[]
}

export interface AlertAsks {
  record: { ask: Change & { nowMs: number }; answer: null }
  /** An attempt is over; `retry` null: with it the delivery. */
  settle: {
    ask: {
      id: string
      retry: Pick<StoredDelivery, 'attempts' | 'dueMs'> | null
      event: AlertEvent | null
      nowMs: number
    }
    answer: null
  }
  history: { ask: AlertHistoryQuery; answer: { events: AlertEvent[]; nextCursor?: string } }
}

export interface AlertData {
  file: string
  eventsMax: number
  eventsAgeMsMax: number
}

export interface AlertsOpened {
  states: StoredState[]
  /** Oldest first. */
  deliveries: StoredDelivery[]
}
