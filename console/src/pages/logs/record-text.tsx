import type { LogHit } from '../../../../server/src/logs/port.ts'
import { Badge } from '../../components/badge.tsx'
import { LineText } from '../../components/line-text.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

type Fields = LogHit['fields']

const numberIn = (fields: Fields, name: string) => (typeof fields[name] === 'number' ? fields[name] : null)
const textIn = (fields: Fields, name: string) => (typeof fields[name] === 'string' ? fields[name] : '')

/** The record of an invocation at a glance. */
export function RecordText({ fields }: { fields: Fields }) {
  const t = useWords(words)
  const format = useFormat()
  const error = [textIn(fields, 'errorType'), textIn(fields, 'errorMessage')].filter((text) => text !== '').join(': ')
  const operation = textIn(fields, 'operation')
  const memory = `${format.megabytes(numberIn(fields, 'memoryUsageMB'))} / ${format.megabytes(numberIn(fields, 'memoryMB'))}`
  return (
    <span className="record-text">
      <Badge tone={error === '' ? 'good' : 'bad'}>{format.number(numberIn(fields, 'statusCode'))}</Badge>
      {operation !== 'InvokeFunction' && <span>{operation}</span>}
      <span className="number">{format.durationMs(numberIn(fields, 'durationMs'))}</span>
      <span className="soft number">{memory}</span>
      {fields['isColdStart'] === true && <Badge tone="info">{t.coldStart}</Badge>}
      {error !== '' && (
        <span className="record-error">
          <LineText text={error} />
        </span>
      )}
    </span>
  )
}
