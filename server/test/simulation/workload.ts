/** What a simulation replays: functions, and who calls them when. */

export interface SimulatedFunction {
  memoryMB: number
  /** From the decision to start to a ready instance. */
  coldStartMs: number
  instanceConcurrency: number
}

export interface Arrival {
  atMs: number
  key: string
  serviceMs: number
}

export interface Workload {
  name: string
  /** What it is like, in a few words. */
  about: string
  durationMs: number
  functions: ReadonlyMap<string, SimulatedFunction>
  /** Ascending in time. */
  arrivals: readonly Arrival[]
}

export const byTime = (a: Arrival, b: Arrival) => a.atMs - b.atMs
