import { setTimeout } from 'node:timers/promises'

/** Without progress for so long, what is missing is lost: longer than an attempt and the pause before the next. */
export const PATIENCE_MS = 90_000
export const LOOK_INTERVAL_MS = 200

/** Waits until nothing is missing, or nothing has come for a while; to how many ms that took. */
export async function waitForAll(missing: () => Promise<number>): Promise<number> {
  const startedMs = performance.now()
  let progressMs = startedMs
  let least = Infinity
  for (;;) {
    const left = await missing()
    if (left < least) progressMs = performance.now()
    least = Math.min(least, left)
    if (left === 0 || performance.now() - progressMs > PATIENCE_MS) return Math.round(performance.now() - startedMs)
    await setTimeout(LOOK_INTERVAL_MS)
  }
}
