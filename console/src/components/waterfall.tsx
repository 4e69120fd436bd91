import './waterfall.css'
import { useFormat } from '../i18n/language.ts'
import { spanBars, type Span } from './span-bars.ts'

export type { Span } from './span-bars.ts'

/** Phases of one run below each other, each from where it began to where it ended. `nameOf` translates their names. */
export function Waterfall({
  title,
  spans,
  nameOf,
}: {
  title: string
  spans: readonly Span[]
  nameOf: (name: string) => string
}) {
  const { durationMs } = useFormat()
  return (
    <ol className="waterfall" aria-label={title}>
      {spanBars(spans).map(({ span, depth, offset, width }) => (
        <li key={span.spanId}>
          <span className="name" style={{ paddingInlineStart: `${depth * 0.9}rem` }}>
            {nameOf(span.name)}
          </span>
          <span className="track" aria-hidden="true">
            <span
              className={`bar ${depth === 0 ? 'root' : ''} ${span.name.replaceAll(' ', '-')}`}
              style={{ left: `${offset * 100}%`, width: `${width * 100}%` }}
            />
          </span>
          <span className="duration number">{durationMs(span.durationMs)}</span>
        </li>
      ))}
    </ol>
  )
}
