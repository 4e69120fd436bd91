/** Reads times and schedules as they are set, and makes the scheduler's policy of the settings. Pure. */
import type { ProvisionSettings } from '../model.ts'
import type { ProvisionPolicy, ScheduledTarget } from '../scheduler/port.ts'

const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?$/
const EPOCH_MS = /^\d{13}$/

/**
 * Epoch ms of `2030-01-31T08:00:00Z`, of `2030-01-31T08:00:00` in the zone (`''`: UTC), or of milliseconds in text.
 * Undefined when it is none of them.
 */
export function readTime(text: string, timeZone: string): number | undefined {
  if (EPOCH_MS.test(text)) return Number(text)
  try {
    if (!LOCAL_TIME.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone || 'UTC').epochMilliseconds
  } catch {
    return undefined
  }
}

/** `at(time)` or `cron(six fields)`, whose fields are not looked at; undefined when it is neither. */
export function readSchedule(expression: string, timeZone: string): ScheduledTarget['schedule'] | undefined {
  const [, kind, inside] = /^\s*(at|cron)\((.*)\)\s*$/.exec(expression) ?? []
  if (kind === undefined || inside === undefined) return undefined
  if (kind === 'cron') return { kind: 'cron', expression: inside.trim() }
  const atMs = readTime(inside.trim(), timeZone)
  return atMs === undefined ? undefined : { kind: 'at', atMs }
}

/** A window without a beginning or an end has none. What cannot be read is left out: it was checked when it was set. */
export function policyOf({ target, alwaysAllocateCpu, scheduled, tracking }: ProvisionSettings): ProvisionPolicy {
  return {
    target,
    alwaysAllocateCpu,
    scheduled: scheduled.flatMap(({ name, scheduleExpression, target: scheduledTarget, ...window }) => {
      const schedule = readSchedule(scheduleExpression, window.timeZone)
      return schedule
        ? [{ name, ...windowOf(window), timeZone: window.timeZone || 'UTC', schedule, target: scheduledTarget }]
        : []
    }),
    tracking: tracking.map(({ name, metricType, metricTarget, min, max, ...window }) => ({
      name,
      ...windowOf(window),
      metric: metricType,
      metricTarget,
      min,
      max,
    })),
  }
}

function windowOf({ startTime, endTime, timeZone }: { startTime: string; endTime: string; timeZone: string }) {
  return { startMs: readTime(startTime, timeZone) ?? 0, endMs: readTime(endTime, timeZone) ?? Infinity }
}
