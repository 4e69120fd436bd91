/** A period that is kept in the address: so long until now, or from one time to another. */

export type TimeRange = { lastMs: number } | { fromMs: number; toMs: number }

export interface Period {
  fromMs: number
  toMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
export const LIVE_RANGE: TimeRange = { lastMs: 15 * MINUTE_MS }
export const RANGE_CHOICES_MS = [5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 31 * DAY_MS]

export function periodOf(range: TimeRange, nowMs: number): Period {
  return 'lastMs' in range ? { fromMs: nowMs - range.lastMs, toMs: nowMs } : range
}

/** What the metric history keeps in steps of a second. */
export const LIVE_MS_MAX = 15 * MINUTE_MS
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720].map((minutes) => minutes * MINUTE_MS)

/** The step that a chart of so many points can show, as the metric history has them: a second, or whole minutes. */
export function stepFor({ fromMs, toMs }: Period, pointsMax = 400): number {
  if (toMs - fromMs <= LIVE_MS_MAX) return 1000
  return STEPS_MS.find((step) => step >= (toMs - fromMs) / pointsMax) ?? DAY_MS
}

export function rangeText(range: TimeRange): string {
  return 'lastMs' in range ? `last-${range.lastMs}` : `${range.fromMs}-${range.toMs}`
}

/** What the address says, or the default when it says nothing that can be read. */
export function parseRange(text: string | null, fallback: TimeRange = LIVE_RANGE): TimeRange {
  const last = /^last-(\d{1,13})$/.exec(text ?? '')
  if (last) return { lastMs: Number(last[1]) }
  const fixed = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '')
  if (fixed && Number(fixed[1]) < Number(fixed[2])) return { fromMs: Number(fixed[1]), toMs: Number(fixed[2]) }
  return fallback
}
