/** One-time tickets: each opens one session, within a few minutes. They live in memory alone, by their hash. */
import type { Clock, Random } from '../clock.ts'
import { TICKET_MS, TICKETS_MAX } from './limits.ts'
import { drawToken, hashOf } from './token.ts'

interface Deadline {
  expiresAtMs: number
  monotonicMs: number
}

export class Tickets {
  readonly #clock: Clock
  readonly #random: Random
  /** In the order in which they were issued. */
  readonly #open = new Map<string, Deadline>()

  constructor(deps: { clock: Clock; random: Random }) {
    this.#clock = deps.clock
    this.#random = deps.random
  }

  /** The ticket is told here and never again. */
  issue(): { ticket: string; expiresAtMs: number } {
    for (const [hash, deadline] of this.#open) if (this.#isOver(deadline)) this.#open.delete(hash)
    const ticket = drawToken(this.#random)
    const expiresAtMs = this.#clock.nowMs() + TICKET_MS
    this.#open.set(hashOf(ticket), { expiresAtMs, monotonicMs: this.#clock.monotonicMs() + TICKET_MS })
    if (this.#open.size > TICKETS_MAX) this.#open.delete(this.#open.keys().next().value!)
    return { ticket, expiresAtMs }
  }

  /** Whether it was good; from here on it is not. */
  redeem(ticket: string): boolean {
    const hash = hashOf(ticket)
    const deadline = this.#open.get(hash)
    this.#open.delete(hash)
    return deadline !== undefined && !this.#isOver(deadline)
  }

  /** A clock that is set back makes nothing last longer; the monotonic one may stand still while the machine sleeps. */
  #isOver({ expiresAtMs, monotonicMs }: Deadline): boolean {
    return expiresAtMs <= this.#clock.nowMs() || monotonicMs <= this.#clock.monotonicMs()
  }
}
