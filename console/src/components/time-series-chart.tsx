import './time-series-chart.css'
import { useWords } from '../i18n/language.ts'
import { align, summarise, type ChartSeries } from './chart-data.ts'
import { ChartPlot } from './chart-plot.tsx'
import { ChartTable } from './chart-table.tsx'
import { words } from './words.ts'

export type { ChartSeries } from './chart-data.ts'

interface TimeSeriesChartProps {
  title: string
  series: readonly ChartSeries[]
  /** Of the values, for axis, legend and table. */
  format: (value: number | null) => string
  /** px. */
  height?: number
  /** Of the axis, ms since 1970; as the points are when absent. */
  range?: { fromMs: number; toMs: number }
  /** Charts that share a cursor. */
  group?: string
  /** A value that is not to be crossed, drawn as a line. */
  threshold?: number
  /** Values are counted: the axis has no fractions. */
  isCount?: boolean
}

/** Lines over time; the same values are there as a sentence and as a table. */
export function TimeSeriesChart({
  title,
  series,
  format,
  height = 180,
  range,
  group,
  threshold,
  isCount = false,
}: TimeSeriesChartProps) {
  const t = useWords(words)
  const { times, values } = align(series)
  const hasPoints = values.some((line) => line.some((value) => value !== null))
  return (
    <figure className="chart">
      <figcaption>
        <h2 className="chart-title">{title}</h2>
        <ul className="legend">
          {series.map(({ label, points }, at) => {
            const { latest, highest } = summarise(points)
            return (
              <li key={label}>
                <span className="swatch" style={{ background: `var(--chart-${at + 1})` }} aria-hidden="true" />
                {label} <strong className="number">{format(latest)}</strong>
                <span className="visually-hidden">
                  ({t.latest}), {t.highest} {format(highest)}
                </span>
              </li>
            )
          })}
        </ul>
      </figcaption>
      {hasPoints ? (
        <ChartPlot {...{ series, format, height, times, values, range, group, threshold, isCount }} />
      ) : (
        <p className="chart-empty soft" style={{ height }}>
          {t.noData}
        </p>
      )}
      {hasPoints && <ChartTable {...{ title, series, format, times, values }} />}
    </figure>
  )
}
