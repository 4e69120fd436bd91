/** The queue in memory, driven by a simulated clock: what its contract promises, without a disk. */
import type { Clock, Timer } from '../../clock.ts'
import {
  KeyExistsError,
  type Delivery,
  type MessageQueue,
  type NewMessage,
  type State,
  type StateWrite,
} from '../../queue/port.ts'

interface Kept extends Delivery {
  /** 0: it waits. */
  leasedUntilMs: number
}

export class QueueInMemory implements MessageQueue {
  readonly messages = new Map<string, Kept>()
  readonly states = new Map<string, State>()
  readonly #clock: Clock
  readonly #listeners: ((group: string) => void)[] = []
  #timer: Timer | null = null
  /** Set: every call rejects with it. */
  broken: Error | null = null
  renewals = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async enqueue(message: NewMessage, state?: StateWrite): Promise<void> {
    this.#check()
    if (this.messages.has(message.id)) throw new KeyExistsError(message.id)
    this.#write(state)
    const body = Uint8Array.from(message.body)
    const enqueuedMs = this.#clock.nowMs()
    this.messages.set(message.id, { ...message, body, enqueuedMs, deliveries: 0, isExpired: false, leasedUntilMs: 0 })
    this.#wake()
  }

  async receive(group: string, limit: number, leaseMs: number): Promise<Delivery[]> {
    this.#check()
    const nowMs = this.#clock.nowMs()
    const due = [...this.messages.values()]
      .filter((each) => each.group === group && nextMs(each) <= nowMs)
      .sort((a, b) => a.dueMs - b.dueMs)
      .slice(0, limit)
    for (const message of due) {
      message.deliveries++
      message.isExpired = nowMs >= message.expiresMs
      message.leasedUntilMs = nowMs + leaseMs
    }
    this.#wake()
    return due.map((message) => ({ ...message }))
  }

  async renew(id: string, leaseMs: number): Promise<boolean> {
    this.#check()
    this.renewals++
    const message = this.messages.get(id)
    if (!message || message.leasedUntilMs === 0) return false
    message.leasedUntilMs = this.#clock.nowMs() + leaseMs
    return true
  }

  async complete(id: string, state?: StateWrite): Promise<void> {
    this.#check()
    this.messages.delete(id)
    this.#write(state)
  }

  async retry(id: string, dueMs: number, attributes: string, state?: StateWrite): Promise<void> {
    this.#check()
    Object.assign(this.messages.get(id)!, { dueMs, attributes, leasedUntilMs: 0 })
    this.#write(state)
    this.#wake()
  }

  async cancel(id: string, state?: StateWrite): Promise<boolean> {
    this.#check()
    const message = this.messages.get(id)
    if (!message || message.leasedUntilMs > this.#clock.nowMs()) return false
    this.messages.delete(id)
    this.#write(state)
    return true
  }

  async writeStates(writes: readonly StateWrite[]): Promise<void> {
    this.#check()
    for (const write of writes) this.#write(write)
  }

  async readState(group: string, key: string): Promise<State | undefined> {
    this.#check()
    return this.states.get(`${group}\n${key}`)
  }

  async listStates({ group }: { group: string }): Promise<{ states: State[]; cursor: null }> {
    return { states: [...this.states.values()].filter((state) => state.group === group), cursor: null }
  }

  onDue(listener: (group: string) => void): void {
    this.#listeners.push(listener)
    this.#wake()
  }

  stats() {
    return []
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
  }

  /** As after the end of the process: what was given out is nobody's. */
  restart(): void {
    this.#listeners.length = 0
    for (const message of this.messages.values()) message.leasedUntilMs = 0
  }

  #check(): void {
    if (this.broken) throw this.broken
  }

  #write(state: StateWrite | undefined): void {
    if (!state) return
    const { isNew, ...kept } = state
    const key = `${state.group}\n${state.key}`
    if (isNew && this.states.has(key)) throw new KeyExistsError(state.key)
    this.states.set(key, kept)
  }

  /** Tells of groups with something due, and comes back when the next is. */
  #wake(): void {
    const nowMs = this.#clock.nowMs()
    const groups = new Set<string>()
    let soonestMs = Infinity
    for (const message of this.messages.values()) {
      const atMs = nextMs(message)
      if (atMs <= nowMs) groups.add(message.group)
      else soonestMs = Math.min(soonestMs, atMs)
    }
    this.#timer?.cancel()
    this.#timer = soonestMs === Infinity ? null : this.#clock.setTimer(soonestMs - nowMs, () => this.#wake())
    for (const group of groups) for (const listener of this.#listeners) listener(group)
  }
}

/** When it is given out next. */
function nextMs({ leasedUntilMs, dueMs, expiresMs, isExpired }: Kept): number {
  return leasedUntilMs > 0 ? leasedUntilMs : isExpired ? dueMs : Math.min(dueMs, expiresMs)
}
