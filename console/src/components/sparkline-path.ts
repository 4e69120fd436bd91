/** Paths of a series within a box, its foot at zero. Stretches of known values are lines, and a lone one is a dot. */
export function sparklinePaths(
  values: readonly (number | null)[],
  width: number,
  height: number,
): { line: string; area: string } {
  const highest = Math.max(...values.map((value) => value ?? 0)) || 1
  const step = width / Math.max(1, values.length - 1)
  const x = (at: number) => (at * step).toFixed(1)
  const y = (value: number) => (height - (value / highest) * (height - 1)).toFixed(1)
  const stretches = stretchesOf(values)
  const points = stretches.map(({ from, known }) => known.map((value, i) => `${x(from + i)} ${y(value)}`).join('L'))
  return {
    // Round ends make a dot of a line without length.
    line: stretches.map(({ known }, at) => `M${points[at]}${known.length === 1 ? 'h0' : ''}`).join(''),
    area: stretches
      .map(({ from, known }, at) => `M${x(from)} ${height}L${points[at]}L${x(from + known.length - 1)} ${height}Z`)
      .join(''),
  }
}

function stretchesOf(values: readonly (number | null)[]): { from: number; known: number[] }[] {
  const stretches: { from: number; known: number[] }[] = []
  for (const [at, value] of values.entries()) {
    if (value === null) continue
    const open = stretches.at(-1)
    if (open !== undefined && open.from + open.known.length === at) open.known.push(value)
    else stretches.push({ from: at, known: [value] })
  }
  return stretches
}
