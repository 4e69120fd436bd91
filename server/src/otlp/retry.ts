/** What to do about an export that was not taken, by the rules of OTLP over HTTP. Pure. */
import { backoffMs } from '../backoff.ts'
import type { Random } from '../clock.ts'

/** Of an export; `status` 0: there was none. */
export interface ExportAnswer {
  status: number
  /** As the header has it. */
  retryAfter: string | undefined
  /** Items that were refused though the rest was taken. */
  rejected: number
  /** For people. */
  message: string
}

const RETRYABLE = new Set([0, 429, 502, 503, 504])
const FIRST_MS = 1000
const MOST_MS = 30_000
/** A collector that asks for more is not waited for longer. */
const RETRY_AFTER_MS_MAX = 120_000

/** Until the next attempt, in ms, after so many failures in a row; null: it will not be taken. */
export function retryDelayMs(
  { status, retryAfter }: Pick<ExportAnswer, 'status' | 'retryAfter'>,
  failures: number,
  nowMs: number,
  random: Pick<Random, 'fraction'>,
): number | null {
  if (!RETRYABLE.has(status)) return null
  const asked = retryAfterMs(retryAfter, nowMs)
  if (asked !== null) return Math.min(asked, RETRY_AFTER_MS_MAX)
  // Those who were turned away together do not come back together.
  return backoffMs(failures, FIRST_MS, MOST_MS) * (0.5 + random.fraction() / 2)
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
