/**
 * Decides how many instances of one function version to start. Pure: numbers in, a number out.
 *
 * An instance is started at once when requests wait and it would serve them sooner than the instances that are live or
 * already starting; nothing is polled, nothing is averaged over a window.
 */

export interface PoolLoad {
  /** Requests that wait for a slot. */
  waiting: number
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

export interface StartLimits {
  /** More instances that this version may have now (its own limit and the account's, whichever is lower). */
  instancesLeft: number
  /** More instances that the host's memory holds now. */
  memoryLeft: number
  /** More starts that may run at the same time on this host. */
  startsLeft: number
}

/** Expected wait of the last request in the queue when nothing more is started, in ms. */
export function expectedWaitMs(load: PoolLoad): number {
  const { waiting, live, starting, instanceConcurrency, serviceMs } = load
  if (waiting === 0) return 0
  // Slots that are on their way take their share of the queue when they come.
  const leftAfterStarts = waiting - starting * instanceConcurrency
  if (leftAfterStarts <= 0) return starting > 0 ? load.coldStartMs : Infinity
  const slots = (live + starting) * instanceConcurrency
  if (slots === 0 || serviceMs === null) return Infinity
  return (leftAfterStarts / slots) * serviceMs
}

/** How many instances to start now. */
export function instancesToStart(load: PoolLoad, limits: StartLimits): number {
  const room = Math.min(limits.instancesLeft, limits.memoryLeft, limits.startsLeft)
  let extra = 0
  while (extra < room) {
    const next = { ...load, starting: load.starting + extra }
    if (next.waiting <= next.starting * next.instanceConcurrency) break
    if (expectedWaitMs(next) <= load.coldStartMs) break
    extra++
  }
  return extra
}
