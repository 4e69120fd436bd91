/** A check that writes to a disk, asked for by probes that may come thousands of times a second. */
import type { Clock } from '../clock.ts'

/** How long the answer "ready" holds for those who ask again. */
export const READY_MS = 1000

/** One check at a time; who asks meanwhile shares it. A failure is not kept, so that a recovery is seen at once. */
export function createReadyCheck(clock: Pick<Clock, 'monotonicMs'>, check: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let readyUntilMs = -Infinity
  return () => {
    if (clock.monotonicMs() < readyUntilMs) return Promise.resolve()
    running ??= check()
      .then(() => void (readyUntilMs = clock.monotonicMs() + READY_MS))
      .finally(() => (running = null))
    return running
  }
}
