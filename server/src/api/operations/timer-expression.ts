/** The `cronExpression` of timer triggers: `@every 5m`, or six fields from seconds on, with an optional time zone. */
import { FcError } from '../../errors.ts'

interface Field {
  name: string
  from: number
  to: number
  words?: readonly string[]
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const fields: readonly Field[] = [
  { name: 'second', from: 0, to: 59 },
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  { name: 'day of week', from: 0, to: 7, words: DAYS },
]

const ACCEPTS =
  'cronExpression must be @every {n}s, {n}m or {n}h, or six fields (second minute hour day-of-month month ' +
  'day-of-week), with CRON_TZ={time zone} before them for a zone other than UTC'

/** Throws FcError InvalidArgument that says which field is wrong. */
export function checkTimerExpression(expression: string): void {
  const every = /^@every\s+(\d{1,9})[smh]$/.exec(expression)
  if (every) {
    if (Number(every[1]) === 0) throw refusal('the interval must be at least 1')
    return
  }
  const parts = expression.trim().split(/\s+/)
  const zone = parts[0]?.startsWith('CRON_TZ=') ? parts.shift()!.slice('CRON_TZ='.length) : 'UTC'
  if (!isTimeZone(zone)) throw refusal(`'${zone}' is no time zone`)
  const problem = problemOfCron(parts)
  if (problem !== undefined) throw refusal(problem)
}

function refusal(reason: string): FcError {
  return new FcError('InvalidArgument', `${ACCEPTS}; ${reason}`)
}

/** What is wrong with the six fields of a cron expression, in words; undefined when nothing is. */
export function problemOfCron(parts: readonly string[]): string | undefined {
  if (parts.length !== fields.length) return `it has ${parts.length} fields`
  const wrong = fields.findIndex((field, index) => !parts[index]!.split(',').every((item) => isItem(item, field)))
  if (wrong < 0) return undefined
  const { name, from, to } = fields[wrong]!
  return `'${parts[wrong]!}' is no ${name}, which goes from ${from} to ${to}`
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** `*`, `?`, `5`, `1-5`, `MON-FRI`, each with an optional `/step`. */
function isItem(item: string, field: Field): boolean {
  const [range, step, ...rest] = item.split('/')
  if (range === undefined || rest.length > 0) return false
  if (step !== undefined && !/^[1-9]\d{0,3}$/.test(step)) return false
  if (range === '*' || range === '?') return true
  const [first, last, ...more] = range.split('-').map((text) => valueOf(text, field))
  if (first === undefined || more.length > 0) return false
  if (range.includes('-')) return last !== undefined && first <= last
  return true
}

function valueOf(text: string, { from, to, words }: Field): number | undefined {
  const word = words?.indexOf(text.toUpperCase()) ?? -1
  if (word >= 0) return from + word
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return number >= from && number <= to ? number : undefined
}
