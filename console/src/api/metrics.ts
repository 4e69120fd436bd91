/** Series of the metric history, kept up with the time. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { LIVE_MS_MAX, periodOf, stepFor, type Period, type TimeRange } from '../components/time-range.ts'
import { api } from './client.ts'
import type { ApiError } from './errors.ts'
import { withSeconds, type Second, type Series } from './metric-series.ts'
import { apiKey, useFollow } from './use-api.ts'

export interface Metrics {
  period: Period
  /** By the name of the metric. */
  series: ReadonlyMap<string, Series>
}

/** Of whom: everything here when it is empty. */
export interface MetricSubject {
  function?: string
  service?: string
}

const PATH = '/sluice/v1/metrics/query'
const FOLLOW_PATH = '/sluice/v1/metrics/follow'
const MINUTE_MS = 60_000
/** The oldest seconds are forgotten while the question is on its way. */
const SLACK_MS = 5000
/** An answer that is older has a gap to the stream that is worth a question. */
const BEHIND_MS = 3000
const NO_SECONDS: readonly Second[] = []

/** A period of minutes until now grows by each second as it ends; a longer one is asked for again every minute. */
export function useMetrics(
  metrics: readonly string[],
  range: TimeRange,
  of: MetricSubject = {},
): Pick<UseQueryResult<Metrics, ApiError>, 'data' | 'error' | 'refetch'> {
  const query = { metric: metrics, ...of }
  const isLive = 'lastMs' in range && range.lastMs <= LIVE_MS_MAX
  const asked = useQuery<Metrics, ApiError>({
    queryKey: [...apiKey(PATH, query), range],
    queryFn: ({ signal }) => fetchMetrics(query, range, signal),
    refetchInterval: 'lastMs' in range && !isLive ? MINUTE_MS : false,
    placeholderData: (before) => before,
  })
  const { refetch, dataUpdatedAt, isFetching } = asked

  const [seconds, setSeconds] = useState(NO_SECONDS)
  const subject = JSON.stringify(query)
  useEffect(() => setSeconds(NO_SECONDS), [subject])
  const { state } = useFollow<Second>(isLive ? FOLLOW_PATH : null, query, (second) =>
    setSeconds((before) => [...before, second].slice(-LIVE_MS_MAX / 1000)),
  )
  // What happened while the stream was broken is asked for when it is open again.
  const isBehind = useRef(false)
  isBehind.current = isLive && !isFetching && Date.now() - dataUpdatedAt > BEHIND_MS
  useEffect(() => {
    if (state === 'open' && isBehind.current) void refetch()
  }, [state, refetch])

  const data = useMemo(() => {
    if (!asked.data || !isLive || seconds.length === 0) return asked.data
    const toMs = Math.max(asked.data.period.toMs, seconds.at(-1)!.timeMs + 1000)
    const period = { fromMs: Math.max(toMs - range.lastMs, asked.data.period.fromMs), toMs }
    const series = [...asked.data.series].map(([name, before]) => [name, withSeconds(before, seconds, period)] as const)
    return { period, series: new Map(series) }
  }, [asked.data, isLive, seconds, range])
  return { data, error: asked.error, refetch }
}

async function fetchMetrics(
  query: MetricSubject & { metric: readonly string[] },
  range: TimeRange,
  signal: AbortSignal,
): Promise<Metrics> {
  const now = periodOf(range, Date.now())
  const step = stepFor(now)
  // Steps begin at multiples of themselves.
  const period = { fromMs: Math.floor(now.fromMs / step) * step, toMs: Math.ceil(now.toMs / step) * step }
  // Seconds before the platform was started are not known, and asking for them is refused.
  const knownFromMs =
    step === 1000 ? (await api<{ secondsFromMs: number }>('/sluice/v1/metrics', { signal })).secondsFromMs : 0
  const answer = await api<{ series: Series[] }>(PATH, {
    query: {
      ...query,
      from: Math.min(Math.max(period.fromMs, Math.ceil((knownFromMs + SLACK_MS) / step) * step), period.toMs - step),
      to: period.toMs,
      step,
    },
    signal,
  })
  const known = answer.series[0]?.points[0]?.[0] ?? period.fromMs
  return {
    period: { ...period, fromMs: Math.max(period.fromMs, known) },
    series: new Map(answer.series.map((series) => [series.metric, series])),
  }
}
