import { useMemo } from 'react'
import type { MetricInfo } from '../../../../server/src/metrics/port.ts'
import { useApi } from '../../api/use-api.ts'
import { TimeSeriesChart } from '../../components/time-series-chart.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { formatUnit } from './condition-text.ts'
import { type RuleForm, scopeOf } from './rule-form.ts'
import { words } from './words.ts'

const PERIOD_MS = 3 * 3_600_000
const MINUTE_MS = 60_000

interface SeriesAnswer {
  series: { points: [number, number | null][] }[]
}

/** How the metric has been, and where the threshold would lie. */
export function RulePreview({ form, info }: { form: RuleForm; info: MetricInfo | undefined }) {
  const t = useWords(words)
  const format = useFormat()
  const period = useMemo(() => {
    const toMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
    return { fromMs: toMs - PERIOD_MS, toMs }
  }, [])
  const scope = scopeOf(info?.level)
  const isComplete = info !== undefined && scope.every((member) => form[member].trim() !== '')
  const { data } = useApi<SeriesAnswer>(isComplete ? '/sluice/v1/metrics/query' : null, {
    metric: form.metric,
    ...(scope.includes('service') && { service: form.service }),
    ...(scope.includes('functionKey') && { function: form.functionKey }),
    ...(scope.includes('instanceId') && { instance: form.instanceId }),
    from: period.fromMs,
    to: period.toMs,
    step: MINUTE_MS,
  })
  const points = data?.series[0]?.points
  if (points === undefined) return <p className="soft small">{t.previewNone}</p>
  const threshold = form.kind === 'threshold' && form.threshold.trim() !== '' ? Number(form.threshold) : Number.NaN
  return (
    <TimeSeriesChart
      title={t.preview}
      series={[{ label: form.metric, points }]}
      format={formatUnit(format, info?.unit)}
      range={period}
      height={140}
      {...(Number.isFinite(threshold) && { threshold })}
    />
  )
}
