import { formatValue } from '../amounts.ts'
import type { AddCommand } from '../context.ts'
import { usageError } from '../errors.ts'
import { parseFunctionRef, refKey } from '../function-ref.ts'
import { type Json, listOf, numberOf, objectsOf, textOf } from '../json.ts'
import { sparkline } from '../sparkline.ts'
import { formatTime, parseSpan, parseTime } from '../time.ts'

const TREND_WIDTH = 40
const MINUTE_MS = 60_000
/** Steps of a period for which none is given. */
const STEPS = 60
const COLUMNS = ['metric', 'last', 'least', 'most', 'total', 'trend']
/** With the prefix of what they are of: `Region`, `Service`, `Function`. */
const SHOWN = [
  'TotalInvocations',
  'FunctionErrors',
  'ServerErrors',
  'ClientErrors',
  'ColdStarts',
  'P50Duration',
  'P90Duration',
  'P99Duration',
  'AvgDuration',
  'BilledDuration',
]

interface MetricsOptions {
  from?: string
  to?: string
  step?: string
  metric?: string
  service?: string
  instance?: string
  points?: boolean
  list?: boolean
}

export const addMetrics: AddCommand = (program, contextOf) => {
  program
    .command('metrics')
    .description('what was measured: of a function, a service, or of everything here')
    .argument('[function]', 'function or service/function')
    .option('--from <time>', 'such as 30m, 2h, 1d, or 2026-01-31T08:00:00Z (1h)')
    .option('--to <time>', 'the same (now)')
    .option('--step <duration>', 'time between two values: 1m and more, within the last 15 minutes also seconds')
    .option('--metric <names>', 'names, separated by commas; --list tells them')
    .option('--service <name>', 'of a service')
    .option('--instance <id>', 'of an instance')
    .option('--points', 'each value with its time')
    .option('--list', 'every metric that there is')
    .action(async (name: string | undefined, options: MetricsOptions, command) => {
      const { client, output } = contextOf(command)
      if (options.list) {
        const { metrics } = await client().json({ action: 'ListMetrics', path: '/sluice/v1/metrics' })
        const documents = objectsOf(metrics)
        return output.table(documents, documents, ['name', 'level', 'unit', 'statistic', 'description'], 'no metrics')
      }
      if (name !== undefined && options.service !== undefined) {
        throw usageError('--service is for metrics of a whole service; give it or a function')
      }
      const nowMs = Date.now()
      const toMs = options.to === undefined ? nowMs : parseTime('--to', options.to, nowMs)
      const fromMs = options.from === undefined ? toMs - STEPS * MINUTE_MS : parseTime('--from', options.from, nowMs)
      if (fromMs >= toMs) throw usageError('--from must be before --to')
      const stepMs = options.step === undefined ? stepFor(toMs - fromMs) : parseSpan('--step', options.step)
      const prefix = name === undefined ? (options.service === undefined ? 'Region' : 'Service') : 'Function'
      const answer = await client().json({
        action: 'QueryMetrics',
        path: '/sluice/v1/metrics/query',
        query: {
          metric: options.metric ?? SHOWN.map((suffix) => prefix + suffix).join(','),
          function: name === undefined ? undefined : refKey(parseFunctionRef(name)),
          service: options.service,
          instance: options.instance,
          // Steps begin at whole ones, so that the same question has the same answer.
          from: Math.floor(fromMs / stepMs) * stepMs,
          to: Math.ceil(toMs / stepMs) * stepMs,
          step: stepMs,
        },
      })
      const series = objectsOf(answer['series'])
      if (options.points) {
        const rows = pointRows(series)
        const columns = ['time', ...series.map(({ metric }) => textOf(metric))]
        return output.table(series, rows, columns, 'nothing was measured')
      }
      output.table(series, series.map(row), COLUMNS, 'nothing was measured')
    })
}

/** About `STEPS` of them, in whole minutes. */
function stepFor(periodMs: number): number {
  return Math.max(1, Math.round(periodMs / STEPS / MINUTE_MS)) * MINUTE_MS
}

const valuesOf = (series: Json): (number | null)[] =>
  listOf(series['points']).map((point) => {
    const value = listOf(point)[1]
    return typeof value === 'number' ? value : null
  })

function row(series: Json): Json {
  const unit = textOf(series['unit'])
  const values = valuesOf(series)
  const known = values.filter((value) => value !== null)
  const shown = (value: number | undefined) => formatValue(value ?? null, unit)
  return {
    metric: series['metric'],
    last: shown(known.at(-1)),
    least: shown(known.length === 0 ? undefined : Math.min(...known)),
    most: shown(known.length === 0 ? undefined : Math.max(...known)),
    // Means and percentiles of steps add up to nothing.
    total: isCounted(series) ? shown(known.reduce((sum, value) => sum + value, 0)) : '-',
    trend: sparkline(values, TREND_WIDTH),
  }
}

const isCounted = ({ unit, metric }: Json) =>
  unit === 'count' || unit === 'bytes' || unit === 'GB-seconds' || textOf(metric).endsWith('BilledDuration')

/** A row for each time; all series have the same steps. */
function pointRows(series: readonly Json[]): Json[] {
  const times = listOf(series[0]?.['points']).map((point) => numberOf(listOf(point)[0]))
  const columns = series.map((one) => ({
    name: textOf(one['metric']),
    unit: textOf(one['unit']),
    values: valuesOf(one),
  }))
  return times.map((timeMs, i) => ({
    time: formatTime(timeMs),
    ...Object.fromEntries(columns.map(({ name, unit, values }) => [name, formatValue(values[i] ?? null, unit)])),
  }))
}
