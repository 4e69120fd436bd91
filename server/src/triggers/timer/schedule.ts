/** When a timer is due. Pure: times are arguments. */
import { Cron } from 'croner'
import { FcError } from '../../errors.ts'
import { readTimerExpression } from './expression.ts'

/** Due times that are counted one by one; of more it is told that there were as many at least. */
export const MISSED_COUNT_MAX = 100
/** Cron patterns kept ready: each takes 80 KB and a quarter of a millisecond to make. */
const PATTERNS_MAX = 64

export interface DueRuns {
  /** The last due time of those that have come; null: none has. */
  latestMs: number | null
  /** How many have come, at most `MISSED_COUNT_MAX`. */
  count: number
  /** Null: there is none any more. */
  nextMs: number | null
}

export interface Schedule {
  /** Due times after `afterMs`, up to `nowMs`, and the one that follows. */
  runs(afterMs: number, nowMs: number): DueRuns
}

/** `@every` counts from `anchorMs`, so that a restart changes no due time. Throws FcError InvalidArgument. */
export function readSchedule(expression: string, anchorMs: number): Schedule {
  const read = readTimerExpression(expression)
  return read.kind === 'every' ? every(read.intervalMs, anchorMs) : cron(read.fields.join(' '), read.zone)
}

/** Throws FcError InvalidArgument, also for six fields that no day fulfils. */
export function checkTimerExpression(expression: string): void {
  if (readSchedule(expression, 0).runs(0, 0).nextMs !== null) return
  throw new FcError('InvalidArgument', `cronExpression '${expression}' names a day that no calendar has`)
}

function every(intervalMs: number, anchorMs: number): Schedule {
  const indexAt = (ms: number) => Math.max(0, Math.floor((ms - anchorMs) / intervalMs))
  return {
    runs(afterMs, nowMs) {
      const before = indexAt(afterMs)
      const last = Math.max(before, indexAt(nowMs))
      return {
        latestMs: last > before ? anchorMs + last * intervalMs : null,
        count: Math.min(last - before, MISSED_COUNT_MAX),
        nextMs: anchorMs + (last + 1) * intervalMs,
      }
    },
  }
}

function cron(pattern: string, zone: string): Schedule {
  return {
    runs(afterMs, nowMs) {
      const shared = patternOf(pattern, zone)
      let latestMs: number | null = null
      let count = 0
      let nextMs = shared.nextMs(afterMs)
      while (nextMs !== null && nextMs <= nowMs) {
        count++
        latestMs = count < MISSED_COUNT_MAX ? nextMs : shared.latestMs(nowMs)
        nextMs = shared.nextMs(latestMs)
      }
      return { latestMs, count, nextMs }
    },
  }
}

/** Nothing is due between the two but at the end. */
interface Span {
  afterMs: number
  nextMs: number | null
}

class Pattern {
  readonly #cron: Cron
  /** The last answers, newest first: timers of one pattern ask the same, of the time before a due time and after it. */
  #spans: readonly Span[] = []

  constructor(pattern: string, zone: string) {
    this.#cron = new Cron(pattern, { timezone: zone })
  }

  nextMs(afterMs: number): number | null {
    const known = this.#spans.find((span) => span.afterMs <= afterMs && (span.nextMs ?? Infinity) > afterMs)
    if (known) return known.nextMs
    const nextMs = this.#cron.nextRun(new Date(afterMs))?.getTime() ?? null
    this.#spans = [{ afterMs, nextMs }, ...this.#spans.slice(0, 1)]
    return nextMs
  }

  /** There is one. */
  latestMs(nowMs: number): number {
    // What it looks for lies before the time it is given, in whole seconds.
    const reference = new Date(Math.floor(nowMs / 1000) * 1000 + 1000)
    return this.#cron.previousRuns(1, reference)[0]!.getTime()
  }
}

const patterns = new Map<string, Pattern>()

function patternOf(pattern: string, zone: string): Pattern {
  const key = `${zone} ${pattern}`
  const known = patterns.get(key) ?? new Pattern(pattern, zone)
  // The one used last is the last of the map.
  patterns.delete(key)
  patterns.set(key, known)
  if (patterns.size > PATTERNS_MAX) patterns.delete(patterns.keys().next().value!)
  return known
}
