/** Bars of a histogram, and the period that somebody selects on them. */
import type { LogHistogram } from '../../../../server/src/logs/port.ts'

export interface Bar {
  fromMs: number
  /** Exclusive. */
  toMs: number
  count: number
  /** Of the highest, 0 to 1. */
  height: number
}

/** What is there can be seen: the lowest bar that counts something is this high. */
const HEIGHT_MIN = 0.03

export function barsOf({ bucketMs, buckets }: Pick<LogHistogram, 'bucketMs' | 'buckets'>): Bar[] {
  const highest = Math.max(1, ...buckets.map(({ count }) => count))
  return buckets.map(({ fromMs, count }) => ({
    fromMs,
    toMs: fromMs + bucketMs,
    count,
    height: count === 0 ? 0 : Math.max(HEIGHT_MIN, count / highest),
  }))
}

/** The bar under a point of the chart, 0 to 1 from its start. */
export const barAt = (position: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(position * count)))

/** From the first to the last bar between two, in whichever order; undefined without bars. */
export function periodBetween(bars: readonly Bar[], one: number, other: number) {
  const first = bars[Math.min(one, other)]
  const last = bars[Math.max(one, other)]
  return first === undefined || last === undefined ? undefined : { fromMs: first.fromMs, toMs: last.toMs }
}
