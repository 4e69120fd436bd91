import type { LogHit } from '../../../../server/src/logs/port.ts'
import { LineText } from '../../components/line-text.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { RecordText } from './record-text.tsx'
import { words } from './words.ts'
import './hits.css'

interface LineProps {
  hit: Pick<LogHit, 'line' | 'source' | 'highlights'> & Partial<Pick<LogHit, 'fields'>>
  showsFunction: boolean
  isOpen?: boolean
  onToggle?: () => void
}

/** Time, place and text in one row; a button when it can be opened. */
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
