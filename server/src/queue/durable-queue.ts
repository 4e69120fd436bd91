/** The queue on the main thread: bounds, leases and due times in memory, everything else asked of storage. */
import type { Clock, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import { StorageError } from '../storage-thread.ts'
import type { StorageThread } from '../storage-thread.ts'
import { Groups } from './groups.ts'
import type { QueueBounds } from './groups.ts'
import { Leases } from './leases.ts'
import type { QueueAsks, QueueOpened, QueueRefusal, Returned, StateChange } from './messages.ts'
import { KeyExistsError } from './port.ts'
import type { Delivery, GroupStats, MessageQueue, NewMessage, State, StateQuery, StateWrite } from './port.ts'
import { QueueTime } from './queue-time.ts'
import { decodeCursor } from './state-cursor.ts'

/** Longest that a set or suspended clock goes unnoticed while something waits for its time. */
const DUE_TIMER_MAX_MS = 60_000
const RELEASE_RETRY_MS = 1000
const STATE_SWEEP_INTERVAL_MS = 60_000

export type QueueStorage = Pick<StorageThread<QueueAsks, QueueOpened, QueueRefusal>, 'ask' | 'close'>

export function refusalError(refusal: QueueRefusal): Error {
  if ('key' in refusal) return new KeyExistsError(refusal.key)
  return new FcError('ServiceUnavailable', 'the disk has no room for more asynchronous invocations; try again later')
}

export class DurableQueue implements MessageQueue {
  readonly #storage: QueueStorage
  readonly #clock: Clock
  readonly #groups: Groups
  readonly #leases: Leases
  readonly #listeners: ((group: string) => void)[] = []
  #time: QueueTime
  #timer: Timer | null = null
  #timerMs = Infinity
  #nextSweepMs = 0
  #isClosed = false

  constructor(storage: QueueStorage, bounds: QueueBounds, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
    this.#groups = new Groups(bounds)
    this.#leases = new Leases(clock, (ids) => void this.#release(ids))
    this.#time = new QueueTime(clock, 0)
  }

  /** Storage was opened, at the start or again: no lease is left, and what it holds waits. */
  opened(opened: QueueOpened): void {
    this.#time = new QueueTime(this.#clock, Math.max(opened.latestMs, this.#time.nowMs()))
    this.#leases.clear()
    this.#groups.reset(opened)
    this.#tellAll()
  }

  async enqueue(message: NewMessage, state?: StateWrite): Promise<void> {
    const { id, group, body, attributes } = message
    const enqueuedMs = this.#time.nowMs()
    const dueMs = this.#time.fromWallMs(message.dueMs)
    const expiresMs = this.#time.fromWallMs(message.expiresMs)
    this.#groups.admit(group, body.length)
    try {
      const stored = { id, group, attributes, dueMs, expiresMs, enqueuedMs }
      await this.#ask('enqueue', { message: stored, state: this.#change(state) }, body)
    } catch (error) {
      this.#groups.turnedAway(group, body.length)
      throw error
    }
    this.#groups.entered(group, body.length, Math.min(dueMs, expiresMs), enqueuedMs)
    this.#tell(group)
  }

  async receive(group: string, limit: number, leaseMs: number): Promise<Delivery[]> {
    const nowMs = this.#time.nowMs()
    const { deliveries, waiting } = await this.#ask('receive', { group, limit, nowMs })
    if (!this.#isClosed) for (const { id } of deliveries) this.#leases.hold(id, leaseMs)
    this.#groups.received(group, deliveries.length, waiting, nowMs)
    this.#tell(group)
    return deliveries.map(({ id, body, attributes, dueMs, expiresMs, enqueuedMs, deliveries }) => ({
      ...{ id, group, body, attributes, deliveries },
      dueMs: this.#time.toWallMs(dueMs),
      expiresMs: this.#time.toWallMs(expiresMs),
      enqueuedMs: this.#time.toWallMs(enqueuedMs),
      isExpired: expiresMs <= nowMs,
    }))
  }

  async renew(id: string, leaseMs: number): Promise<boolean> {
    return this.#leases.renew(id, leaseMs)
  }

  async complete(id: string, state?: StateWrite): Promise<void> {
    const removed = await this.#ask('complete', { id, state: this.#change(state) })
    this.#leases.drop(id)
    if (removed !== null) this.#groups.removed(removed)
  }

  async retry(id: string, dueMs: number, attributes: string, state?: StateWrite): Promise<void> {
    const times = { dueMs: this.#time.fromWallMs(dueMs), nowMs: this.#time.nowMs() }
    const returned = await this.#ask('retry', { id, ...times, attributes, state: this.#change(state) })
    this.#leases.drop(id)
    if (returned !== null) this.#returned(returned)
  }

  async cancel(id: string, state?: StateWrite): Promise<boolean> {
    const removed = await this.#ask('cancel', { id, state: this.#change(state) })
    if (removed !== null) this.#groups.removed(removed)
    return removed !== null
  }

  async writeStates(writes: readonly StateWrite[]): Promise<void> {
    await this.#ask('writeStates', { states: writes.map((write) => this.#change(write)!) })
  }

  async readState(group: string, key: string): Promise<State | undefined> {
    return (await this.#ask('readState', { group, key, nowMs: this.#clock.nowMs() })) ?? undefined
  }

  async listStates(query: StateQuery): Promise<{ states: State[]; cursor: string | null }> {
    if (query.cursor !== undefined) decodeCursor(query.cursor)
    return this.#ask('listStates', { query, nowMs: this.#clock.nowMs() })
  }

  onDue(listener: (group: string) => void): void {
    this.#listeners.push(listener)
    const nowMs = this.#time.nowMs()
    for (const group of this.#groups.namesOfDue(nowMs)) listener(group)
  }

  async check(): Promise<void> {
    await this.#ask('check', { nowMs: this.#time.nowMs() })
  }

  stats(): GroupStats[] {
    return this.#groups.stats((queueMs) => this.#time.toWallMs(queueMs))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#leases.clear()
    this.#timer?.cancel()
    await this.#storage.close()
  }

  async #ask<Kind extends keyof QueueAsks>(
    kind: Kind,
    ask: QueueAsks[Kind]['ask'],
    body?: Uint8Array,
  ): Promise<QueueAsks[Kind]['answer']> {
    try {
      return await this.#storage.ask(kind, ask, body)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      throw new FcError(error.reason === 'busy' ? 'ResourceThrottled' : 'ServiceUnavailable', error.message)
    }
  }

  /** The leases of these have ended. When storage cannot say so now, they are as if held until it can. */
  async #release(ids: string[]): Promise<void> {
    try {
      for (const returned of await this.#ask('release', { ids })) this.#returned(returned)
    } catch {
      if (!this.#isClosed) for (const id of ids) this.#leases.hold(id, RELEASE_RETRY_MS)
    }
  }

  #returned(returned: Returned): void {
    this.#groups.returned(returned)
    this.#tell(returned.group)
  }

  #change(state: StateWrite | undefined): StateChange | null {
    if (state === undefined) return null
    const nowMs = this.#clock.nowMs()
    if (nowMs >= this.#nextSweepMs) {
      this.#nextSweepMs = nowMs + STATE_SWEEP_INTERVAL_MS
      void this.#sweepStates(nowMs)
    }
    return { ...state, nowMs }
  }

  /** Reading leaves out what has expired; this gives its space back, when states are written and not by a timer. */
  async #sweepStates(nowMs: number): Promise<void> {
    try {
      while (await this.#ask('sweepStates', { nowMs })) continue
    } catch {
      // The next sweep does it.
    }
  }

  #tellAll(): void {
    for (const group of this.#groups.names()) this.#tell(group)
  }

  /** Tells the listeners when something in the group is due, now or at its time. */
  #tell(group: string): void {
    const nowMs = this.#time.nowMs()
    const dueMs = this.#groups.takeDue(group, nowMs)
    if (dueMs <= nowMs) for (const listener of this.#listeners) listener(group)
    else if (dueMs < this.#timerMs) this.#tellAt(dueMs, nowMs)
  }

  #tellAt(dueMs: number, nowMs: number): void {
    this.#timer?.cancel()
    this.#timerMs = dueMs
    this.#timer = this.#clock.setTimer(Math.min(dueMs - nowMs, DUE_TIMER_MAX_MS), () => {
      this.#timerMs = Infinity
      this.#tellAll()
    })
  }
}
