/** The text of a line. It reaches the page as text alone: nothing a function prints is ever markup. */
import { useMemo, useState } from 'react'
import { useFormat, useWords } from '../i18n/language.ts'
import { excerptOf, type Piece, piecesOf, type Range, SHOWN_STEPS } from './log-text.ts'
import { words } from './words.ts'
import './line-text.css'

export function LineText({ text, highlights = [] }: { text: string; highlights?: readonly Range[] }) {
  const t = useWords(words)
  const format = useFormat()
  const [step, setStep] = useState(0)
  const excerpt = excerptOf(text, highlights, SHOWN_STEPS[step]!)
  const pieces = useMemo(
    () => piecesOf(text, highlights, { start: excerpt.start, end: excerpt.end }),
    [text, highlights, excerpt.start, excerpt.end],
  )
  const hidden = text.length - (excerpt.end - excerpt.start)
  return (
    <span className="line-text">
      {excerpt.start > 0 && <span className="line-cut">…</span>}
      {pieces.map((piece, index) => (
        <PieceText key={index} piece={piece} />
      ))}
      {hidden > 0 && (
        <>
          <span className="line-cut">…</span>
          <button type="button" className="line-more" onClick={() => setStep(step + 1)}>
            {t.showMore(format.number(hidden))}
          </button>
        </>
      )}
    </span>
  )
}

function PieceText({ piece: { text, style, isSymbol, isHighlighted } }: { piece: Piece }) {
  const names = [
    isSymbol && 'line-symbol',
    style.isBold && 'line-bold',
    style.foreground !== null && `ansi-${style.foreground}`,
    style.background !== null && `ansi-ground-${style.background}`,
  ].filter((name) => name !== false)
  const className = names.join(' ')
  if (isHighlighted) return <mark className={className}>{text}</mark>
  return className === '' ? text : <span className={className}>{text}</span>
}
