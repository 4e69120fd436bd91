import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { colourOf, useShownTheme } from '../design/theme.ts'
import { useLanguage } from '../i18n/language.ts'
import { lonePoints, type ChartSeries } from './chart-data.ts'

/** 1, 2, 5, 10, 20, … */
const WHOLE_STEPS = Array.from({ length: 36 }, (_, at) => [1, 2, 5][at % 3]! * 10 ** Math.floor(at / 3))

interface ChartPlotProps {
  series: readonly ChartSeries[]
  format: (value: number | null) => string
  range: { fromMs: number; toMs: number } | undefined
  group: string | undefined
  threshold: number | undefined
  isCount: boolean
  height: number
  times: number[]
  values: (number | null)[][]
}

/** The drawing: on a canvas, so for eyes only. */
export function ChartPlot({ series, format, height, times, values, range, group, threshold, isCount }: ChartPlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(null)
  const theme = useShownTheme()
  const language = useLanguage()
  const labels = series.map(({ label }) => label).join('\n')
  // What the drawing asks for when it is drawn, so that new values need no new drawing.
  const now = useRef({ format, range, times, values, threshold })
  now.current = { format, range, times, values, threshold }

  useEffect(() => {
    const element = box.current!
    const colour = (name: string) => colourOf(element, name)
    const axis = { stroke: colour('--text-soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
    const font = `11px ${getComputedStyle(element).fontFamily}`
    const made = new UPlot(
      {
        width: element.clientWidth,
        height,
        ms: 1,
        // On the right there is room for half of the last label.
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, ...(group && { sync: { key: group } }) },
        scales: {
          x: { range: (_, min, max) => [now.current.range?.fromMs ?? min, now.current.range?.toMs ?? max] },
          y: { range: (_, __, max) => [0, Math.max(max, now.current.threshold ?? 0) * 1.1 || 1] },
        },
        axes: [
          { ...axis, font, grid: { show: false }, size: 26, space: 70, values: timeLabels(language) },
          {
            ...axis,
            font,
            size: 64,
            space: 36,
            ...(isCount && { incrs: WHOLE_STEPS }),
            values: (_, splits) => splits.map((value) => now.current.format(value)),
          },
        ],
        series: [
          {},
          ...labels.split('\n').map((label, at) => ({
            label,
            stroke: colour(`--chart-${at + 1}`),
            width: 1.5,
            points: {
              show: true,
              size: 5,
              fill: colour(`--chart-${at + 1}`),
              filter: (chart: UPlot, index: number) => lonePoints(chart.data[index]!),
            },
          })),
        ],
        hooks: {
          draw: [(chart: UPlot) => drawThreshold(chart, now.current.threshold, colour('--bad'))],
          setCursor: [(chart: UPlot) => showValues(chart, element, labels.split('\n'), now.current.format, language)],
        },
      },
      [now.current.times, ...now.current.values],
      element,
    )
    plot.current = made
    const sizes = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    sizes.observe(element)
    return () => {
      sizes.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [labels, theme, language, height, group, isCount])

  useEffect(() => {
    plot.current?.setData([times, ...values])
  }, [times, values])

  return (
    <div className="chart-plot" ref={box} style={{ height }} aria-hidden="true">
      <div className="chart-tip" hidden />
    </div>
  )
}

function drawThreshold(chart: UPlot, threshold: number | undefined, colour: string): void {
  if (threshold === undefined) return
  const { ctx, bbox } = chart
  const y = Math.round(chart.valToPos(threshold, 'y', true))
  ctx.save()
  ctx.strokeStyle = colour
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}

function timeLabels(language: string) {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
  const seconds = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  return (_: UPlot, splits: number[], __: number, ___: number, stepMs: number) =>
    splits.map((time) => (stepMs >= 86_400_000 ? day : stepMs < 60_000 ? seconds : clock).format(time))
}

/** A small sheet beside the cursor. */
function showValues(
  chart: UPlot,
  element: HTMLElement,
  labels: string[],
  format: (value: number | null) => string,
  language: string,
): void {
  const tip = element.querySelector<HTMLElement>('.chart-tip')!
  const { idx, left = -1 } = chart.cursor
  tip.hidden = idx === null || idx === undefined || left < 0
  if (tip.hidden) return
  const time = new Date(chart.data[0][idx!]!).toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB')
  const lines = labels.map((label, at) => `${label}  ${format(chart.data[at + 1]?.[idx!] ?? null)}`)
  tip.textContent = [time, ...lines].join('\n')
  const fromLeft = chart.bbox.left / devicePixelRatio + left
  tip.style.left = `${Math.max(0, Math.min(fromLeft + 12, element.clientWidth - tip.offsetWidth))}px`
}
