/** Asks an instance that was idle for long for a sign of life. */
import type { Clock, Timer } from '../clock.ts'

/** An instance that was idle for so long is asked. */
const PING_IDLE_MS = 30_000
/** One that does not answer within it is stuck: its code keeps the processor, or waits for ever. */
export const PONG_MS_MAX = 10_000

export class Liveness {
  readonly #clock: Clock
  readonly #onSilent: () => void
  #pingedMs = -Infinity
  #pong: Timer | null = null

  /** `onSilent`: no answer came in time. */
  constructor(clock: Clock, onSilent: () => void) {
    this.#clock = clock
    this.#onSilent = onSilent
  }

  /** Whether to send a ping now; then an answer is waited for. */
  ask(idleSinceMs: number): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (this.#pong !== null || nowMs - Math.max(idleSinceMs, this.#pingedMs) < PING_IDLE_MS) return false
    this.#pingedMs = nowMs
    this.#pong = this.#clock.setTimer(PONG_MS_MAX, () => {
      this.#pong = null
      this.#onSilent()
    })
    return true
  }

  /** It answered, or need not. */
  cancel(): void {
    this.#pong?.cancel()
    this.#pong = null
  }
}
