/** Replays each workload under each policy and reduces it to the figures of the report. */
import type { FleetOptions } from '../../../src/instances/fleet.ts'
import { learnedKeepAlive, type KeepAliveRange } from '../../../src/scheduler/port.ts'
import { replay, type ReplayReport } from '../replay.ts'
import type { Workload } from '../workload.ts'

const MINUTE_MS = 60_000

export interface Policy {
  name: string
  kind: 'fixed' | 'learned'
  minutes: number
  keepAlive: KeepAliveRange
}

export function fixed(minutes: number): Policy {
  const ms = minutes * MINUTE_MS
  const name = `fixed, ${minutes} min`
  return { name, kind: 'fixed', minutes, keepAlive: { minMs: ms, breakEvenMs: ms, maxMs: ms } }
}

export function learned(minutes: number): Policy {
  return {
    name: `learned, ${minutes} min set`,
    kind: 'learned',
    minutes,
    keepAlive: learnedKeepAlive(minutes * MINUTE_MS),
  }
}

export interface Figures {
  /** 0..1 */
  coldShare: number
  idleGBh: number
  busyGBh: number
  waitP99Ms: number
  starts: number
  liveMax: number
  refused: number
}

/** A host that is never short of anything, so that only the keep-alive differs. */
export const AMPLE: Omit<FleetOptions, 'keepAlive'> = {
  queueLengthMax: 1000,
  queueMsMax: 30_000,
  instancesMax: 10_000,
  memoryMBMax: 1024 * 1024,
  startsMax: 8,
}

export async function measure(
  workload: Workload,
  policy: Policy,
  seed: number,
  host: Partial<FleetOptions> = {},
): Promise<Figures> {
  return figuresOf(await replay(workload, { seed, fleet: { ...AMPLE, keepAlive: policy.keepAlive, ...host } }))
}

function figuresOf(report: ReplayReport): Figures {
  const waits = Float64Array.from(report.waitsMs).sort()
  return {
    coldShare: report.cold / Math.max(1, report.requests),
    idleGBh: report.idleGBh,
    busyGBh: report.busyGBh,
    waitP99Ms: waits[Math.min(waits.length - 1, Math.floor(waits.length * 0.99))] ?? 0,
    starts: report.starts,
    liveMax: report.liveMax,
    refused: report.refused,
  }
}

/** A window of time in the life of a fleet. */
export interface Moment {
  atMs: number
  /** At its end. */
  instances: number
  /** On average. */
  busy: number
  /** At most. */
  waiting: number
}

/** How a fleet follows one workload, window by window. */
export async function follow(workload: Workload, policy: Policy, seed: number, windowMs: number): Promise<Moment[]> {
  const moments: Moment[] = []
  let lastMs = 0
  let busyBefore = 0
  let busyMs = 0
  let waiting = 0
  await replay(workload, {
    seed,
    fleet: { ...AMPLE, keepAlive: policy.keepAlive },
    watch(fleet, clock) {
      const nowMs = clock.monotonicMs()
      const list = fleet.list()
      busyMs += busyBefore * (nowMs - lastMs)
      lastMs = nowMs
      busyBefore = list.filter(({ state }) => state === 'busy').length
      waiting = Math.max(
        waiting,
        fleet.waiting().reduce((sum, { requests }) => sum + requests, 0),
      )
      const atMs = (moments.length + 1) * windowMs
      if (nowMs < atMs || atMs > workload.durationMs) return
      moments.push({ atMs, instances: list.length, busy: busyMs / windowMs, waiting })
      busyMs = 0
      waiting = 0
    },
  })
  return moments
}
