/** Conditions and values of metrics in words and units. */
import type { AlertRule } from '../../../../server/src/alerts/port.ts'
import type { Format } from '../../i18n/format.ts'
import { useFormat, useWords } from '../../i18n/language.ts'
import { useMetrics } from './data.ts'
import { words } from './words.ts'

/** A value of a metric of that unit. */
export function formatUnit(format: Format, unit: string | undefined): (value: number | null) => string {
  switch (unit) {
    case 'ms':
      return format.durationMs
    case 'MB':
      return format.megabytes
    case 'percent':
      return (value) => format.percent(value === null ? null : value / 100)
    case 'bytes/s':
      return (value) => (value === null ? format.bytes(value) : `${format.bytes(value)}/s`)
    default:
      return (value) => format.number(value, 4)
  }
}

export function useMetricFormat() {
  const format = useFormat()
  const metrics = useMetrics().data?.metrics
  return (metric: string) => formatUnit(format, metrics?.find(({ name }) => name === metric)?.unit)
}

export function useConditionText(): (rule: AlertRule) => string {
  const t = useWords(words)
  const format = useFormat()
  const metricFormat = useMetricFormat()
  return ({ metric, condition, functionKey, service, instanceId, windowSeconds, forSeconds }) => {
    const target = instanceId ?? functionKey ?? service
    const subject = target === null ? metric : `${metric} (${target})`
    const what = {
      threshold: () =>
        condition.kind === 'threshold'
          ? `${subject} ${condition.comparison} ${metricFormat(metric)(condition.threshold)}`
          : '',
      noData: () => t.noValues(subject),
      anomaly: () =>
        condition.kind === 'anomaly'
          ? t.unlike(subject, format.number(condition.deviations, 1), format.number(condition.days))
          : '',
    }[condition.kind]()
    const held = forSeconds > 0 ? ` ${t.heldFor(format.durationMs(forSeconds * 1000))}` : ''
    return `${what} ${t.over(format.durationMs(windowSeconds * 1000))}${held}`
  }
}
