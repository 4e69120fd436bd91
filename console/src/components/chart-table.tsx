import { useState } from 'react'
import { useFormat, useWords } from '../i18n/language.ts'
import type { ChartSeries } from './chart-data.ts'
import { words } from './words.ts'

/** The latest ones. */
const ROWS_MAX = 200

interface ChartTableProps {
  title: string
  series: readonly ChartSeries[]
  format: (value: number | null) => string
  times: number[]
  values: (number | null)[][]
}

/** The values themselves; made when they are asked for, for they change with every second. */
export function ChartTable({ title, series, format, times, values }: ChartTableProps) {
  const t = useWords(words)
  const { dateTime } = useFormat()
  const [isOpen, setOpen] = useState(false)
  const from = Math.max(0, times.length - ROWS_MAX)
  return (
    <details className="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.asTable}</summary>
      {isOpen && (
        <div className="scroll-y" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.time}</th>
                {series.map(({ label }) => (
                  <th scope="col" key={label}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.slice(from).map((time, at) => (
                <tr key={time}>
                  <td>{dateTime(time)}</td>
                  {values.map((line, column) => (
                    <td key={series[column]!.label}>{format(line[from + at] ?? null)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
