/** Asks the metric history what the evaluation of a rule needs. */
import type { Clock } from '../clock.ts'
import type { MetricHistory, MetricInfo } from '../metrics/port.ts'
import { baselineOf, judge, type Baseline, type Verdict } from './judge.ts'
import { ANOMALY_DAYS_MIN, type AlertRule } from './port.ts'
import { earlierHour, type Period } from './window.ts'

/** A history that does not answer is a problem of the rule, not the end of all evaluations. */
const ANSWER_MS_MAX = 5000

export interface Observation {
  info: MetricInfo
  value: number | null
  verdict: Verdict
  /** Why the verdict is `unknown`. */
  problem: string | null
}

/** Rejects when the metric cannot be read. */
export type Observe = (rule: AlertRule, window: Period) => Promise<Observation>

export interface ObserveDeps {
  clock: Clock
  history: Pick<MetricHistory, 'catalogue' | 'query'>
  /** Since when the platform runs: before, nothing was observed for that reason. */
  upSinceMs: number
}

export function createObserve({ clock, history, upSinceMs }: ObserveDeps): Observe {
  /** A baseline changes with the hour only. */
  const baselines = new WeakMap<AlertRule, { hourMs: number; baseline: Baseline }>()

  /** One of each window within the period. */
  async function values(rule: AlertRule, { fromMs, toMs }: Period): Promise<(number | null)[]> {
    const { metric, service, functionKey, instanceId } = rule
    const series = await inTime(
      clock,
      history.query({
        metric,
        ...(service !== null && { service }),
        ...(functionKey !== null && { functionKey }),
        ...(instanceId !== null && { instanceId }),
        ...{ fromMs, toMs, stepMs: rule.windowSeconds * 1000 },
      }),
    )
    return series.points.map(({ value }) => value)
  }

  async function baselineFor(rule: AlertRule, window: Period): Promise<Baseline | null> {
    if (rule.condition.kind !== 'anomaly') return null
    const hourMs = earlierHour(window, 0).fromMs
    const known = baselines.get(rule)
    if (known?.hourMs === hourMs) return known.baseline
    const days = Array.from({ length: rule.condition.days }, (_, i) => earlierHour(window, i + 1))
    const baseline = baselineOf(await Promise.all(days.map((day) => values(rule, day))))
    baselines.set(rule, { hourMs, baseline })
    return baseline
  }

  return async (rule, window) => {
    const info = history.catalogue.find(({ name }) => name === rule.metric)
    if (!info) throw new Error(`there is no metric '${rule.metric}' any more`)
    const value = (await values(rule, window))[0] ?? null
    const baseline = await baselineFor(rule, window)
    const verdict = judge(rule.condition, info, value, baseline)
    const lacksData = verdict === 'noData' || (rule.condition.kind === 'noData' && verdict === 'broken')
    if (lacksData && window.fromMs < upSinceMs) {
      return { info, value, verdict: 'unknown', problem: 'nothing was observed, and the platform was down meanwhile' }
    }
    const problem =
      verdict === 'unknown'
        ? `the history has this hour of ${baseline?.days ?? 0} earlier days; at least ${ANOMALY_DAYS_MIN} are needed`
        : null
    return { info, value, verdict, problem }
  }
}

async function inTime<Result>(clock: Clock, answer: Promise<Result>): Promise<Result> {
  const tooLong = Promise.withResolvers<never>()
  const timer = clock.setTimer(ANSWER_MS_MAX, () =>
    tooLong.reject(new Error(`the metric history did not answer within ${ANSWER_MS_MAX / 1000} s`)),
  )
  try {
    return await Promise.race([answer, tooLong.promise])
  } finally {
    timer.cancel()
  }
}
