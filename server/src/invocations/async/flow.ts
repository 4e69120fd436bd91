/**
 * How many messages of one group may wait for an instance at the same time. It is learned: starts that come soon say
 * that there is capacity, slow ones and refusals that there is none. So a backlog takes what is free, and callers who
 * wait for an answer find few messages before them. Pure but for its numbers.
 */
import { backoffMs } from '../../backoff.ts'
import { REFUSAL_FIRST_MS, REFUSAL_MAX_MS } from './retry.ts'

const WAITING_FIRST = 8
const WAITING_MAX = 64
/** A slot that was free, or a start from a prepared sandbox. */
const QUICK_MS = 100
/** Longer than starts usually take: it waited for others to end. */
const SLOW_MS = 1_000

export class Flow {
  #limit = WAITING_FIRST
  #waiting = 0
  #refusals = 0
  #pausedUntilMs = 0

  /** How many more may be taken now. */
  room(nowMs: number): number {
    return nowMs < this.#pausedUntilMs ? 0 : Math.max(0, this.#limit - this.#waiting)
  }

  /** Until when nothing is taken. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs
  }

  get isIdle(): boolean {
    return this.#waiting === 0
  }

  take(count: number): void {
    this.#waiting += count
  }

  /** They wait no longer: were not there, or ended without having started. */
  giveBack(count: number): void {
    this.#waiting -= count
  }

  /** One that waited has an instance. */
  started(waitedMs: number): void {
    this.#waiting--
    this.#refusals = 0
    if (waitedMs <= QUICK_MS) this.#limit = Math.min(WAITING_MAX, this.#limit + 1)
    else if (waitedMs > SLOW_MS) this.#limit = Math.max(1, Math.floor(this.#limit / 2))
  }

  /** One that waits was refused. Refusals that come together are one. */
  refused(nowMs: number): void {
    if (nowMs < this.#pausedUntilMs) return
    this.#limit = 1
    this.#refusals++
    this.#pausedUntilMs = nowMs + backoffMs(this.#refusals, REFUSAL_FIRST_MS, REFUSAL_MAX_MS)
  }
}
