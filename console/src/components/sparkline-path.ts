/** Paths of a series within a box, its foot at zero: lines where values are known, and a dot for a lone one. */
export function sparklinePaths(
  values: readonly (number | null)[],
  width: number,
  height: number,
): { line: string; area: string; dots: string } {
  const highest = Math.max(...values.map((value) => value ?? 0)) || 1
  const step = width / Math.max(1, values.length - 1)
  const x = (at: number) => (at * step).toFixed(1)
  const y = (value: number) => (height - (value / highest) * (height - 1)).toFixed(1)
  const stretches = stretchesOf(values)
  const pathOf = ({ from, known }: Stretch) => known.map((value, i) => `${x(from + i)} ${y(value)}`).join('L')
  const lines = stretches.filter(({ known }) => known.length > 1)
  const lone = stretches.filter(({ known }) => known.length === 1)
  return {
    line: lines.map((stretch) => `M${pathOf(stretch)}`).join(''),
    area: lines
      .map((stretch) => {
        const { from, known } = stretch
        return `M${x(from)} ${height}L${pathOf(stretch)}L${x(from + known.length - 1)} ${height}Z`
      })
      .join(''),
    // Round ends make a dot of a line without length.
    dots: lone.map((stretch) => `M${pathOf(stretch)}h0`).join(''),
  }
}

interface Stretch {
  from: number
  known: number[]
}

function stretchesOf(values: readonly (number | null)[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const [at, value] of values.entries()) {
    if (value === null) continue
    const open = stretches.at(-1)
    if (open !== undefined && open.from + open.known.length === at) open.known.push(value)
    else stretches.push({ from: at, known: [value] })
  }
  return stretches
}
