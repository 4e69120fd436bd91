import { Link } from 'wouter'
import { functionHref, splitKey } from '../../api/functions.ts'
import { Badge } from '../../components/badge.tsx'
import { ButtonLink } from '../../components/button.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import type { Summary, useSummary } from './summary.ts'
import { words } from './words.ts'

type Row = Summary['functions'][number]

const errorsOf = (row: Row) => row.functionErrors + row.serverErrors + row.clientErrors

export function Busiest({ summary }: { summary: ReturnType<typeof useSummary> }) {
  const t = useWords(words)
  const { compact, durationMs, number, percent } = useFormat()
  const columns: Column<Row>[] = [
    {
      key: 'function',
      header: t.function,
      sortBy: (row) => row.functionKey,
      render: (row) => {
        const { service, name } = splitKey(row.functionKey)
        return (
          <Link href={functionHref(row.functionKey, 'monitoring')} className="dashboard-name">
            {service !== null && <span className="soft">{service} / </span>}
            {name}
          </Link>
        )
      },
    },
    {
      key: 'invocations',
      header: t.invocations,
      numeric: true,
      sortBy: (row) => row.invocations,
      render: (row) => compact(row.invocations),
    },
    {
      key: 'errors',
      header: t.errorRate,
      numeric: true,
      sortBy: errorsOf,
      render: (row) => {
        const errors = errorsOf(row)
        const share = row.invocations === 0 ? 0 : errors / row.invocations
        return errors === 0 ? '0' : <Badge tone="bad">{`${compact(errors)} · ${percent(share)}`}</Badge>
      },
    },
    { key: 'p50', header: 'p50', numeric: true, sortBy: (row) => row.p50Ms, render: (row) => durationMs(row.p50Ms) },
    { key: 'p99', header: 'p99', numeric: true, sortBy: (row) => row.p99Ms, render: (row) => durationMs(row.p99Ms) },
    {
      key: 'cold',
      header: t.coldStarts,
      numeric: true,
      sortBy: (row) => row.coldStarts,
      render: (row) => compact(row.coldStarts),
    },
    {
      key: 'used',
      header: t.used,
      numeric: true,
      sortBy: (row) => row.gigabyteSeconds,
      render: (row) => number(row.gigabyteSeconds, row.gigabyteSeconds < 10 ? 3 : 0),
    },
  ]
  return (
    <section className="card flush">
      <div className="card-head">
        <h2>{t.busiest}</h2>
        <ButtonLink small href="/functions">
          {t.allFunctions}
        </ButtonLink>
      </div>
      <QueryView query={summary}>
        {({ functions }) => (
          <Table
            caption={t.busiest}
            columns={columns}
            rows={functions}
            keyOf={(row) => row.functionKey}
            pageSize={20}
            order={{ key: 'invocations', descending: true }}
            empty={
              <EmptyState icon="bolt" title={t.quiet}>
                {t.quietText}
              </EmptyState>
            }
          />
        )}
      </QueryView>
    </section>
  )
}
