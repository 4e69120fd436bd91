/** Whether the queue does as it is asked; while it does not, it is asked again, and nobody else need do so. */
import { backoffMs } from '../../backoff.ts'
import type { Clock, Timer } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { MessageQueue } from '../../queue/port.ts'

/** Between two tries of a queue that does not answer. */
const REPAIR_FIRST_MS = 100
const REPAIR_MAX_MS = 5_000

export class QueueHealth {
  readonly #clock: Clock
  readonly #queue: Pick<MessageQueue, 'readState'>
  readonly #onRepaired: () => void
  #problem: Error | null = null
  #failures = 0
  #repair: Timer | null = null
  #isClosed = false

  constructor(clock: Clock, queue: Pick<MessageQueue, 'readState'>, onRepaired: () => void) {
    this.#clock = clock
    this.#queue = queue
    this.#onRepaired = onRepaired
  }

  /** Of the last that was asked; null: all is well. */
  get problem(): Error | null {
    return this.#problem
  }

  /** It failed and was not asked again yet. */
  get isAway(): boolean {
    return this.#repair !== null
  }

  worked(): void {
    this.#problem = null
    this.#failures = 0
  }

  /** Nothing should be asked of it until it is repaired. */
  failed(error: unknown): void {
    this.#problem = error instanceof Error ? error : new Error(String(error))
    if (this.#repair !== null || this.#isClosed) return
    this.#failures++
    this.#repair = this.#clock.setTimer(backoffMs(this.#failures, REPAIR_FIRST_MS, REPAIR_MAX_MS), () => {
      this.#repair = null
      void this.#probe()
    })
  }

  /** Runs a change of the queue until it succeeds. */
  async settle(change: () => Promise<unknown>): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        await change()
        return
      } catch (error) {
        // A full queue empties by itself; everything else is broken.
        if (!(error instanceof FcError && error.code === 'ResourceThrottled')) this.failed(error)
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#clock.setTimer(backoffMs(failures, REPAIR_FIRST_MS, REPAIR_MAX_MS), resolve)
        await promise
      }
    }
  }

  /** What is to be settled is still tried. */
  close(): void {
    this.#isClosed = true
    this.#repair?.cancel()
  }

  async #probe(): Promise<void> {
    try {
      await this.#queue.readState('', '')
      this.worked()
      this.#onRepaired()
    } catch (error) {
      this.failed(error)
    }
  }
}
