/** The instances to keep ready of one function version for one qualifier: how many, and what came of starting them. */
import type { FunctionVersion } from '../model.ts'
import { backoffMs } from '../backoff.ts'

/** Between two starts of which the first failed; doubles with each more. */
const RETRY_MS_MIN = 1000
const RETRY_MS_MAX = 5 * 60_000
/** One that ends earlier has failed like one that did not start; later, earlier failures are forgotten. */
const STABLE_MS = 60_000

export class Provision {
  readonly version: FunctionVersion
  readonly qualifier: string
  target = 0
  alwaysAllocateCpu = false
  /** Its successor is being started: it keeps what it has, unless somebody needs the room, and starts no more. */
  isLeaving = false
  /** Monotonic; not before. */
  retryAtMs = -Infinity
  /** Why fewer than `target` are there; null: they are on their way. */
  error: string | null = null
  #failures = 0

  constructor(version: FunctionVersion, qualifier: string) {
    this.version = version
    this.qualifier = qualifier
  }

  onStarted(): void {
    this.error = null
  }

  onStartFailed(nowMs: number, reason: string): void {
    this.#failures++
    this.error = reason
    this.retryAtMs = nowMs + backoffMs(this.#failures, RETRY_MS_MIN, RETRY_MS_MAX)
  }

  /** One ended by itself after it had been ready for `ageMs`. */
  onDied(nowMs: number, ageMs: number): void {
    if (ageMs < STABLE_MS) {
      this.onStartFailed(nowMs, `an instance ended by itself ${Math.round(ageMs / 1000)} seconds after its start`)
    } else {
      this.#failures = 0
    }
  }
}
