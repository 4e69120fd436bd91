import { Link } from 'wouter'
import { EmptyState } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

export interface Backlog {
  functionKey: string
  waiting: number
  inFlight: number
  /** For how long the oldest has waited. */
  oldestMs: number
}

export function BacklogTable({ functions }: { functions: readonly Backlog[] }) {
  const t = useWords(words)
  const format = useFormat()
  const longest = Math.max(1, ...functions.map(({ waiting }) => waiting))
  return (
    <Table
      caption={t.backlog}
      rows={functions}
      keyOf={({ functionKey }) => functionKey}
      order={{ key: 'waiting', descending: true }}
      empty={
        <EmptyState icon="check" title={t.backlogEmpty}>
          {t.backlogEmptyHint}
        </EmptyState>
      }
      columns={[
        {
          key: 'function',
          header: t.function,
          render: ({ functionKey }) => <Link href={`/async/${encodeURIComponent(functionKey)}`}>{functionKey}</Link>,
          sortBy: ({ functionKey }) => functionKey,
        },
        {
          key: 'waiting',
          header: t.waiting,
          numeric: true,
          render: ({ waiting }) => (
            <span className="async-waiting">
              <span className="async-track" aria-hidden="true">
                <span style={{ width: `${(waiting / longest) * 100}%` }} />
              </span>
              {format.number(waiting)}
            </span>
          ),
          sortBy: ({ waiting }) => waiting,
        },
        {
          key: 'inFlight',
          header: t.inFlight,
          numeric: true,
          render: ({ inFlight }) => format.number(inFlight),
          sortBy: ({ inFlight }) => inFlight,
        },
        {
          key: 'oldest',
          header: t.oldest,
          numeric: true,
          render: ({ oldestMs, waiting }) => (waiting > 0 ? format.durationMs(oldestMs) : '–'),
          sortBy: ({ oldestMs }) => oldestMs,
        },
      ]}
    />
  )
}
