/** Sums over minutes are kept for longer stretches too, so that no question has to read every minute of a month. */

/** Lengths of the stretches that rows are kept for, in minutes, each a multiple of the one before; their order is that of the database. */
export const STRETCH_MINUTES = [1, 10, 60, 1440] as const

export interface Stretches {
  /** Index in STRETCH_MINUTES. */
  size: number
  /** Minutes since 1970; from inclusive, to exclusive, both multiples of the size. */
  from: number
  to: number
}

/** Few stretches that together are exactly these minutes, in order. */
export function cover(from: number, to: number): Stretches[] {
  const parts: Stretches[] = []
  let at = from
  // Longer ones as soon as they fit, then shorter ones again.
  for (let size = 0; size < STRETCH_MINUTES.length; size++) {
    const next = STRETCH_MINUTES[size + 1]
    const end = next === undefined ? floor(to, size) : Math.min(Math.ceil(at / next) * next, floor(to, size))
    at = take(parts, size, at, end)
  }
  for (let size = STRETCH_MINUTES.length - 2; size >= 0; size--) at = take(parts, size, at, floor(to, size))
  return parts
}

function take(parts: Stretches[], size: number, from: number, to: number): number {
  if (to <= from) return from
  parts.push({ size, from, to })
  return to
}

function floor(minute: number, size: number): number {
  return Math.floor(minute / STRETCH_MINUTES[size]!) * STRETCH_MINUTES[size]!
}
