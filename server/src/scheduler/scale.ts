/**
 * Decides how many instances of one function version to start. Pure: numbers in, a number out.
 *
 * An instance is started at once when requests wait and it would serve them sooner than the instances that are live or
 * already starting; nothing is polled, nothing is averaged over a window.
 */

export interface PoolLoad {
  /** Requests that wait for a slot. */
  waiting: number
  /** How long the first of them has waited, in ms. */
  waitedMs: number
  /** Instances that serve requests. */
  live: number
  /** Instances on their way, whose slots are not counted as live. */
  starting: number
  instanceConcurrency: number
  /** Mean time that a request holds a slot, in ms; null before the first one ended. */
  serviceMs: number | null
  /** Expected time from the decision to a ready instance, in ms. */
  coldStartMs: number
}

/**
 * How many more instances the waiting requests are worth: the fewest with which the last of them is expected to wait
 * no longer than one cold start beyond those under way. Limits are not looked at here.
 */
export function startsWanted(load: PoolLoad): number {
  const { waiting, live, starting, instanceConcurrency } = load
  const turns = turnsPerColdStart(load)
  // A slot on its way takes one of the waiting when it comes; every slot takes `turns` more within a cold start.
  const uncovered = waiting - live * instanceConcurrency * turns
  const needed = Math.ceil(uncovered / (instanceConcurrency * (1 + turns)))
  return Math.max(0, needed - starting)
}

/** Requests that one slot is expected to serve during one cold start. */
function turnsPerColdStart({ serviceMs, coldStartMs, waitedMs, live, starting }: PoolLoad): number {
  if (serviceMs === null) return 0
  // The live ones were expected to take the first in line before now and did not: what was measured holds no longer
  // (a function that got slow would otherwise never get another instance).
  if (live > 0 && starting === 0 && waitedMs > coldStartMs) return 0
  return coldStartMs / serviceMs
}
