import { Link } from 'wouter'
import { functionHref, splitKey } from '../../api/functions.ts'
import { useApi } from '../../api/use-api.ts'
import { Badge } from '../../components/badge.tsx'
import { ButtonLink } from '../../components/button.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { periodOf, type TimeRange } from '../../components/time-range.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useNow } from './use-now.ts'
import { words } from './words.ts'

interface Summary {
  functionKey: string
  invocations: number
  functionErrors: number
  serverErrors: number
  clientErrors: number
  coldStarts: number
  p50Ms: number | null
  p99Ms: number | null
  gigabyteSeconds: number
}

const EVERY_MS = 10_000
const errorsOf = (row: Summary) => row.functionErrors + row.serverErrors + row.clientErrors

export function Busiest({ range }: { range: TimeRange }) {
  const t = useWords(words)
  const { compact, durationMs, number, percent } = useFormat()
  const { fromMs, toMs } = periodOf(range, useNow(EVERY_MS))
  const summary = useApi<{ functions: Summary[] }>(
    '/sluice/v1/metrics/summary',
    { from: fromMs, to: toMs },
    { placeholderData: (before) => before },
  )
  const columns: Column<Summary>[] = [
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
