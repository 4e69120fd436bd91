/** Numbers, amounts and times as people read them, by Intl. What is not known is a dash. */
import type { Language } from './words.ts'

export type Format = ReturnType<typeof createFormat>

type Known = number | null | undefined

const NOTHING = '–'
const LOCALES = { en: 'en-GB', zh: 'zh-CN' } as const
const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** `timeZone`: the reader's own unless given. */
export function createFormat(language: Language, timeZone?: string) {
  const locale = LOCALES[language]
  const zone = timeZone === undefined ? {} : { timeZone }
  const numbers = new Map<string, Intl.NumberFormat>()
  const known = (value: Known): value is number => typeof value === 'number' && Number.isFinite(value)

  function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const key = JSON.stringify(options)
    const made = numbers.get(key) ?? new Intl.NumberFormat(locale, options)
    numbers.set(key, made)
    return made
  }
  const write = (value: Known, options: Intl.NumberFormatOptions) =>
    known(value) ? formatter(options).format(value) : NOTHING
  /** Symbols are the same in both languages; they stay on the line of their number. */
  const unit = (value: number, symbol: string, maximumFractionDigits: number) =>
    `${write(value, { maximumFractionDigits })}\u00a0${symbol}`
  const times = (options: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(locale, { ...options, ...zone })
    return (ms: Known) => (known(ms) ? made.format(ms) : NOTHING)
  }

  /** Three digits that matter, so that a column of durations can be compared at a glance. */
  function durationMs(ms: Known): string {
    if (!known(ms)) return NOTHING
    if (ms < 10) return unit(ms, 'ms', 2)
    if (ms < 100) return unit(ms, 'ms', 1)
    if (ms < SECOND_MS) return unit(ms, 'ms', 0)
    if (ms < MINUTE_MS) return unit(ms / SECOND_MS, 's', ms < 10 * SECOND_MS ? 2 : 1)
    if (ms < HOUR_MS) return pair(ms, MINUTE_MS, 'min', SECOND_MS, 's')
    if (ms < DAY_MS) return pair(ms, HOUR_MS, 'h', MINUTE_MS, 'min')
    return pair(ms, DAY_MS, 'd', HOUR_MS, 'h')
  }

  function pair(ms: number, large: number, largeSymbol: string, small: number, smallSymbol: string): string {
    const first = Math.floor(ms / large)
    const rest = Math.floor((ms - first * large) / small)
    return rest === 0 ? unit(first, largeSymbol, 0) : `${unit(first, largeSymbol, 0)} ${unit(rest, smallSymbol, 0)}`
  }

  function bytes(count: Known): string {
    if (!known(count)) return NOTHING
    const steps = ['B', 'KB', 'MB', 'GB', 'TB']
    const step = count < 1 ? 0 : Math.min(Math.floor(Math.log(count) / Math.log(1024)), steps.length - 1)
    const value = count / 1024 ** step
    // The short name of the unit is `byte`, also of many.
    if (step === 0) return `${write(count, { maximumFractionDigits: 0 })} B`
    return unit(value, steps[step]!, value >= 100 ? 0 : 1)
  }

  function relative(ms: Known, nowMs: number): string {
    if (!known(ms)) return NOTHING
    const away = ms - nowMs
    const size = Math.abs(away)
    const [name, length] =
      size < MINUTE_MS
        ? (['second', SECOND_MS] as const)
        : size < HOUR_MS
          ? (['minute', MINUTE_MS] as const)
          : size < DAY_MS
            ? (['hour', HOUR_MS] as const)
            : (['day', DAY_MS] as const)
    return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(away / length), name)
  }

  return {
    locale,
    number: (value: Known, digits = 0) => write(value, { maximumFractionDigits: digits }),
    /** 12.3K; whole below a thousand. */
    compact: (value: Known) => write(value, { notation: 'compact', maximumFractionDigits: 1 }),
    /** Of a fraction. */
    percent: (fraction: Known, digits = 1) => write(fraction, { style: 'percent', maximumFractionDigits: digits }),
    rate: (perSecond: Known) => {
      const digits = known(perSecond) && Math.abs(perSecond) < 10 ? 2 : 0
      return known(perSecond) ? `${write(perSecond, { maximumFractionDigits: digits })}/s` : NOTHING
    },
    /**
     * Functions cost little: below one unit, the digits that tell an amount from nothing are kept. A price book may count
     * in what is no currency of ISO 4217; that stands behind the number.
     */
    currency: (amount: Known, currency: string) => {
      const digits: Intl.NumberFormatOptions =
        known(amount) && amount !== 0 && Math.abs(amount) < 1
          ? { minimumSignificantDigits: 2, maximumSignificantDigits: 3 }
          : { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      if (!known(amount)) return NOTHING
      if (!/^[A-Z]{3}$/.test(currency)) return `${write(amount, digits)} ${currency}`.trim()
      return write(amount, { style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...digits })
    },
    bytes,
    megabytes: (mb: Known) => bytes(known(mb) ? mb * 1024 * 1024 : mb),
    durationMs,
    relative,
    time: times({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    /** With milliseconds, for lines of a log. */
    timeMs: times({
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
    }),
    date: times({ dateStyle: 'medium' }),
    dateTime: times({
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
  }
}
