/**
 * A durable queue: what was accepted is delivered at least once, whatever dies in between. Messages belong to groups (one
 * for each function and qualifier); each group is in order of due time, and what is due in one group never hides another's.
 */

/** A state that outlives its message (that of a task), changed in the same commit as the message that it is about. */
export interface StateWrite {
  group: string
  /** Unique within the group. */
  key: string
  status: string
  startedMs: number
  /** JSON; the queue does not read it. */
  document: string
  /** Refuse with `KeyExistsError` when the group has this key already. */
  isNew: boolean
  /** Forgotten after. */
  expiresMs: number
}

export interface State extends Omit<StateWrite, 'isNew'> {}

export interface StateQuery {
  group: string
  status?: string
  keyPrefix?: string
  /** Inclusive. */
  startedFromMs?: number
  startedToMs?: number
  order: 'ascending' | 'descending'
  limit: number
  /** Of the page before. */
  cursor?: string
}

export interface NewMessage {
  /** Unique in the queue; a second message of this id is refused with `KeyExistsError` while the first is in it. */
  id: string
  group: string
  body: Uint8Array
  /** JSON for the consumer; the queue does not read it. */
  attributes: string
  /** Not delivered before. */
  dueMs: number
  /** From here on it is delivered once more, as expired, for its consumer to tell somebody and complete it. */
  expiresMs: number
}

export interface Delivery extends NewMessage {
  enqueuedMs: number
  /** This one included; those that a lost lease or the end of the process cut short count. */
  deliveries: number
  isExpired: boolean
}

export interface GroupStats {
  group: string
  /** Waiting, due or not. */
  waiting: number
  inFlight: number
  /** When the oldest that waits was enqueued; null: none waits. */
  oldestEnqueuedMs: number | null
  bodyBytes: number
}

export class KeyExistsError extends Error {
  readonly key: string
  constructor(key: string) {
    super(`'${key}' exists already`)
    this.name = 'KeyExistsError'
    this.key = key
  }
}

export interface MessageQueue {
  /**
   * On disk when it resolves: calls that come together share one sync. Rejects with KeyExistsError (message or new state),
   * or with FcError ResourceThrottled (a bound of messages or bytes) or ServiceUnavailable (the disk), nothing kept then.
   */
  enqueue(message: NewMessage, state?: StateWrite): Promise<void>
  /** At most `limit` due messages of the group; each is this consumer's until its lease ends. */
  receive(group: string, limit: number, leaseMs: number): Promise<Delivery[]>
  /** Extends the lease from now; false: the message was lost to its lease, was completed or removed. */
  renew(id: string, leaseMs: number): Promise<boolean>
  /** Done: it is never delivered again. Resolves when on disk. */
  complete(id: string, state?: StateWrite): Promise<void>
  /** Gives it back, to be delivered from `dueMs` on, with other attributes. */
  retry(id: string, dueMs: number, attributes: string, state?: StateWrite): Promise<void>
  /** Removes messages that are not in flight; false: there is none of this id that waits. */
  cancel(id: string, state?: StateWrite): Promise<boolean>
  writeStates(writes: readonly StateWrite[]): Promise<void>
  readState(group: string, key: string): Promise<State | undefined>
  listStates(query: StateQuery): Promise<{ states: State[]; cursor: string | null }>
  /** Hears of each group when something in it becomes due; at once of those that have something due now. */
  onDue(listener: (group: string) => void): void
  /** Rejects with FcError ServiceUnavailable when new messages would be refused now: the disk, or the storage. */
  check(): Promise<void>
  /** From memory: costs no storage. */
  stats(): GroupStats[]
  close(): Promise<void>
}
