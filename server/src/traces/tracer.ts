/** Which traces are exported: those that callers sample, and so many a minute of those that begin here. */
import type { Clock } from '../clock.ts'
import { firstTraceparent } from './context.ts'
import type { Tracer } from './port.ts'

const MINUTE_MS = 60_000
/** What may come at once, of a minute's number: a burst leaves some for what comes after it. */
const BURST_SHARE = 0.1

export function createTracer({ tracesPerMinute }: { tracesPerMinute: number }, { clock }: { clock: Clock }): Tracer {
  const most = tracesPerMinute === 0 ? 0 : Math.max(1, tracesPerMinute * BURST_SHARE)
  let left = most
  let filledMs = clock.monotonicMs()
  const take = (): boolean => {
    const nowMs = clock.monotonicMs()
    left = Math.min(most, left + ((nowMs - filledMs) * tracesPerMinute) / MINUTE_MS)
    filledMs = nowMs
    if (left < 1) return false
    left--
    return true
  }
  return {
    traceparentOf(requestId, startedMs, came) {
      if (came !== undefined) return came
      return take() ? firstTraceparent(requestId, startedMs) : null
    },
  }
}
