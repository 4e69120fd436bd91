/** Plain-text tables: subjects down, metrics across. */
import type { Ratio, Summary } from './measurement.ts'
import type { Verdict } from './targets.ts'

function number(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  return value.toFixed(size >= 10 ? 1 : 2)
}

function grid(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}

/** One row of the benchmark as a table; values that must not be used read `invalid`, with the reasons below. */
export function rowTable(summaries: readonly Summary[]): string {
  const metrics = [...new Set(summaries.map(({ metric, unit }) => `${metric} [${unit}]`))]
  const subjects = [...new Set(summaries.map(({ subject }) => subject))]
  const cell = (subject: string, metric: string) => {
    const found = summaries.find((one) => one.subject === subject && `${one.metric} [${one.unit}]` === metric)
    if (!found) return '-'
    return found.invalid === null ? number(found.median) : 'invalid'
  }
  const body = subjects.map((subject) => [subject, ...metrics.map((metric) => cell(subject, metric))])
  const reasons = new Set(summaries.flatMap(({ subject, invalid }) => (invalid ? [`  ${subject}: ${invalid}`] : [])))
  return [grid([['', ...metrics], ...body]), ...reasons].join('\n')
}

/** One grid for each metric: ours down, what it is compared with across. */
export function ratioTable(ratios: readonly Ratio[]): string {
  const grids = [...Map.groupBy(ratios, ({ metric }) => metric)].map(([metric, ofMetric]) => {
    const others = [...new Set(ofMetric.map(({ against }) => against))]
    const bySubject = [...Map.groupBy(ofMetric, ({ subject }) => subject)]
    const lines = bySubject.map(([subject, own]) => {
      const cells = others.map((other) => own.find(({ against }) => against === other))
      return [subject, ...cells.map((cell) => (cell ? `${cell.ratio.toFixed(2)} x` : '-'))]
    })
    return grid([[`${metric} of that of`, ...others], ...lines])
  })
  return grids.join('\n\n')
}

export function targetTable(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ subject, what, measured, target, isHeld }) => [
    ...[subject, what, number(measured), target],
    isHeld ? 'held' : 'MISSED',
  ])
  return grid([['subject', 'figure', 'measured', 'target', ''], ...lines])
}
