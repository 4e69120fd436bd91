/** Time and chance for tests and simulations: nothing happens unless told, and a seed repeats everything. */
import type { Clock, Random, Timer } from './clock.ts'

interface Pending {
  atMs: number
  order: number
  fire: () => void
}

export class SimulatedClock implements Clock {
  #nowMs: number
  #epochMs: number
  #order = 0
  #pending: Pending[] = []

  /** `epochMs`: the wall clock at the start. */
  constructor(epochMs = Date.UTC(2030, 0, 1)) {
    this.#epochMs = epochMs
    this.#nowMs = 0
  }

  nowMs(): number {
    return Math.floor(this.#epochMs + this.#nowMs)
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire }
    // Kept in order of time; equal times in order of their making.
    let at = this.#pending.length
    while (at > 0 && this.#pending[at - 1]!.atMs > pending.atMs) at--
    this.#pending.splice(at, 0, pending)
    return { cancel: () => void (this.#pending = this.#pending.filter((each) => each !== pending)) }
  }

  /** Somebody sets the wall clock; time itself goes on as before. */
  jump(ms: number): void {
    this.#epochMs += ms
  }

  /** Fires what is due within `ms`, in order, and moves the time on. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    while (this.stepUntil(untilMs)) continue
  }

  /** Fires the next timer if it is due by `atMs` (monotonic); else moves the time on to then and returns false. */
  stepUntil(atMs: number): boolean {
    const isDue = this.#pending.length > 0 && this.#pending[0]!.atMs <= atMs
    if (isDue) this.step()
    else this.#nowMs = atMs
    return isDue
  }

  /** Fires the next timer; false when there is none. */
  step(): boolean {
    const next = this.#pending.shift()
    if (!next) return false
    this.#nowMs = next.atMs
    next.fire()
    return true
  }
}

/** A small generator (mulberry32): not for secrets, the same numbers for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { fraction, bytes: (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(fraction() * 256))) }
}
