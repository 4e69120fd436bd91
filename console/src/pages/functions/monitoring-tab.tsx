import { useMetrics } from '../../api/metrics.ts'
import type { FunctionItem } from '../../api/functions.ts'
import { QueryView } from '../../components/states.tsx'
import { TimeRangePicker, useTimeRange } from '../../components/time-range-picker.tsx'
import { stepFor } from '../../components/time-range.ts'
import { TimeSeriesChart } from '../../components/time-series-chart.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { words } from './monitoring-words.ts'

export default function MonitoringTab({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const format = useFormat()
  const [range, setRange] = useTimeRange()
  const count = (value: number | null) => format.compact(value)
  const charts: {
    title: string
    format: (value: number | null) => string
    lines: [metric: string, label: string][]
  }[] = [
    {
      title: t.invocations,
      format: count,
      lines: [
        ['FunctionTotalInvocations', t.all],
        ['FunctionColdStarts', t.coldStarts],
      ],
    },
    {
      title: t.errors,
      format: count,
      lines: [
        ['FunctionFunctionErrors', t.byFunction],
        ['FunctionServerErrors', t.byPlatform],
        ['FunctionClientErrors', t.byCaller],
        ['FunctionConcurrencyThrottles', t.throttles],
      ],
    },
    {
      title: t.duration,
      format: format.durationMs,
      lines: [
        ['FunctionP50Duration', 'p50'],
        ['FunctionP90Duration', 'p90'],
        ['FunctionP99Duration', 'p99'],
      ],
    },
    {
      title: t.latency,
      format: format.durationMs,
      lines: [
        ['FunctionLatencyAvg', t.average],
        ['FunctionLatencyMax', t.maximum],
      ],
    },
    {
      title: t.instances,
      format: count,
      lines: [
        ['FunctionOndemandActiveInstance', t.onDemand],
        ['FunctionProvisionedCurrentInstance', t.provisioned],
        ['FunctionConcurrentCount', t.concurrency],
      ],
    },
    {
      title: t.memory,
      format: format.megabytes,
      lines: [
        ['FunctionMaxMemoryUsage', t.used],
        ['FunctionMemoryLimitMB', t.size],
      ],
    },
  ]
  const metrics = useMetrics(
    charts.flatMap(({ lines }) => lines.map(([metric]) => metric)),
    range,
    { function: item.key },
  )
  return (
    <div className="stack">
      <div className="row spread">
        <TimeRangePicker range={range} onChange={setRange} />
        {metrics.data && <StepNote stepMs={stepFor(metrics.data.period)} />}
      </div>
      <QueryView query={metrics} lines={8}>
        {({ period, series }) => (
          <div className="grid functions-charts">
            {charts.map(({ title, format: formatValue, lines }) => (
              <div className="card" key={title}>
                <TimeSeriesChart
                  title={title}
                  format={formatValue}
                  isCount={formatValue === count}
                  range={period}
                  group={item.key}
                  series={lines.map(([metric, label]) => ({ label, points: series.get(metric)?.points ?? [] }))}
                />
              </div>
            ))}
          </div>
        )}
      </QueryView>
    </div>
  )
}

function StepNote({ stepMs }: { stepMs: number }) {
  const t = useWords(words)
  const { durationMs } = useFormat()
  return <span className="soft small">{stepMs === 1000 ? t.live : t.step(durationMs(stepMs))}</span>
}
