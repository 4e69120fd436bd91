/**
 * Takes due messages out of the queue, group by group in turns, and keeps their leases while they are worked on. What is
 * done with them is the consumer's; how many at a time, `flow.ts`'s and the consumer's shares.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { Delivery, MessageQueue } from '../../queue/port.ts'
import { Flow } from './flow.ts'
import { QueueHealth } from './queue-health.ts'

export const LEASE_MS = 60_000
const RENEW_MS = LEASE_MS / 3
/** Taken from one group before the next has its turn. */
const TURN_MAX = 16
/** What a consumer counts as the whole, in parts, so that what is taken and given back adds up. */
export const WHOLE_HOST = 1_000_000
/** The rest stays free for callers who wait. */
const SHARE_MAX = WHOLE_HOST / 2
/** One message that is being worked on, told to its consumer. */
export interface Hold {
  /** It waits for nothing any more: the next may come. */
  started(): void
  /** There was no capacity for it. */
  refused(): void
  /** Runs a change of the queue until it succeeds. */
  settle(change: () => Promise<unknown>): Promise<void>
}

export interface Consumer {
  /** Whether its messages are this consumer's. */
  owns(group: string): boolean
  /** Whether its messages take something of the host. */
  readonly usesHost: boolean
  /** What one message of the group takes of the host while it is worked on; whole parts of `WHOLE_HOST`. */
  shareOf(group: string): number
  /** Resolves when it is completed, given back or given up. */
  work(delivery: Delivery, hold: Hold): Promise<void>
}

export interface DispatcherDeps {
  clock: Clock
  queue: MessageQueue
  consumers: readonly Consumer[]
  onDefect(error: unknown, messageId: string): void
}

interface Group {
  name: string
  consumer: Consumer
  flow: Flow
  isReceiving: boolean
  /** Something became due since it was last asked. */
  isDue: boolean
  pause: Timer | null
}

export class Dispatcher {
  readonly #deps: DispatcherDeps
  readonly #health: QueueHealth
  readonly #groups = new Map<string, Group>()
  /** Those with something due, in the order of their turns. */
  readonly #ready = new Set<Group>()
  readonly #held = new Set<string>()
  #share = 0
  #isPumpAsked = false
  #isClosed = false
  #renewal: Timer | null = null
  #onIdle: (() => void) | null = null

  constructor(deps: DispatcherDeps) {
    this.#deps = deps
    this.#health = new QueueHealth(deps.clock, deps.queue, () => this.#pump())
  }

  /** Why nothing is taken out; null: all is well. */
  get problem(): Error | null {
    return this.#health.problem
  }

  start(): void {
    this.#deps.queue.onDue((name) => {
      const group = this.#group(name)
      if (group === undefined || this.#isClosed) return
      group.isDue = true
      this.#ready.add(group)
      this.#askPump()
    })
  }

  /** Takes nothing more; resolves when nothing is worked on, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    this.#health.close()
    for (const { pause } of this.#groups.values()) pause?.cancel()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onIdle = resolve
    const timer = this.#deps.clock.setTimer(graceMs, resolve)
    this.#tellIdle()
    await promise
    timer.cancel()
    this.#renewal?.cancel()
  }

  #group(name: string): Group | undefined {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const consumer = this.#deps.consumers.find((each) => each.owns(name))
    if (consumer === undefined) return undefined
    const group: Group = { name, consumer, flow: new Flow(), isReceiving: false, isDue: false, pause: null }
    this.#groups.set(name, group)
    return group
  }

  /** Once for all that became due together. */
  #askPump(): void {
    if (this.#isPumpAsked) return
    this.#isPumpAsked = true
    queueMicrotask(() => {
      this.#isPumpAsked = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#isClosed || this.#health.isAway) return
    const nowMs = this.#deps.clock.nowMs()
    let isHostFull = false
    // Those that had their turn go to the end: they are seen again, while they receive.
    for (const group of this.#ready) {
      if (group.isReceiving || (isHostFull && group.consumer.usesHost)) continue
      const room = group.flow.room(nowMs)
      if (room === 0) {
        this.#resumeAfterPause(group, nowMs)
        continue
      }
      const share = group.consumer.shareOf(group.name)
      const free = share === 0 ? TURN_MAX : Math.floor((SHARE_MAX - this.#share) / share)
      // What is larger than the whole share still runs, alone.
      const count = Math.min(room, TURN_MAX, this.#share === 0 ? Math.max(1, free) : free)
      if (count < 1) {
        // Nor may those behind it, however small: it would never have its turn.
        isHostFull = true
        continue
      }
      // The next turn is the others'.
      this.#ready.delete(group)
      this.#ready.add(group)
      void this.#receive(group, count, share)
    }
  }

  #resumeAfterPause(group: Group, nowMs: number): void {
    const { pausedUntilMs } = group.flow
    if (group.pause !== null || pausedUntilMs <= nowMs) return
    group.pause = this.#deps.clock.setTimer(pausedUntilMs - nowMs, () => {
      group.pause = null
      this.#pump()
    })
  }

  async #receive(group: Group, count: number, share: number): Promise<void> {
    group.isReceiving = true
    group.isDue = false
    group.flow.take(count)
    this.#share += count * share
    let deliveries: Delivery[] = []
    try {
      deliveries = await this.#deps.queue.receive(group.name, count, LEASE_MS)
      this.#health.worked()
      if (deliveries.length < count && !group.isDue) this.#ready.delete(group)
    } catch (error) {
      this.#health.failed(error)
    }
    const missing = count - deliveries.length
    group.isReceiving = false
    group.flow.giveBack(missing)
    this.#share -= missing * share
    // Of one who is closing it is nobody's: the next start gives it out again.
    if (!this.#isClosed) for (const delivery of deliveries) void this.#work(group, delivery, share)
    this.#forget(group)
    this.#askPump()
  }

  async #work(group: Group, delivery: Delivery, share: number): Promise<void> {
    const { flow } = group
    const { clock } = this.#deps
    const { id } = delivery
    // Its lease was lost while it is worked on here: that goes on, under the new one.
    const isOurs = !this.#held.has(id)
    let isWaiting = true
    if (isOurs) {
      this.#held.add(id)
      this.#renewLater()
      const sinceMs = clock.monotonicMs()
      const hold: Hold = {
        started: () => {
          if (!isWaiting) return
          isWaiting = false
          flow.started(clock.monotonicMs() - sinceMs)
          this.#askPump()
        },
        refused: () => flow.refused(clock.nowMs()),
        settle: (change) => this.#health.settle(change),
      }
      try {
        await group.consumer.work(delivery, hold)
      } catch (error) {
        // The end of its lease brings it back.
        this.#deps.onDefect(error, id)
      }
      this.#held.delete(id)
    }
    if (isWaiting) flow.giveBack(1)
    this.#share -= share
    this.#forget(group)
    this.#tellIdle()
    this.#askPump()
  }

  /** One timer for all leases, while there are any. */
  #renewLater(): void {
    if (this.#renewal !== null) return
    this.#renewal = this.#deps.clock.setTimer(RENEW_MS, () => {
      this.#renewal = null
      if (this.#held.size === 0) return
      for (const id of this.#held) {
        this.#deps.queue.renew(id, LEASE_MS).catch((error: unknown) => this.#health.failed(error))
      }
      this.#renewLater()
    })
  }

  #forget(group: Group): void {
    const { flow, name } = group
    const isPaused = flow.pausedUntilMs > this.#deps.clock.nowMs()
    if (flow.isIdle && !isPaused && !this.#ready.has(group) && !group.isReceiving) this.#groups.delete(name)
  }

  #tellIdle(): void {
    if (this.#held.size === 0) this.#onIdle?.()
  }
}
