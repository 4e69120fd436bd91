/** Points of a series, of what was counted in each step. */
import type { Series } from '../port.ts'
import type { SeriesPlan } from './read-query.ts'
import { Tally } from './tally.ts'

/** Tallies by name or time, made when they are needed. */
export class Sums<Key> {
  readonly #sums = new Map<Key, Tally>()

  get all(): ReadonlyMap<Key, Tally> {
    return this.#sums
  }

  of(key: Key): Tally {
    const known = this.#sums.get(key)
    if (known !== undefined) return known
    const added = new Tally()
    this.#sums.set(key, added)
    return added
  }
}

/** Never written to. */
const NOTHING = new Tally()

/** `isKnown`: the platform remembers that step. `wasRead`: gauges were read in it, so that what had none had zero. */
export function seriesOf(
  { metric, fromMs, toMs, stepMs }: Pick<SeriesPlan, 'metric' | 'fromMs' | 'toMs' | 'stepMs'>,
  sums: ReadonlyMap<number, Tally>,
  isKnown: (timeMs: number) => boolean,
  wasRead: (timeMs: number) => boolean,
): Series {
  const points: Series['points'] = []
  for (let timeMs = fromMs; timeMs < toMs; timeMs += stepMs) {
    const value = isKnown(timeMs) ? metric.compute(sums.get(timeMs) ?? NOTHING) : null
    const isZero = value === null && metric.absent === 0 && isKnown(timeMs) && wasRead(timeMs)
    points.push({ timeMs, value: isZero ? 0 : value })
  }
  return { info: metric.info, stepMs, points }
}

/** What was read stands until it is read again, for so many steps at most. */
export function carry(points: Series['points'], stepsMax: number): Series['points'] {
  let last: number | null = null
  let age = 0
  return points.map(({ timeMs, value }) => {
    age = value === null ? age + 1 : 0
    if (value !== null || age > stepsMax) last = value
    return { timeMs, value: last }
  })
}
