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

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 }

/** What an expression says: an interval, or six fields that read the clocks of a zone. */
export type TimerExpression = { kind: 'every'; intervalMs: number } | { kind: 'cron'; fields: string[]; zone: string }

/** Throws FcError InvalidArgument that says which field is wrong. */
export function readTimerExpression(expression: string): TimerExpression {
  const [, count, unit] = /^@every\s+(\d{1,9})([smh])$/.exec(expression) ?? []
  if (count !== undefined) {
    if (Number(count) === 0) throw refusal('the interval must be at least 1')
    return { kind: 'every', intervalMs: Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS] }
  }
  const parts = expression.trim().split(/\s+/)
  const zone = parts[0]?.startsWith('CRON_TZ=') ? parts.shift()!.slice('CRON_TZ='.length) : 'UTC'
  if (!isTimeZone(zone)) throw refusal(`'${zone}' is no time zone`)
  const problem = problemOfCron(parts)
  if (problem !== undefined) throw refusal(problem)
  return { kind: 'cron', fields: parts.map((part, index) => listOf(part, fields[index]!)), zone }
}

/** The values that a field names, one by one, for readers of cron differ in what else they know; `*` for all of them. */
function listOf(part: string, field: Field): string {
  const values = new Set(part.split(',').flatMap((item) => valuesOf(item, field)))
  const isAll = Array.from({ length: field.to - field.from + 1 }, (_, i) => field.from + i).every((value) =>
    values.has(value),
  )
  return isAll ? '*' : [...values].join(',')
}

/** `5/10` goes on to the last value. */
function valuesOf(item: string, field: Field): number[] {
  const [range = '', step] = item.split('/')
  const [first, last] = /^[*?]$/.test(range)
    ? [field.from, field.to]
    : range.split('-').map((text) => valueOf(text, field)!)
  const end = last ?? (step === undefined ? first! : field.to)
  const values: number[] = []
  for (let value = first!; value <= end; value += Number(step ?? 1)) values.push(value)
  return values
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

/** Asking costs 0.1 ms, and ten thousand timers name the same few. Bounded, for names are taken in any case. */
const KNOWN_ZONES_MAX = 1000
const knownZones = new Set<string>()

export function isTimeZone(name: string): boolean {
  if (knownZones.has(name)) return true
  try {
    if (new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone === '') return false
    if (knownZones.size < KNOWN_ZONES_MAX) knownZones.add(name)
    return true
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
