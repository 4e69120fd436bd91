/** Asks the metric history what the evaluation of a rule needs. */
import type { Clock } from '../clock.ts'
import type { MetricHistory, MetricInfo } from '../metrics/port.ts'
import { baselineOf, judge, type Baseline, type Verdict } from './judge.ts'
import { ANOMALY_DAYS_MIN, type AlertRule } from './port.ts'
import { earlierHour, isShort, MINUTE_MS, type Period } from './window.ts'

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
  upSinceMs: () => number
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
    const value = (await values(rule, known(rule, window)))[0] ?? null
    const baseline = await baselineFor(rule, window)
    const verdict = judge(rule.condition, info, value, baseline)
    const observation = { info, value, verdict, problem: null }
    if (verdict === 'unknown') {
      const problem = `the history has this hour of ${baseline?.days ?? 0} earlier days; at least ${ANOMALY_DAYS_MIN} are needed`
      return { ...observation, problem }
    }
    return wasWatched(rule, window, verdict)
      ? observation
      : { ...observation, verdict: 'unknown', problem: 'the platform was down for a part of this time' }
  }

  /** Seconds are asked for as far back as there are any. */
  function known({ windowSeconds }: AlertRule, { fromMs, toMs }: Period): Period {
    return { fromMs: isShort(windowSeconds) ? Math.max(fromMs, Math.ceil(upSinceMs() / 1000) * 1000) : fromMs, toMs }
  }

  /** Whether the verdict stands, though the platform was down in the window: what is too much already stays too much. */
  function wasWatched({ condition, windowSeconds }: AlertRule, { fromMs, toMs }: Period, verdict: Verdict): boolean {
    const lacksData = verdict === 'noData' || condition.kind === 'noData'
    if (lacksData) return fromMs >= upSinceMs() || verdict === 'fine'
    const isTooMuch = verdict === 'broken' && condition.kind === 'threshold' && condition.comparison.startsWith('>')
    // Of longer windows the history has the minutes of before.
    return isTooMuch || toMs - Math.min(windowSeconds * 1000, MINUTE_MS) >= upSinceMs()
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
