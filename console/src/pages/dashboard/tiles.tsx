import { Link } from 'wouter'
import { latest, recentMean, thinned, total } from '../../api/metric-series.ts'
import type { Metrics } from '../../api/metrics.ts'
import { useApi } from '../../api/use-api.ts'
import { StatTile } from '../../components/stat-tile.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import type { Totals } from './summary.ts'
import { words } from './words.ts'

export const METRICS = [
  'RegionTotalInvocations',
  'RegionFunctionErrors',
  'RegionServerErrors',
  'RegionClientErrors',
  'RegionThrottles',
  'RegionP50Duration',
  'RegionP90Duration',
  'RegionP99Duration',
  'RegionOndemandActiveInstance',
  'RegionProvisionedCurrentInstance',
  'RegionConcurrentCount',
] as const

/** What a live figure is the mean of: smooth enough to be read, young enough to be true. */
const RECENT_SECONDS = 10
const SPARKS = 60

/** The five figures that say how it goes. */
export function Tiles({ series, total: ofPeriod }: { series: Metrics['series']; total: Totals | undefined }) {
  const t = useWords(words)
  const { compact, durationMs, number, percent, rate } = useFormat()
  const of = (metric: (typeof METRICS)[number]) => series.get(metric)
  const invocations = of('RegionTotalInvocations')
  const calls = total(invocations)
  const errors = total(of('RegionFunctionErrors')) + total(of('RegionServerErrors')) + total(of('RegionClientErrors'))
  const mean = recentMean(invocations, RECENT_SECONDS)
  const instances =
    (latest(of('RegionOndemandActiveInstance')) ?? 0) + (latest(of('RegionProvisionedCurrentInstance')) ?? 0)
  return (
    <div className="dashboard-tiles">
      <StatTile
        label={t.invocations}
        value={rate(mean === null ? null : mean / ((invocations?.stepMs ?? 1000) / 1000))}
        note={t.perSecond(compact(calls))}
        history={thinned(invocations, SPARKS)}
      />
      <StatTile
        label={t.errors}
        value={compact(errors)}
        note={t.errorShare(percent(calls === 0 ? 0 : errors / calls))}
        tone={errors > 0 ? 'bad' : 'neutral'}
        history={thinned(of('RegionFunctionErrors'), SPARKS)}
      />
      <StatTile
        label={t.latency}
        value={durationMs(ofPeriod?.p50Ms ?? null)}
        note={t.p99(durationMs(ofPeriod?.p99Ms ?? null))}
        history={thinned(of('RegionP50Duration'), SPARKS)}
      />
      <StatTile
        label={t.instances}
        value={number(instances)}
        note={t.atOnce(number(latest(of('RegionConcurrentCount'))))}
        history={thinned(of('RegionOndemandActiveInstance'), SPARKS)}
      />
      <Cost />
    </div>
  )
}

const MINUTE_MS = 60_000

interface Bill {
  currency: string
  total: number
  forecast: { amount: number } | null
}

function Cost() {
  const t = useWords(words)
  const { currency } = useFormat()
  const month = new Date().toISOString().slice(0, 7)
  const bill = useApi<Bill>('/sluice/v1/bill', { month, by: 'service' }, { refetchInterval: MINUTE_MS })
  if (!bill.data) return <StatTile label={t.cost} value="–" note={bill.error ? t.noCost : t.toBill} />
  const { total, forecast, currency: unit } = bill.data
  return (
    <StatTile
      label={t.cost}
      value={currency(total, unit)}
      note={<Link href="/bill">{forecast ? t.forecast(currency(forecast.amount, unit)) : t.toBill}</Link>}
    />
  )
}
