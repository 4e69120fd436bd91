/** What a month will have used when it is over. Computes only. */
import { addDays, DAY_MS, startOfDayMs } from './calendar.ts'
import { QUANTITY_NAMES } from './fold.ts'
import { noTotals, type Totals } from './meters.ts'

/** Whole days before today that the pace is taken from: each day of the week once. */
export const PACE_DAYS = 7

export interface PaceInput {
  nowMs: number
  today: string
  /** Of the month. */
  lastDay: string
  /** The first day of all on which anything was used. */
  firstDay: string
  /** What was used on a day; days without use may be missing. */
  days: ReadonlyMap<string, Totals>
  /** Of the month so far, today's included. */
  soFar: Totals
}

/**
 * So far, and for the rest of today and each day that remains as much as on the mean of the last seven whole days; of
 * fewer when nothing was used before them, and of today alone when today is the first.
 */
export function forecastTotals({ nowMs, today, lastDay, firstDay, days, soFar }: PaceInput): {
  totals: Totals
  method: string
} {
  const elapsedMs = Math.max(1, nowMs - startOfDayMs(today))
  const restMs = Math.max(0, startOfDayMs(lastDay) + DAY_MS - nowMs)
  const since = [addDays(today, -PACE_DAYS), firstDay].toSorted().at(-1)!
  const isFirstDay = since >= today
  const paceMs = isFirstDay ? elapsedMs : startOfDayMs(today) - startOfDayMs(since)
  const pace = noTotals()
  for (const [day, totals] of days) {
    if (isFirstDay ? day !== today : day < since || day >= today) continue
    for (const name of QUANTITY_NAMES) pace[name] += totals[name]
  }
  const totals = noTotals()
  for (const name of QUANTITY_NAMES) totals[name] = soFar[name] + (pace[name] * BigInt(restMs)) / BigInt(paceMs)
  const wholeDays = Math.round(paceMs / DAY_MS)
  const from = isFirstDay ? 'today so far' : wholeDays === 1 ? 'yesterday' : `the last ${wholeDays} days`
  return {
    totals,
    method: `what was used so far, and for the time that remains the mean of ${from}; priced with the tiers and the free quota of the month`,
  }
}
