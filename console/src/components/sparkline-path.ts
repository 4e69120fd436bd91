/** The path of a series within a box, its foot at zero; gaps count as zero. Empty when there are fewer than two values. */
export function sparklinePath(values: readonly (number | null)[], width: number, height: number): string {
  if (values.length < 2) return ''
  const highest = Math.max(...values.map((value) => value ?? 0)) || 1
  return values
    .map((value, at) => {
      const x = (at / (values.length - 1)) * width
      const y = height - ((value ?? 0) / highest) * (height - 1)
      return `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
