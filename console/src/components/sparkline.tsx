import { sparklinePaths } from './sparkline-path.ts'

/** The shape of a series, without a scale; the figure beside it says the value. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  const { line, area, dots } = sparklinePaths(values, 100, 24)
  return (
    <svg className="sparkline" viewBox="0 0 100 25" preserveAspectRatio="none" aria-hidden="true">
      <path className="area" d={area} />
      <path className="line" d={line} />
      <path className="dots" d={dots} />
    </svg>
  )
}
