/** One line among others: its time, where it comes from, its text; opened, all that is known of it. */
import { memo } from 'react'
import type { LogHit } from '../../../../server/src/logs/port.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { HitDetails } from './hit-details.tsx'
import { RecordText } from './record-text.tsx'
import { LineText } from '../../components/line-text.tsx'
import { words } from './words.ts'
import './hits.css'

interface Props {
  hit: LogHit
  isOpen: boolean
  showsFunction: boolean
  onToggle: (id: string) => void
  /** Narrows the search. */
  onCondition: (condition: string) => void
}

export const HitRow = memo(function HitRow({ hit, isOpen, showsFunction, onToggle, onCondition }: Props) {
  return (
    <li className={isOpen ? 'hit open' : 'hit'}>
      <HitLine hit={hit} showsFunction={showsFunction} isOpen={isOpen} onToggle={() => onToggle(hit.id)} />
      {isOpen && <HitDetails hit={hit} onCondition={onCondition} />}
    </li>
  )
})

interface LineProps {
  hit: Pick<LogHit, 'line' | 'source' | 'highlights'> & Partial<Pick<LogHit, 'fields'>>
  showsFunction: boolean
  isOpen?: boolean
  onToggle?: () => void
}

export function HitLine({ hit: { line, source, highlights, fields }, showsFunction, isOpen, onToggle }: LineProps) {
  const t = useWords(words)
  const format = useFormat()
  const time = (
    <time className="number" dateTime={new Date(line.timeMs).toISOString()} title={format.dateTime(line.timeMs)}>
      {format.timeMs(line.timeMs)}
    </time>
  )
  return (
    <div className={`hit-line mono ${source} ${line.stream}`}>
      {onToggle === undefined ? (
        time
      ) : (
        <button type="button" className="hit-time" aria-expanded={isOpen} title={t.details} onClick={onToggle}>
          {time}
        </button>
      )}
      {showsFunction && <span className="hit-function">{line.functionKey}</span>}
      {source === 'request' && fields !== undefined && highlights.length === 0 ? (
        <RecordText fields={fields} />
      ) : (
        <LineText text={line.text} highlights={highlights} />
      )}
    </div>
  )
}
