/** How much of the queue one function may fill, so that the flood of one does not close the door to others. */
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { GroupStats, MessageQueue } from '../../queue/port.ts'

/** Half of what the embedded queue holds. */
const MESSAGES_MAX = 500_000
const BODY_BYTES_MAX = 4 * 1024 * 1024 * 1024
/** What came in meanwhile may go beyond the bound. */
const LOOK_MS = 1_000

export class GroupBound {
  readonly #queue: Pick<MessageQueue, 'stats'>
  readonly #clock: Clock
  readonly #messagesMax: number
  #full: ReadonlySet<string> = new Set()
  #lookedMs = -Infinity

  constructor(queue: Pick<MessageQueue, 'stats'>, clock: Clock, messagesMax = MESSAGES_MAX) {
    this.#queue = queue
    this.#clock = clock
    this.#messagesMax = messagesMax
  }

  /** Throws FcError ResourceThrottled. */
  check(group: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedMs >= LOOK_MS) {
      this.#lookedMs = nowMs
      this.#full = new Set(this.#queue.stats().flatMap((stats) => (this.#isFull(stats) ? [stats.group] : [])))
    }
    if (!this.#full.has(group)) return
    throw new FcError(
      'ResourceThrottled',
      'too many asynchronous invocations of this function wait; try again when some of them have run',
      { 'Retry-After': '1' },
    )
  }

  #isFull({ waiting, bodyBytes }: GroupStats): boolean {
    return waiting >= this.#messagesMax || bodyBytes >= BODY_BYTES_MAX
  }
}
