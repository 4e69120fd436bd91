/** Days and months in UTC, as text: `2026-01-31`, `2026-01`. */

export const DAY_MS = 86_400_000

export const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10)
export const startOfDayMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)
export const addDays = (day: string, count: number): string => dayOf(startOfDayMs(day) + count * DAY_MS)

/** The stretch of time cut at midnight. */
export function daysOf(fromMs: number, toMs: number): { day: string; ms: number }[] {
  const parts: { day: string; ms: number }[] = []
  for (let startMs = fromMs; startMs < toMs;) {
    const endMs = Math.min(toMs, (Math.floor(startMs / DAY_MS) + 1) * DAY_MS)
    parts.push({ day: dayOf(startMs), ms: endMs - startMs })
    startMs = endMs
  }
  return parts
}

/** All days of a month, ascending. */
export function daysOfMonth(month: string): string[] {
  const [year, number] = month.split('-').map(Number) as [number, number]
  const count = new Date(Date.UTC(year, number, 0)).getUTCDate()
  return Array.from({ length: count }, (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`)
}
