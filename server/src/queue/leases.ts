/** Who has which message, and until when: in memory, because the end of the process ends every lease. */
import type { Clock, Timer } from '../clock.ts'

/** Between two looks for leases that have ended. */
export const LOOK_INTERVAL_MS = 20

export class Leases {
  readonly #clock: Clock
  readonly #onEnded: (ids: string[]) => void
  /** Monotonic, so that no wall clock ends or lengthens a lease. */
  readonly #endMs = new Map<string, number>()
  #timer: Timer | null = null
  #timerMs = Infinity

  constructor(clock: Clock, onEnded: (ids: string[]) => void) {
    this.#clock = clock
    this.#onEnded = onEnded
  }

  hold(id: string, leaseMs: number): void {
    const endMs = this.#clock.monotonicMs() + leaseMs
    this.#endMs.set(id, endMs)
    if (endMs < this.#timerMs) this.#lookAt(endMs)
  }

  /** False: it has ended, or never was. */
  renew(id: string, leaseMs: number): boolean {
    if (!this.#endMs.has(id)) return false
    this.hold(id, leaseMs)
    return true
  }

  drop(id: string): void {
    this.#endMs.delete(id)
  }

  clear(): void {
    this.#endMs.clear()
    this.#timer?.cancel()
    this.#timerMs = Infinity
  }

  #lookAt(atMs: number): void {
    this.#timer?.cancel()
    this.#timerMs = atMs
    this.#timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.monotonicMs()), () => this.#look())
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#timerMs = Infinity
    const ended: string[] = []
    let firstMs = Infinity
    for (const [id, endMs] of this.#endMs) {
      if (endMs <= nowMs) ended.push(id)
      else firstMs = Math.min(firstMs, endMs)
    }
    for (const id of ended) this.#endMs.delete(id)
    if (firstMs < Infinity) this.#lookAt(Math.max(firstMs, nowMs + LOOK_INTERVAL_MS))
    if (ended.length > 0) this.#onEnded(ended)
  }
}
