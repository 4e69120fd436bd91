/** Before when nothing is found any more: of each function, by the days that it keeps its log. */
import type { FunctionKey } from '../model.ts'

/** What a function has of its own instead of the platform's settings. */
export interface OwnBounds {
  retentionDays?: number
  /** Stored bytes, records and lines together. */
  bytesMax?: number
}

export type FunctionBounds = ReadonlyMap<FunctionKey, OwnBounds>

export interface Horizons {
  horizonMs: number
  /** Of functions that keep their log longer or shorter than the others. */
  ofFunctions: ReadonlyMap<FunctionKey, number>
}

const DAY_MS = 24 * 60 * 60_000

export function horizonsAt(nowMs: number, retentionDays: number, functions: FunctionBounds): Horizons {
  const own = [...functions].flatMap(([key, { retentionDays: days }]): [FunctionKey, number][] =>
    days === undefined ? [] : [[key, nowMs - days * DAY_MS]],
  )
  return { horizonMs: nowMs - retentionDays * DAY_MS, ofFunctions: new Map(own) }
}

export function horizonOf({ horizonMs, ofFunctions }: Horizons, functionKey: FunctionKey): number {
  return ofFunctions.get(functionKey) ?? horizonMs
}

/** Of one function, or the earliest of all. */
export function earliestHorizon(horizons: Horizons, functionKey: FunctionKey | undefined): number {
  if (functionKey !== undefined) return horizonOf(horizons, functionKey)
  return Math.min(horizons.horizonMs, ...horizons.ofFunctions.values())
}
