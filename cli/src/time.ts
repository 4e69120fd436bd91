/** Times and lengths of time as people give them, and as they read them. */
import { usageError } from './errors.ts'

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** In ms, of `30s`, `10m`, `2h`, `1d`; undefined for anything else. */
function spanMs(text: string): number | undefined {
  const span = /^(\d{1,9})([smhd])$/.exec(text)
  return span ? Number(span[1]) * UNIT_MS[span[2]!]! : undefined
}

/** Milliseconds since the epoch of `10m` (ago) or of a point in time. */
export function parseTime(option: string, text: string, nowMs: number): number {
  const agoMs = spanMs(text)
  if (agoMs !== undefined) return Math.max(0, nowMs - agoMs)
  const time = Date.parse(text)
  if (Number.isNaN(time) || !/^\d{4}-/.test(text)) {
    throw usageError(`${option}: '${text}' is neither a duration such as 10m nor a time such as 2026-01-31T08:00:00Z`)
  }
  return time
}

/** In ms; at least a second. */
export function parseSpan(option: string, text: string): number {
  const ms = spanMs(text)
  if (!ms) throw usageError(`${option}: '${text}' is no duration such as 30s, 10m, 2h, 1d`)
  return ms
}

export const formatTime = (timeMs: number) => new Date(timeMs).toISOString()

/** How long ago, in the largest unit that fits: `45s`, `3m`, `2h`, `9d`. */
export function formatSpan(ms: number): string {
  const [unit, unitMs] = Object.entries(UNIT_MS).findLast(([, each]) => ms >= each) ?? ['s', 1000]
  return `${Math.floor(ms / unitMs)}${unit}`
}
