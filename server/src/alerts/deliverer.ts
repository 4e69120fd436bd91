/**
 * Takes recorded notices to where their routes lead. The notices of one rule go through a route in their order; a route
 * that hangs or fails holds up nothing but its own.
 */
import { backoffMs } from '../backoff.ts'
import { uuidV7, type Clock, type Timer } from '../clock.ts'
import type { Book } from './book.ts'
import { carry, type Carriers } from './carriers/carrier.ts'
import type { StoredDelivery } from './messages.ts'
import type { AlertEvent, AlertNotice, AlertRoute, TestDelivery } from './port.ts'

/** On their way, in memory and on the disk. */
const DELIVERIES_MAX = 2000
/** Of one route at the same time, each about another rule. */
const IN_FLIGHT_MAX = 4
/** With the pauses between them they take some ten minutes. */
export const ATTEMPTS_MAX = 8
const RETRY_FIRST_MS = 5000
const RETRY_MS_MAX = 320_000
/** Of one attempt, all in all. */
export const ATTEMPT_MS_MAX = 20_000
const MESSAGE_LENGTH_MAX = 300

export interface DelivererDeps {
  clock: Clock
  book: Pick<Book, 'settle'>
  carriers: Carriers
  /** As it is now: a route that is mended while notices wait for it is used as it became. */
  routeOf: (name: string) => AlertRoute | undefined
}

export type DeliveryOutcome = 'delivered' | 'failed' | 'refused'

interface Lane {
  route: string
  waiting: StoredDelivery[]
  isBusy: boolean
  timer: Timer | null
}

export class Deliverer {
  readonly #deps: DelivererDeps
  readonly #lanes = new Map<string, Lane>()
  readonly #inFlight = new Map<string, number>()
  readonly #attempts = new Set<AbortController>()
  readonly #counts = new Map<string, number>()
  #size = 0
  #isClosed = false

  constructor(deps: DelivererDeps) {
    this.#deps = deps
  }

  get room(): number {
    return DELIVERIES_MAX - this.#size
  }

  /** Those that ended, by the kind of their route. */
  *counts(): Generator<{ kind: string; outcome: DeliveryOutcome; count: number }> {
    for (const [id, count] of this.#counts) {
      const [kind, outcome] = id.split(' ') as [string, DeliveryOutcome]
      yield { kind, outcome, count }
    }
  }

  count(route: string, outcome: DeliveryOutcome): void {
    const id = `${this.#deps.routeOf(route)?.kind ?? 'none'} ${outcome}`
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
  }

  /** They are on the disk. */
  add(deliveries: readonly StoredDelivery[]): void {
    for (const delivery of deliveries) {
      const key = `${delivery.route} ${delivery.notice.rule}`
      const lane = this.#lanes.get(key) ?? { route: delivery.route, waiting: [], isBusy: false, timer: null }
      this.#lanes.set(key, lane)
      lane.waiting.push({ ...delivery })
      this.#size++
      this.#go(key, lane)
    }
  }

  /** One attempt, whose outcome is told and not kept. */
  async test(route: AlertRoute, notice: AlertNotice): Promise<TestDelivery> {
    const startMs = this.#deps.clock.monotonicMs()
    const problem = await this.#attempt(route, uuidV7(this.#deps.clock.nowMs()), notice)
    const durationMs = Math.round(this.#deps.clock.monotonicMs() - startMs)
    return { route: route.name, ok: problem === null, message: problem ?? 'delivered', durationMs }
  }

  /** What waits goes on after the next start. */
  close(): void {
    this.#isClosed = true
    for (const { timer } of this.#lanes.values()) timer?.cancel()
    for (const attempt of this.#attempts) attempt.abort()
  }

  #go(key: string, lane: Lane): void {
    const head = lane.waiting[0]
    if (this.#isClosed || lane.isBusy) return
    if (head === undefined) return void this.#lanes.delete(key)
    lane.timer?.cancel()
    // A wall clock that was set back must not hold it up.
    head.dueMs = Math.min(head.dueMs, this.#deps.clock.nowMs() + RETRY_MS_MAX)
    const waitMs = head.dueMs - this.#deps.clock.nowMs()
    if (waitMs > 0) {
      lane.timer = this.#deps.clock.setTimer(waitMs, () => this.#go(key, lane))
      return
    }
    const inFlight = this.#inFlight.get(lane.route) ?? 0
    if (inFlight >= IN_FLIGHT_MAX) return
    this.#inFlight.set(lane.route, inFlight + 1)
    lane.isBusy = true
    void this.#deliver(lane, head).then(() => {
      const others = this.#inFlight.get(lane.route)! - 1
      if (others > 0) this.#inFlight.set(lane.route, others)
      else this.#inFlight.delete(lane.route)
      lane.isBusy = false
      for (const [other, each] of this.#lanes) if (each.route === lane.route) this.#go(other, each)
    })
  }

  async #deliver(lane: Lane, delivery: StoredDelivery): Promise<void> {
    const route = this.#deps.routeOf(delivery.route)
    const problem = route
      ? await this.#attempt(route, delivery.id, delivery.notice)
      : 'the route does not exist any more'
    if (this.#isClosed) return
    const nowMs = this.#deps.clock.nowMs()
    delivery.attempts++
    const isOver = problem === null || !route || delivery.attempts >= ATTEMPTS_MAX
    if (!isOver) {
      delivery.dueMs = nowMs + backoffMs(delivery.attempts, RETRY_FIRST_MS, RETRY_MS_MAX)
      await this.#settle(delivery, nowMs, null)
      return
    }
    lane.waiting.shift()
    this.#size--
    this.count(delivery.route, problem === null ? 'delivered' : 'failed')
    await this.#settle(delivery, nowMs, eventOf(delivery, problem, nowMs))
  }

  /** What cannot be written is done again after a restart, which "at least once" allows; the storage thread has told why. */
  async #settle({ id, attempts, dueMs }: StoredDelivery, nowMs: number, event: AlertEvent | null): Promise<void> {
    const retry = event === null ? { attempts, dueMs } : null
    await this.#deps.book.settle({ id, retry, event, nowMs }).catch(() => {})
  }

  /** Null: it was taken; else why not. */
  async #attempt(route: AlertRoute, id: string, notice: AlertNotice): Promise<string | null> {
    const controller = new AbortController()
    this.#attempts.add(controller)
    const tooLong = Promise.withResolvers<never>()
    const timer = this.#deps.clock.setTimer(ATTEMPT_MS_MAX, () => {
      controller.abort()
      tooLong.reject(new Error(`it was not taken within ${ATTEMPT_MS_MAX / 1000} s`))
    })
    try {
      await Promise.race([carry(this.#deps.carriers, { id, notice }, route, controller.signal), tooLong.promise])
      return null
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_LENGTH_MAX)
    } finally {
      timer.cancel()
      this.#attempts.delete(controller)
    }
  }
}

function eventOf({ id, route, notice, attempts }: StoredDelivery, problem: string | null, nowMs: number): AlertEvent {
  const { rule, value, state } = notice
  const tries = attempts === 1 ? '' : `, attempt ${attempts}`
  return {
    id,
    rule,
    timeMs: nowMs,
    kind: problem === null ? 'delivered' : 'deliveryFailed',
    value,
    message: problem === null ? `the notice (${state}) was delivered${tries}` : `given up${tries}: ${problem}`,
    route,
  }
}
