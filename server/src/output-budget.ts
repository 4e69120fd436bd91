/** Keeps what an instance prints from keeping the event loop busy: beyond a budget its source is not read for a while. */
import type { Clock } from './clock.ts'

const WINDOW_MS = 100
/** 10 MB/s: far beyond any log. */
const WINDOW_BYTES_MAX = 1024 * 1024
/** A tenth of the event loop: short lines and bytes that are no text cost more than their number says. */
const WINDOW_WORK_MS_MAX = 10
/** So few bytes in a window are no flood: when they took long, the machine was busy with something else. */
const FLOOD_BYTES_MIN = 4096

/** What can be left unread: the writer at its other end is held up then, and nothing is held here. */
export interface PausableSource {
  pause(): void
  resume(): void
}

export class OutputBudget {
  readonly #source: PausableSource
  readonly #clock: Clock
  #windowStartMs = -Infinity
  #bytes = 0
  #workMs = 0
  #isPaused = false

  constructor(source: PausableSource, clock: Clock) {
    this.#source = source
    this.#clock = clock
  }

  /** Does the work that `bytes` of output make, at once; what follows may have to wait. */
  spend(bytes: number, work: () => void): void {
    const startMs = this.#clock.monotonicMs()
    if (!this.#isPaused && startMs - this.#windowStartMs > WINDOW_MS) this.#open(startMs)
    work()
    this.#bytes += bytes
    this.#workMs += this.#clock.monotonicMs() - startMs
    const isTooMuch = this.#workMs >= WINDOW_WORK_MS_MAX && this.#bytes >= FLOOD_BYTES_MIN
    if (this.#isPaused || (this.#bytes < WINDOW_BYTES_MAX && !isTooMuch)) return
    this.#isPaused = true
    this.#source.pause()
    // What cost several windows at once is paid for with as many.
    const windows = Math.max(1, this.#workMs / WINDOW_WORK_MS_MAX)
    this.#clock.setTimer(windows * WINDOW_MS, () => {
      this.#isPaused = false
      this.#open(this.#clock.monotonicMs())
      this.#source.resume()
    })
  }

  #open(nowMs: number): void {
    this.#windowStartMs = nowMs
    this.#bytes = 0
    this.#workMs = 0
  }
}
