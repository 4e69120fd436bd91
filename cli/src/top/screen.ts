/** The screen of `sluice top`, from what it shows and how it is looked at. Pure. */
import { formatMoney, formatNumber } from '../amounts.ts'
import { formatDuration, formatSize, printable, type Output } from '../output.ts'
import type { FunctionRow, Snapshot } from './snapshot.ts'

const MB = 1024 * 1024
const BAR_WIDTH = 20

export interface Column {
  title: string
  of: keyof FunctionRow
  show: (row: FunctionRow, snapshot: Snapshot) => string
}

const orDash = (value: number | null, show: (value: number) => string) => (value === null ? '-' : show(value))

export const columns: readonly Column[] = [
  { title: 'FUNCTION', of: 'name', show: ({ name }) => printable(name, false) },
  { title: 'CALLS/S', of: 'perSecond', show: ({ perSecond }) => formatNumber(perSecond) },
  { title: 'ERRORS', of: 'errors', show: ({ errors }) => orDash(errors, (value) => `${formatNumber(value)} %`) },
  { title: 'P50', of: 'p50Ms', show: ({ p50Ms }) => orDash(p50Ms, formatDuration) },
  { title: 'P99', of: 'p99Ms', show: ({ p99Ms }) => orDash(p99Ms, formatDuration) },
  { title: 'INSTANCES', of: 'instances', show: ({ instances }) => String(instances) },
  { title: 'RUNNING', of: 'inFlight', show: ({ inFlight }) => String(inFlight) },
  {
    title: 'THIS MONTH',
    of: 'cost',
    show: ({ cost }, { costs }) => orDash(cost, (value) => formatMoney(value, costs?.currency ?? '')),
  },
]

export interface View {
  /** Of `columns`. */
  sortBy: number
  isDescending: boolean
}

/** Busiest first. */
export const FIRST_VIEW: View = { sortBy: 1, isDescending: true }

export interface Size {
  columns: number
  rows: number
}

/** Equal ones by name, so that rows stay where they are. */
export function sorted(rows: readonly FunctionRow[], { sortBy, isDescending }: View): FunctionRow[] {
  const { of } = columns[sortBy]!
  const sign = isDescending ? -1 : 1
  return rows.toSorted((a, b) => sign * compare(a[of], b[of]) || compare(a.name, b.name))
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  return a < b ? -1 : 1
}

/** As many lines as there are rows at most, none wider than the terminal. `problem`: why it is not up to date. */
export function render(
  snapshot: Snapshot,
  view: View,
  size: Size,
  problem: string | null,
  output: Pick<Output, 'style'>,
): string[] {
  const fit = (line: string) => line.slice(0, size.columns)
  const keys = fit('←→ sort by   ↑↓ order   q quit')
  const foot = problem === null ? output.style('dim', keys) : output.style('red', fit(printable(problem, false)))
  const head = [...headLines(snapshot).map(fit), '']
  const room = Math.max(0, size.rows - head.length - 2)
  const [titles, ...table] = tableOf(sorted(snapshot.functions, view), snapshot, view).map(fit)
  const shown = table.slice(0, table.length > room ? Math.max(0, room - 1) : room)
  const left = table.length - shown.length
  const more = left > 0 ? [output.style('dim', fit(`… and ${left} more`))] : []
  return [...head, output.style('bold', titles!), ...shown, ...more, foot].slice(0, size.rows)
}

function headLines({ timeMs, windowMs, total, host, costs }: Snapshot): string[] {
  const rate = `${formatNumber(total.perSecond)} calls/s`
  const errors = total.errors === null ? '' : `, ${formatNumber(total.errors)} % failed`
  const times = `p50 ${orDash(total.p50Ms, formatDuration)}, p99 ${orDash(total.p99Ms, formatDuration)}`
  const forecast =
    costs === null || costs.forecast === null ? '' : `, ${formatMoney(costs.forecast, costs.currency)} at its end`
  const cost = costs === null ? '' : `   this month ${formatMoney(costs.total, costs.currency)}${forecast}`
  const memory = `${bar(host.usedMB, host.memoryMB)} ${formatSize(host.usedMB * MB)} of ${formatSize(host.memoryMB * MB)}`
  return [
    `sluice top   ${new Date(timeMs).toISOString().slice(11, 19)} UTC, the last ${Math.round(windowMs / 1000)} s`,
    `host   ${host.sandbox}, ${host.cpus} cores   memory ${memory}   ` +
      `${total.instances} of ${host.instancesMax} instances, ${host.stems} prepared`,
    `all    ${rate}${errors}   ${times}${cost}`,
  ]
}

function bar(used: number, all: number): string {
  const full = all === 0 ? 0 : Math.min(BAR_WIDTH, Math.ceil((used / all) * BAR_WIDTH))
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)}`
}

/** Names on the left, numbers on the right of their columns. */
function tableOf(rows: readonly FunctionRow[], snapshot: Snapshot, view: View): string[] {
  const mark = view.isDescending ? '▼' : '▲'
  const titles = columns.map(({ title }, i) => (i === view.sortBy ? `${title}${mark}` : title))
  const cells = [titles, ...rows.map((row) => columns.map(({ show }) => show(row, snapshot)))]
  // As wide as with the mark: columns stay when another is sorted by.
  const widths = columns.map(({ title }, i) => Math.max(title.length + 1, ...cells.map((row) => row[i]!.length)))
  return cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
