/** Numbers as people read them, in the unit that they are of. Pure. */
import { formatDuration, formatSize } from './output.ts'

const MB = 1024 * 1024

/** As the units of metrics are named. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null) return '-'
  if (unit === 'ms') return formatDuration(value)
  if (unit === 'MB') return formatSize(value * MB)
  if (unit === 'bytes') return formatSize(value)
  if (unit === 'bytes/s') return `${formatSize(value)}/s`
  if (unit === 'percent') return `${formatNumber(value)} %`
  return formatNumber(value)
}

/** Whole numbers with all digits, others with three that count. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

/** What is less than a cent is not nothing. */
export function formatMoney(amount: number, currency: string): string {
  const digits = amount !== 0 && Math.abs(amount) < 0.1 ? 6 : 2
  return `${amount.toFixed(digits)} ${currency}`.trimEnd()
}
