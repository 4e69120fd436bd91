/** What a run yields, and the arithmetic over it: nothing here measures. */

export interface Measurement {
  row: string
  subject: string
  metric: string
  unit: string
  value: number
  /** Why the value must not be used: wrong or failed answers. */
  invalid: string | null
}

export interface Summary {
  row: string
  subject: string
  metric: string
  unit: string
  median: number
  min: number
  max: number
  count: number
  invalid: string | null
}

/** Linear interpolation between the two nearest ranks; `share` 0.5 is the median. Throws RangeError without values. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values to take a percentile of')
  const sorted = values.toSorted((a, b) => a - b)
  const rank = share * (sorted.length - 1)
  const below = sorted[Math.floor(rank)]!
  const above = sorted[Math.ceil(rank)]!
  return below + (above - below) * (rank - Math.floor(rank))
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** One summary for each row, subject and metric, in order of appearance; a single invalid round spoils it. */
export function summarise(measurements: readonly Measurement[]): Summary[] {
  const groups = Map.groupBy(measurements, ({ row, subject, metric }) => JSON.stringify([row, subject, metric]))
  return [...groups.values()].map((group) => {
    const { row, subject, metric, unit } = group[0]!
    const values = group.map(({ value }) => value)
    return {
      row,
      subject,
      metric,
      unit,
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      count: values.length,
      invalid: group.find(({ invalid }) => invalid !== null)?.invalid ?? null,
    }
  })
}

export interface Ratio {
  metric: string
  subject: string
  against: string
  ratio: number
}

/** Each of `subjects` against every other subject of the row, for the given metrics; invalid summaries take no part. */
export function ratios(
  summaries: readonly Summary[],
  subjects: readonly string[],
  metrics: readonly string[],
): Ratio[] {
  const valid = summaries.filter(({ invalid }) => invalid === null)
  return metrics.flatMap((metric) => {
    const ofMetric = valid.filter((summary) => summary.metric === metric)
    const peers = ofMetric.filter(({ subject, median }) => !subjects.includes(subject) && median > 0)
    return ofMetric
      .filter(({ subject }) => subjects.includes(subject))
      .flatMap(({ subject, median }) =>
        peers.map((peer) => ({ metric, subject, against: peer.subject, ratio: median / peer.median })),
      )
  })
}
