/** Series and the seconds that are added to them. Pure. */

export interface Series {
  metric: string
  unit: string
  stepMs: number
  /** Time (ms since 1970) and value, oldest first. */
  points: readonly (readonly [number, number | null])[]
}

/** What a follow stream tells of one second. */
export interface Second {
  timeMs: number
  values: Record<string, number | null>
}

/** The series within a period; a second that was told later replaces what the series had for it. */
export function withSeconds(
  series: Series,
  seconds: readonly Second[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Series {
  const points = new Map(series.points)
  for (const { timeMs, values } of seconds) points.set(timeMs, values[series.metric] ?? null)
  const within = [...points].filter(([timeMs]) => timeMs >= fromMs && timeMs < toMs)
  return { ...series, points: within.toSorted(([a], [b]) => a - b) }
}

/** The mean of the last values, those that are not known left out; null when none is. */
export function recentMean(series: Series | undefined, count: number): number | null {
  const known = (series?.points.slice(-count) ?? []).flatMap(([, value]) => (value === null ? [] : [value]))
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

export const total = (series: Series | undefined): number =>
  series?.points.reduce((sum, [, value]) => sum + (value ?? 0), 0) ?? 0

export const latest = (series: Series | undefined): number | null =>
  series?.points.findLast(([, value]) => value !== null)?.[1] ?? null

/** At most so many values for a small picture: each the highest of its stretch. */
export function thinned(series: Series | undefined, count: number): (number | null)[] {
  const points = series?.points ?? []
  const stretch = Math.max(1, Math.ceil(points.length / count))
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, at) =>
    points
      .slice(at * stretch, (at + 1) * stretch)
      .reduce<number | null>((high, [, value]) => (value === null ? high : Math.max(high ?? 0, value)), null),
  )
}
