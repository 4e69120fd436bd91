/** The clock of the queue: the wall clock, but never set back. */
import type { Clock } from '../clock.ts'

/** How far the wall clock may run apart from the monotonic one before it counts as set. */
const STEP_MS = 1000

/**
 * Due times are on the wall clock, which somebody may set. Set forward, queue time follows: what waits is due earlier,
 * once. Set back, queue time goes on: what was due stays due, and delays asked for from then on are as long as they say,
 * because times come in and go out by what queue time is ahead.
 */
export class QueueTime {
  readonly #clock: Clock
  /** Wall clock less monotonic clock, when it was last looked at. */
  #offsetMs: number
  #aheadMs: number

  /** `latestMs`: a queue time that was before. */
  constructor(clock: Clock, latestMs: number) {
    this.#clock = clock
    this.#offsetMs = clock.nowMs() - clock.monotonicMs()
    this.#aheadMs = Math.max(0, latestMs - clock.nowMs())
  }

  nowMs(): number {
    return this.fromWallMs(this.#clock.nowMs())
  }

  fromWallMs(wallMs: number): number {
    this.#look()
    return wallMs + this.#aheadMs
  }

  toWallMs(queueMs: number): number {
    return queueMs - this.#aheadMs
  }

  #look(): void {
    const offsetMs = this.#clock.nowMs() - this.#clock.monotonicMs()
    const steppedMs = offsetMs - this.#offsetMs
    if (Math.abs(steppedMs) < STEP_MS) return
    this.#offsetMs = offsetMs
    if (steppedMs < 0) this.#aheadMs += Math.round(-steppedMs)
  }
}
