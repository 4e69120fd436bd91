/** Which stretch of time an evaluation is about, and how often a rule is evaluated. Pure. */
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
/** Rules about less than a minute are evaluated so often, all others each minute. */
export const TICK_MS = 10_000
/** An evaluation comes so long after the end of its window, when the last second is in the history. */
export const SETTLE_MS = 1000

export interface Period {
  /** Inclusive. */
  fromMs: number
  /** Exclusive. */
  toMs: number
}

/** Below a minute: of seconds, which the history keeps for some minutes. */
export function isShort(windowSeconds: number): boolean {
  return windowSeconds * 1000 < MINUTE_MS
}

function evaluationPeriodMs(windowSeconds: number): number {
  return isShort(windowSeconds) ? TICK_MS : MINUTE_MS
}

/** The window that ended last. */
export function windowAt(nowMs: number, windowSeconds: number): Period {
  const periodMs = evaluationPeriodMs(windowSeconds)
  const toMs = Math.floor(nowMs / periodMs) * periodMs
  return { fromMs: toMs - windowSeconds * 1000, toMs }
}

/** The hour of the day (UTC) that the window lies in, so many days earlier. */
export function earlierHour({ fromMs }: Period, daysBefore: number): Period {
  const hourMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS - daysBefore * DAY_MS
  return { fromMs: hourMs, toMs: hourMs + HOUR_MS }
}

/** Undefined: a rule may have this window; else what is accepted. */
export function windowProblem(windowSeconds: number, isAnomaly: boolean): string | undefined {
  if (isAnomaly) {
    const dividesHour = windowSeconds % 60 === 0 && 3600 % windowSeconds === 0
    return dividesHour ? undefined : '60, 120, 300, 600, 900, 1800, 3600 or what else divides an hour, for an anomaly'
  }
  const isAccepted = windowSeconds % (isShort(windowSeconds) ? 10 : 60) === 0
  return isAccepted ? undefined : '10, 20, 30, 40 or 50, or whole minutes of up to 86400'
}
