/** A series of values as one line of characters. Pure. */

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const NOTHING = ' '

/** The largest value fills its character; of more values than `width` each character shows the largest of its share. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = shrink(values, width)
  const most = Math.max(0, ...shown.map((value) => value ?? 0))
  return shown.map((value) => barOf(value, most)).join('')
}

function barOf(value: number | null, most: number): string {
  if (value === null) return NOTHING
  const share = most === 0 ? 0 : Math.max(0, value) / most
  return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))]!
}

function shrink(values: readonly (number | null)[], width: number): (number | null)[] {
  if (values.length <= width) return [...values]
  return Array.from({ length: width }, (_, i) => {
    const from = Math.floor((i * values.length) / width)
    const share = values.slice(from, Math.floor(((i + 1) * values.length) / width)).filter((value) => value !== null)
    return share.length === 0 ? null : Math.max(...share)
  })
}
