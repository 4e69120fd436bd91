/** Decides how many instances to keep ready, from a policy, the time and what was observed. Pure. */
import { Cron } from 'croner'
import type { ProvisionPolicy, ScheduledTarget, TrackingPolicy } from './policy.ts'

/** Mean use since the last decision, 0..1; null when it is not known, as without an instance that is ready. */
export interface Utilisation {
  concurrency: number | null
  cpu: number | null
}

/** What a tracking policy remembers between two decisions. */
export interface Tracked {
  target: number
  changedMs: number
}

export interface ProvisionDecision {
  target: number
  /** When a schedule may change it next, epoch ms; null: never. */
  nextMs: number | null
  tracked: Map<string, Tracked>
}

/** Least time between two steps down. */
export const SCALE_IN_MS = 60_000
/** Most of what is there that one step down takes, at least one instance. */
const SCALE_IN_SHARE = 0.1

/**
 * The largest target of the scheduled and tracking policies in effect, so that none undercuts what another asks for;
 * the plain target when none is. `ready`: instances that serve now; `tracked`: as the last decision returned it.
 */
export function provisionTarget(
  policy: ProvisionPolicy,
  nowMs: number,
  utilisation: Utilisation,
  ready: number,
  tracked: ReadonlyMap<string, Tracked>,
): ProvisionDecision {
  const isActive = ({ startMs, endMs }: { startMs: number; endMs: number }) => startMs <= nowMs && nowMs < endMs
  const next = new Map<string, Tracked>()
  for (const each of policy.tracking) {
    if (!isActive(each)) continue
    next.set(each.name, track(each, nowMs, utilisation, ready, tracked.get(each.name) ?? null))
  }
  const scheduled = latestScheduled(policy.scheduled.filter(isActive), nowMs)
  const targets = [...next.values()].map(({ target }) => target)
  if (scheduled !== null) targets.push(scheduled)
  return {
    target: targets.length === 0 ? policy.target : Math.max(...targets),
    nextMs: nextChangeMs(policy, nowMs),
    tracked: next,
  }
}

/** Out at once and as far as needed; in by a tenth a minute, because a lull is often a pause between two waves. */
function track(
  policy: TrackingPolicy,
  nowMs: number,
  utilisation: Utilisation,
  ready: number,
  last: Tracked | null,
): Tracked {
  const clamp = (target: number) => Math.min(policy.max, Math.max(policy.min, target))
  const target = clamp(last?.target ?? ready)
  const kept = { target, changedMs: last === null || last.target !== target ? nowMs : last.changedMs }
  const used = policy.metric === 'CPUUtilization' ? utilisation.cpu : utilisation.concurrency
  if (used === null) return kept
  // Rounded first: 3 × 0.6 / 0.6 is a little more than 3.
  const wanted = clamp(Math.ceil(Number(((ready * used) / policy.metricTarget).toFixed(6))))
  if (wanted > target) return { target: wanted, changedMs: nowMs }
  if (wanted === target || nowMs - kept.changedMs < SCALE_IN_MS) return kept
  const step = Math.max(1, Math.floor(target * SCALE_IN_SHARE))
  return { target: Math.max(wanted, target - step), changedMs: nowMs }
}

/** The target of the action that fired last; of two at the same time the later in the list. */
function latestScheduled(actions: readonly ScheduledTarget[], nowMs: number): number | null {
  let latest: { firedMs: number; target: number } | null = null
  for (const action of actions) {
    const firedMs = lastFiredMs(action, nowMs)
    if (firedMs === null || firedMs < action.startMs) continue
    if (latest === null || firedMs >= latest.firedMs) latest = { firedMs, target: action.target }
  }
  return latest?.target ?? null
}

function lastFiredMs({ schedule, timeZone }: ScheduledTarget, nowMs: number): number | null {
  if (schedule.kind === 'at') return schedule.atMs <= nowMs ? schedule.atMs : null
  // What it looks for lies before the time it is given, in whole seconds.
  const reference = new Date(Math.floor(nowMs / 1000) * 1000 + 1000)
  return new Cron(schedule.expression, { timezone: timeZone }).previousRuns(1, reference)[0]?.getTime() ?? null
}

function nextFiredMs({ schedule, timeZone }: ScheduledTarget, nowMs: number): number | null {
  if (schedule.kind === 'at') return schedule.atMs
  return new Cron(schedule.expression, { timezone: timeZone }).nextRun(new Date(nowMs))?.getTime() ?? null
}

function nextChangeMs(policy: ProvisionPolicy, nowMs: number): number | null {
  const bounds = [...policy.scheduled, ...policy.tracking].flatMap(({ startMs, endMs }) => [startMs, endMs])
  const fires = policy.scheduled
    .filter(({ endMs }) => nowMs < endMs)
    .map((action) => nextFiredMs(action, Math.max(nowMs, action.startMs - 1)))
  const ahead = [...bounds, ...fires].filter((atMs): atMs is number => atMs !== null && atMs > nowMs && atMs < Infinity)
  return ahead.length === 0 ? null : Math.min(...ahead)
}
