/** Charts as SVG text: panels side by side with lines, steps and dots, readable on light and on dark pages. */

export interface Series {
  name: string
  kind: 'line' | 'step' | 'area'
  /** Which of the palette. */
  color: 0 | 1 | 2
  points: readonly { x: number; y: number; label?: string; labelSide?: 'above' | 'below' }[]
  /** Marks each point. */
  dots?: boolean
}

export interface Axis {
  label: string
  format: (value: number) => string
  /** The largest value shown; from the data when absent. */
  max?: number
}

export interface Panel {
  title: string
  x: Axis
  y: Axis
  series: readonly Series[]
}

export interface Chart {
  title: string
  /** What can be seen, for those who cannot see it. */
  description: string
  panels: readonly Panel[]
}

/** What pages of documentation show without scaling it down. */
const WIDTH = 960
const PANEL_HEIGHT = 240
const MARGIN = { top: 86, right: 20, bottom: 52, left: 68 }
const TICKS = 5

const STYLE = `
  .page { fill: #ffffff } .text { fill: #1f2328 } .dim { fill: #59636e } .grid { stroke: #d8dee4 } .axis { stroke: #8c959f }
  .c0 { stroke: #0969da } .c1 { stroke: #bc4c00 } .c2 { stroke: #1a7f37 }
  .f0 { fill: #0969da } .f1 { fill: #bc4c00 } .f2 { fill: #1a7f37 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round } .area { stroke: none; fill-opacity: 0.35 }
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif } .small { font-size: 11px }
  .heading { font-size: 15px; font-weight: 600 } .title { font-size: 13px; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #e6edf3 } .dim { fill: #9198a1 } .grid { stroke: #2a313c } .axis { stroke: #656c76 }
    .c0 { stroke: #4493f8 } .c1 { stroke: #f0883e } .c2 { stroke: #3fb950 }
    .f0 { fill: #4493f8 } .f1 { fill: #f0883e } .f2 { fill: #3fb950 }
  }`

export function drawChart({ title, description, panels }: Chart): string {
  const panelWidth = WIDTH / panels.length - MARGIN.left - MARGIN.right
  const height = MARGIN.top + PANEL_HEIGHT + MARGIN.bottom
  const legend = [...new Map(panels.flatMap(({ series }) => series).map((each) => [each.name, each])).values()]
  const body = panels.map((panel, i) => {
    const left = (i * WIDTH) / panels.length + MARGIN.left
    return `<g transform="translate(${left} ${MARGIN.top})">${drawPanel(panel, panelWidth)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(title)}</title><desc>${escape(description)}</desc><style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    `<text class="text heading" x="${MARGIN.left}" y="24">${escape(title)}</text>`,
    legend.length > 1 ? drawLegend(legend) : '',
    ...body,
    '</svg>\n',
  ].join('\n')
}

function drawLegend(series: readonly Series[]): string {
  let x = MARGIN.left
  return series
    .map(({ name, color, kind }) => {
      const mark =
        kind === 'area'
          ? `<rect class="area f${color}" x="${x}" y="36" width="18" height="10"/>`
          : `<line class="line c${color}" x1="${x}" x2="${x + 18}" y1="41" y2="41"/>`
      const entry = `${mark}<text class="dim" x="${x + 24}" y="45">${escape(name)}</text>`
      x += 40 + name.length * 6.6
      return entry
    })
    .join('')
}

function drawPanel({ title, x, y, series }: Panel, width: number): string {
  const points = series.flatMap((each) => each.points)
  const xs = scale(x.max ?? Math.max(...points.map((point) => point.x)), width)
  const ys = scale(y.max ?? Math.max(...points.map((point) => point.y)), PANEL_HEIGHT)
  const across = (value: number) => round(xs.of(value))
  const up = (value: number) => round(PANEL_HEIGHT - ys.of(value))
  const parts = [`<text class="text title" x="0" y="-16">${escape(title)}</text>`]
  for (const tick of ys.ticks) {
    parts.push(
      `<line class="grid" x1="0" x2="${width}" y1="${up(tick)}" y2="${up(tick)}"/>`,
      `<text class="dim small" x="-8" y="${up(tick) + 4}" text-anchor="end">${escape(y.format(tick))}</text>`,
    )
  }
  for (const tick of xs.ticks) {
    parts.push(
      `<line class="axis" x1="${across(tick)}" x2="${across(tick)}" y1="${PANEL_HEIGHT}" y2="${PANEL_HEIGHT + 4}"/>`,
      `<text class="dim small" x="${across(tick)}" y="${PANEL_HEIGHT + 18}" text-anchor="middle">${escape(x.format(tick))}</text>`,
    )
  }
  parts.push(
    `<line class="axis" x1="0" x2="${width}" y1="${PANEL_HEIGHT}" y2="${PANEL_HEIGHT}"/>`,
    `<text class="text small" x="${width / 2}" y="${PANEL_HEIGHT + 38}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text class="text small" transform="translate(-52 ${PANEL_HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
    ...series.map((each) => drawSeries(each, across, up)),
  )
  return parts.join('\n')
}

function drawSeries(
  { kind, color, points, dots }: Series,
  across: (x: number) => number,
  up: (y: number) => number,
): string {
  const spots = points.map((point) => ({ ...point, x: across(point.x), y: up(point.y) }))
  const path = spots
    .map(({ x, y }, i) => (i === 0 ? `M${x} ${y}` : kind === 'step' ? `H${x}V${y}` : `L${x} ${y}`))
    .join('')
  const closed = `${path}L${spots.at(-1)?.x ?? 0} ${up(0)}L${spots[0]?.x ?? 0} ${up(0)}Z`
  const parts = [
    kind === 'area' ? `<path class="area f${color}" d="${closed}"/>` : `<path class="line c${color}" d="${path}"/>`,
  ]
  for (const { x, y, label, labelSide = 'above' } of spots) {
    if (dots) parts.push(`<circle class="f${color}" cx="${x}" cy="${y}" r="3.5"/>`)
    if (label === undefined) continue
    const at = { above: [x + 5, y - 6, 'start'], below: [x - 6, y + 14, 'end'] }[labelSide]
    parts.push(`<text class="small f${color}" x="${at[0]}" y="${at[1]}" text-anchor="${at[2]}">${escape(label)}</text>`)
  }
  return parts.join('\n')
}

/** From 0 to a round number a little above the largest value. */
function scale(max: number, length: number): { ticks: number[]; of: (value: number) => number } {
  const rough = (max || 1) / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each * TICKS >= (max || 1))!
  const top = Math.ceil((max || 1) / step) * step
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step)
  return { ticks, of: (value) => (value / top) * length }
}

const round = (value: number) => Math.round(value * 10) / 10
const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
