/** How many hits there are over time; a stretch of it can be chosen by pointer or keyboard. */
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'
import type { LogHistogram } from '../../../../server/src/logs/port.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { barAt, barsOf, periodBetween } from './histogram-view.ts'
import { words } from './words.ts'
import './histogram.css'

interface Selection {
  anchor: number
  end: number
}

interface Props {
  histogram: LogHistogram
  onSelect: (period: { fromMs: number; toMs: number }) => void
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }

export function Histogram({ histogram, onSelect }: Props) {
  const t = useWords(words)
  const format = useFormat()
  const chart = useRef<HTMLDivElement>(null)
  const [selection, setSelection] = useState<Selection | null>(null)
  const [isDragging, setDragging] = useState(false)
  const bars = barsOf(histogram)
  const last = bars.length - 1
  const { anchor, end } = selection ?? { anchor: last, end: last }
  const period = periodBetween(bars, anchor, end)

  const barUnder = ({ clientX }: PointerEvent) => {
    const { left, width } = chart.current!.getBoundingClientRect()
    return barAt((clientX - left) / width, bars.length)
  }
  const finish = () => {
    setDragging(false)
    setSelection(null)
    if (period !== undefined) onSelect(period)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (event.key === 'Enter' && selection !== null) finish()
    else if (event.key === 'Escape') setSelection(null)
    else if (step !== undefined) {
      const next = Math.min(last, Math.max(0, end + step))
      setSelection({ anchor: event.shiftKey ? anchor : next, end: next })
    } else return
    event.preventDefault()
  }
  const countOf = (first: number, final: number) =>
    bars.slice(Math.min(first, final), Math.max(first, final) + 1).reduce((sum, { count }) => sum + count, 0)
  const said =
    period &&
    t.histogramBar(format.number(countOf(anchor, end)), format.dateTime(period.fromMs), format.dateTime(period.toMs))
  const isSelected = (index: number) =>
    selection !== null && index >= Math.min(anchor, end) && index <= Math.max(anchor, end)

  return (
    <figure className="histogram">
      <div
        ref={chart}
        className="histogram-bars"
        role="slider"
        tabIndex={0}
        aria-label={t.histogram}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, end)}
        aria-valuetext={said}
        title={t.histogramHint}
        onKeyDown={onKeyDown}
        onBlur={() => setSelection(null)}
        onPointerDown={(event) => {
          if (event.button !== 0 || bars.length === 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          const bar = barUnder(event)
          setDragging(true)
          setSelection({ anchor: bar, end: bar })
        }}
        onPointerMove={(event) => {
          const bar = barUnder(event)
          setSelection(isDragging ? { anchor, end: bar } : { anchor: bar, end: bar })
        }}
        onPointerUp={() => isDragging && finish()}
        onPointerCancel={() => setDragging(false)}
        onPointerLeave={() => !isDragging && setSelection(null)}
      >
        {bars.map((bar, index) => (
          <span key={bar.fromMs} className={isSelected(index) ? 'histogram-slot selected' : 'histogram-slot'}>
            <span className="histogram-bar" style={{ height: `${bar.height * 100}%` }} />
          </span>
        ))}
      </div>
      <figcaption className="histogram-axis number">
        {selection !== null && said !== undefined ? (
          <span className="histogram-said">{said}</span>
        ) : (
          <>
            <span>{format.dateTime(bars[0]?.fromMs)}</span>
            <span>{format.dateTime(bars.at(-1)?.toMs)}</span>
          </>
        )}
      </figcaption>
    </figure>
  )
}
