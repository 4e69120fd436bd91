import './dashboard.css'
import { FC3 } from '../../api/functions.ts'
import { useMetrics } from '../../api/metrics.ts'
import { useApi } from '../../api/use-api.ts'
import { ButtonLink } from '../../components/button.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { TimeRangePicker, useTimeRange } from '../../components/time-range-picker.tsx'
import { TimeSeriesChart } from '../../components/time-series-chart.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { Busiest } from './busiest.tsx'
import { useSummary } from './summary.ts'
import { METRICS, Tiles } from './tiles.tsx'
import { words } from './words.ts'

export default function Dashboard() {
  const t = useWords(words)
  const first = useApi<{ functions: unknown[] }>(`${FC3}/functions`, { limit: 1 })
  const isEmpty = first.data?.functions.length === 0
  const [range, setRange] = useTimeRange()
  return (
    <>
      <PageHead title={t.title} lead={t.lead} actions={<TimeRangePicker range={range} onChange={setRange} />} />
      {isEmpty ? (
        <div className="card">
          <EmptyState
            icon="functions"
            title={t.welcome}
            action={
              <ButtonLink kind="primary" icon="plus" href="/create-function">
                {t.createFunction}
              </ButtonLink>
            }
          >
            {t.welcomeText}
          </EmptyState>
        </div>
      ) : (
        <Live range={range} />
      )}
    </>
  )
}

function Live({ range }: { range: ReturnType<typeof useTimeRange>[0] }) {
  const t = useWords(words)
  const { compact, durationMs } = useFormat()
  const metrics = useMetrics(METRICS, range)
  const summary = useSummary(range)
  return (
    <div className="stack">
      <QueryView query={metrics} lines={8}>
        {({ period, series }) => {
          const line = (label: string, metric: (typeof METRICS)[number]) => ({
            label,
            points: series.get(metric)?.points ?? [],
          })
          return (
            <>
              <Tiles series={series} total={summary.data?.total} />
              <div className="grid dashboard-charts">
                <div className="card">
                  <TimeSeriesChart
                    title={t.invocationsChart}
                    format={compact}
                    isCount
                    range={period}
                    group="dashboard"
                    series={[
                      line(t.all, 'RegionTotalInvocations'),
                      line(t.failed, 'RegionFunctionErrors'),
                      line(t.throttled, 'RegionThrottles'),
                    ]}
                  />
                </div>
                <div className="card">
                  <TimeSeriesChart
                    title={t.durationChart}
                    format={durationMs}
                    range={period}
                    group="dashboard"
                    series={[
                      line('p50', 'RegionP50Duration'),
                      line('p90', 'RegionP90Duration'),
                      line('p99', 'RegionP99Duration'),
                    ]}
                  />
                </div>
              </div>
            </>
          )
        }}
      </QueryView>
      <Busiest summary={summary} />
    </div>
  )
}
