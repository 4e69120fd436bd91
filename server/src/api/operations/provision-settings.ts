/** Checks what is set about provisioned instances; messages name the fields as the caller's wire has them. */
import { FcError } from '../../errors.ts'
import type { ProvisionSettings, ScheduledAction, TargetTracking } from '../../model.ts'
import { readSchedule, readTime } from '../../scaling/port.ts'
import { isTimeZone, problemOfCron } from '../../triggers/port.ts'

/** What the lists and their members are called. */
export interface ProvisionWords {
  scheduled: string
  tracking: string
  min: string
  max: string
}

/** Throws FcError InvalidArgument. */
export function checkProvision(
  { scheduled, tracking }: Pick<ProvisionSettings, 'scheduled' | 'tracking'>,
  words: ProvisionWords,
): void {
  checkNames(scheduled, words.scheduled)
  checkNames(tracking, words.tracking)
  for (const [index, action] of scheduled.entries()) {
    const field = `${words.scheduled}.${index}`
    checkWindow(action, field)
    checkExpression(action, field)
  }
  for (const [index, policy] of tracking.entries()) {
    const field = `${words.tracking}.${index}`
    checkWindow(policy, field)
    checkBounds(policy, field, words)
  }
}

function refuse(message: string): never {
  throw new FcError('InvalidArgument', message)
}

function checkNames(items: readonly { name: string }[], field: string): void {
  const twin = items.findIndex(({ name }, index) => items.findIndex((other) => other.name === name) < index)
  if (twin >= 0) refuse(`${field}.${twin}.name must be unique, but '${items[twin]!.name}' is there before`)
}

function checkWindow({ startTime, endTime, timeZone }: ScheduledAction | TargetTracking, field: string): void {
  if (timeZone !== '' && !isTimeZone(timeZone)) {
    refuse(`${field}.timeZone must be the name of a time zone, such as Asia/Shanghai`)
  }
  const read = (name: string, text: string) => {
    if (text === '') return undefined
    return (
      readTime(text, timeZone) ??
      refuse(`${field}.${name} must be a time such as 2030-01-31T08:00:00Z, or without Z in timeZone`)
    )
  }
  const startMs = read('startTime', startTime)
  const endMs = read('endTime', endTime)
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs) {
    refuse(`${field}.endTime must be after startTime`)
  }
}

function checkExpression({ scheduleExpression, timeZone }: ScheduledAction, field: string): void {
  const schedule = readSchedule(scheduleExpression, timeZone)
  const accepts =
    `${field}.scheduleExpression must be at(time), such as at(2030-01-31T08:00:00Z), or cron(second minute hour ` +
    'day-of-month month day-of-week), such as cron(0 30 8 * * *)'
  if (!schedule) refuse(accepts)
  if (schedule.kind === 'at') return
  const problem = problemOfCron(schedule.expression.split(/\s+/))
  if (problem !== undefined) refuse(`${accepts}; ${problem}`)
}

function checkBounds({ metricTarget, min, max }: TargetTracking, field: string, words: ProvisionWords): void {
  if (!(metricTarget > 0 && metricTarget <= 1)) refuse(`${field}.metricTarget must be more than 0 and at most 1`)
  if (min > max) refuse(`${field}.${words.min} must be at most ${words.max}`)
}
