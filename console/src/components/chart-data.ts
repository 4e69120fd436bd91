/** Series of a chart as the drawing, the sentence and the table need them. */

export interface ChartSeries {
  label: string
  /** Time (ms since 1970) and value, oldest first; null: nothing was measured. */
  points: readonly (readonly [number, number | null])[]
}

/** One list of times for all series; a series without a value at one of them has a gap there. */
export function align(series: readonly ChartSeries[]): { times: number[]; values: (number | null)[][] } {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([time]) => time)))].toSorted((a, b) => a - b)
  const values = series.map(({ points }) => {
    const byTime = new Map(points)
    return times.map((time) => byTime.get(time) ?? null)
  })
  return { times, values }
}

/** Where a value has none beside it: no line leads there, so that a point must. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const isKnown = (at: number) => typeof values[at] === 'number'
  return Array.from({ length: values.length }, (_, at) => at).filter(
    (at) => isKnown(at) && !isKnown(at - 1) && !isKnown(at + 1),
  )
}

export function summarise(points: ChartSeries['points']): { latest: number | null; highest: number | null } {
  const known = points.flatMap(([, value]) => (value === null ? [] : [value]))
  return { latest: known.at(-1) ?? null, highest: known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b)) }
}
