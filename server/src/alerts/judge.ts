/** Whether a value breaks a condition. Pure. */
import type { MetricInfo } from '../metrics/port.ts'
import { ANOMALY_DAYS_MIN, type AlertCondition } from './port.ts'

/** `noData`: nothing was observed; `unknown`: it cannot be said yet, and nothing is to change. */
export type Verdict = 'broken' | 'fine' | 'noData' | 'unknown'

/** The same hour of earlier days. */
export interface Baseline {
  mean: number
  /** Of the values of all days. */
  deviation: number
  /** On which something was observed. */
  days: number
}

/**
 * Least standard deviation, so that a metric which hardly moved does not alarm at its next move: a twentieth of the mean, and
 * a step that means something in the unit.
 */
const FLOOR_OF_MEAN = 0.05
const FLOOR_BY_UNIT: Readonly<Record<string, number>> = { cores: 0.01, 'GB-seconds': 0.01, bytes: 1024, currency: 0.01 }
const FLOOR = 1

/**
 * Of the values of each day; null where nothing was observed. A day on which nothing else than 0 was does not count: that is
 * how a count looks before there was a platform, or the function.
 */
export function baselineOf(days: readonly (readonly (number | null)[])[]): Baseline {
  const observed = days
    .map((values) => values.filter((value) => value !== null))
    .filter((values) => values.some((value) => value !== 0))
  const all = observed.flat()
  if (all.length === 0) return { mean: 0, deviation: 0, days: 0 }
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length
  return { mean, deviation: Math.sqrt(variance), days: observed.length }
}

/** What one standard deviation counts as. */
export function flooredDeviation({ mean, deviation }: Baseline, unit: MetricInfo['unit']): number {
  return Math.max(deviation, FLOOR_OF_MEAN * Math.abs(mean), FLOOR_BY_UNIT[unit] ?? FLOOR)
}

/** `baseline` for an anomaly only. */
export function judge(
  condition: AlertCondition,
  info: Pick<MetricInfo, 'unit' | 'statistic'>,
  value: number | null,
  baseline: Baseline | null,
): Verdict {
  if (condition.kind === 'noData')
    return value === null || (info.statistic === 'sum' && value === 0) ? 'broken' : 'fine'
  if (value === null) return 'noData'
  if (condition.kind === 'threshold') return exceeds(condition, value) ? 'broken' : 'fine'
  if (baseline === null || baseline.days < Math.min(ANOMALY_DAYS_MIN, condition.days)) return 'unknown'
  const distance = (value - baseline.mean) / flooredDeviation(baseline, info.unit)
  const { direction, deviations } = condition
  const isBroken = (direction !== 'below' && distance > deviations) || (direction !== 'above' && -distance > deviations)
  return isBroken ? 'broken' : 'fine'
}

function exceeds({ comparison, threshold }: AlertCondition & { kind: 'threshold' }, value: number): boolean {
  if (value === threshold) return comparison === '>=' || comparison === '<='
  return value > threshold === comparison.startsWith('>')
}
