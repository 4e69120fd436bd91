/** Counts sign-ins that failed, and says when there were too many: from one address, or from all together. */
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { FAILURES_MAX, FAILURES_MS, FAILURES_PER_ADDRESS_MAX } from './limits.ts'

interface Failures {
  count: number
  untilMs: number
}

export class Attempts {
  readonly #clock: Clock
  /** No more than FAILURES_MAX addresses can be added before all are forgotten. */
  readonly #byAddress = new Map<string, Failures>()
  #all: Failures = { count: 0, untilMs: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws ResourceExhausted, which says how long to wait: also for the right key, or guessing would go on. */
  admit(address: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#all.untilMs <= nowMs) {
      this.#all = { count: 0, untilMs: nowMs + FAILURES_MS }
      for (const [each, { untilMs }] of this.#byAddress) if (untilMs <= nowMs) this.#byAddress.delete(each)
    }
    const own = this.#byAddress.get(address)
    if (own !== undefined && own.untilMs > nowMs && own.count >= FAILURES_PER_ADDRESS_MAX) refuse(own, nowMs)
    if (this.#all.count >= FAILURES_MAX) refuse(this.#all, nowMs)
  }

  failed(address: string): void {
    const nowMs = this.#clock.monotonicMs()
    const own = this.#byAddress.get(address)
    if (own === undefined || own.untilMs <= nowMs) {
      this.#byAddress.set(address, { count: 1, untilMs: nowMs + FAILURES_MS })
    } else {
      own.count++
    }
    this.#all.count++
  }
}

function refuse({ untilMs }: Failures, nowMs: number): never {
  const seconds = Math.ceil((untilMs - nowMs) / 1000)
  throw new FcError('ResourceExhausted', `too many sign-ins failed; try again in ${seconds} seconds`, {
    'Retry-After': String(seconds),
  })
}
