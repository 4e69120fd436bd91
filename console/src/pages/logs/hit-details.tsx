import { useState } from 'react'
import { Link } from 'wouter'
import type { LogHit } from '../../../../server/src/logs/port.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { CopyButton } from '../../components/code-block.tsx'
import { ErrorNotice, Skeleton } from '../../components/states.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { HitLine } from './hit-line.tsx'
import { LineText } from '../../components/line-text.tsx'
import { quoted } from './logs-address.ts'
import { useContext } from './search.ts'
import { words } from './words.ts'

/** All that is known of a line. */
export function HitDetails({ hit, onCondition }: { hit: LogHit; onCondition: (condition: string) => void }) {
  const t = useWords(words)
  const format = useFormat()
  const [showsContext, setShowsContext] = useState(false)
  const { line, fields } = hit
  return (
    <div className="hit-details stack tight">
      <div className="row">
        {line.requestId !== '' && (
          <Link href={`/logs/requests/${encodeURIComponent(line.requestId)}?at=${line.timeMs}`}>{t.wholeRequest}</Link>
        )}
        <Button small aria-expanded={showsContext} onClick={() => setShowsContext(!showsContext)}>
          {t.context}
        </Button>
        <CopyButton text={line.text} label={t.copyLine} />
      </div>
      {showsContext && <ContextLines hit={hit} />}
      <table className="hit-fields">
        <caption className="visually-hidden">{t.fields}</caption>
        <tbody>
          <PlainRow name={t.time} value={format.dateTime(line.timeMs)} />
          <PlainRow name={t.function} value={line.functionKey} />
          <FieldRow field="versionId" value={line.versionId} onCondition={onCondition} />
          {line.requestId !== '' && <FieldRow field="requestId" value={line.requestId} onCondition={onCondition} />}
          {line.instanceId !== '' && <FieldRow field="instanceId" value={line.instanceId} onCondition={onCondition} />}
          {Object.entries(fields)
            .filter(([name, value]) => !SHOWN_ALREADY.has(name) && value !== null && value !== '')
            .map(([name, value]) => (
              <FieldRow key={name} field={name} value={value} onCondition={onCondition} />
            ))}
        </tbody>
      </table>
    </div>
  )
}

const SHOWN_ALREADY = new Set(['functionName', 'serviceName', 'versionId', 'requestId', 'instanceID'])

const DIGITS_SHOWN = 6

/** As it is; fractions as far as they matter. */
const shortNumber = (value: number) => String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS_SHOWN)))

function PlainRow({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="mono">{value}</td>
      <td />
    </tr>
  )
}

interface FieldRowProps {
  field: string
  value: string | number | boolean | null
  onCondition: (condition: string) => void
}

function FieldRow({ field, value, onCondition }: FieldRowProps) {
  const t = useWords(words)
  const name = /^[\w.]+$/.test(field) ? field : quoted(field)
  const condition = `${name}: ${typeof value === 'string' ? quoted(value) : value}`
  return (
    <tr>
      <th scope="row">
        <LineText text={field} />
      </th>
      <td className="mono">
        {value === null ? (
          t.noValue
        ) : (
          <LineText text={typeof value === 'number' ? shortNumber(value) : String(value)} />
        )}
      </td>
      <td className="hit-field-actions">
        {value !== null && (
          <>
            <IconButton small icon="plus" label={`${t.onlyThis}: ${field}`} onClick={() => onCondition(condition)} />
            <IconButton
              small
              icon="close"
              label={`${t.exceptThis}: ${field}`}
              onClick={() => onCondition(`NOT ${condition}`)}
            />
          </>
        )}
      </td>
    </tr>
  )
}

const CONTEXT_STEP = 10
const CONTEXT_MAX = 500

function ContextLines({ hit }: { hit: LogHit }) {
  const t = useWords(words)
  const [around, setAround] = useState({ before: CONTEXT_STEP, after: CONTEXT_STEP })
  const { data, error, isFetching, refetch } = useContext(hit.id, around.before, around.after)
  const more = (side: 'before' | 'after', label: string) => (
    <Button
      small
      kind="quiet"
      icon={side === 'before' ? 'up' : 'down'}
      busy={isFetching}
      disabled={around[side] >= CONTEXT_MAX}
      onClick={() => setAround({ ...around, [side]: Math.min(CONTEXT_MAX, around[side] * 2) })}
    >
      {label}
    </Button>
  )
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (data === undefined) return <Skeleton lines={5} />
  return (
    <div className="hit-context">
      {more('before', t.moreBefore)}
      <ol>
        {data.hits.map((line) => (
          <li key={line.id} className={line.id === hit.id ? 'hit-itself' : undefined}>
            <HitLine hit={line.id === hit.id ? hit : line} showsFunction={false} />
          </li>
        ))}
      </ol>
      {more('after', t.moreAfter)}
    </div>
  )
}
