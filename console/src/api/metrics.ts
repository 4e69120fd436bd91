/** Series of the metric history. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api } from './client.ts'
import type { ApiError } from './errors.ts'
import { apiKey } from './use-api.ts'
import { periodOf, stepFor, type Period, type TimeRange } from '../components/time-range.ts'

export interface Series {
  metric: string
  unit: string
  stepMs: number
  points: [number, number | null][]
}

export interface Metrics {
  period: Period
  /** By the name of the metric. */
  series: ReadonlyMap<string, Series>
}

const PATH = '/sluice/v1/metrics/query'
const LIVE_MS = 2000
const MINUTE_MS = 60_000

/** Follows the time: what is of the last minutes is asked for again every other second, all else every minute. */
export function useMetrics(
  metrics: readonly string[],
  range: TimeRange,
  of: { function?: string; service?: string } = {},
): UseQueryResult<Metrics, ApiError> {
  const query = { metric: metrics, ...of }
  return useQuery<Metrics, ApiError>({
    queryKey: [...apiKey(PATH, query), range],
    queryFn: async ({ signal }) => {
      const period = wholeSteps(periodOf(range, Date.now()))
      const answer = await api<{ series: Series[] }>(PATH, {
        query: { ...query, from: period.fromMs, to: period.toMs, step: stepFor(period) },
        signal,
      })
      return { period, series: new Map(answer.series.map((series) => [series.metric, series])) }
    },
    refetchInterval: 'lastMs' in range ? (stepFor(periodOf(range, 0)) === 1000 ? LIVE_MS : MINUTE_MS) : false,
    placeholderData: (before) => before,
  })
}

/** Steps begin at multiples of themselves. */
export function wholeSteps({ fromMs, toMs }: Period): Period {
  const step = stepFor({ fromMs, toMs })
  return { fromMs: Math.floor(fromMs / step) * step, toMs: Math.ceil(toMs / step) * step }
}
