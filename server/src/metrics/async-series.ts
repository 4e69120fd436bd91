/** What is counted of asynchronous invocations, by function. */
import { Distribution } from './distribution.ts'
import type { LazyRegistry, Read } from './lazy.ts'
import { LABELLED_VERSIONS_MAX, type AsyncEvent, type MetricSources } from './port.ts'
import { DURATION_BOUNDS_MS } from './series.ts'

const OTHER = 'other'

class FunctionSeries {
  readonly counts = new Map<AsyncEvent, number>()
  readonly latency = new Distribution(DURATION_BOUNDS_MS)
}

/** Declares the metrics; returns what counts an event. */
export function createAsyncSeries({ counter, gauge, histogram }: LazyRegistry, sources: Partial<MetricSources>) {
  const series = new Map<string, FunctionSeries>()
  const labelOf = (functionKey: string) =>
    series.has(functionKey) || series.size < LABELLED_VERSIONS_MAX ? functionKey : OTHER
  const seriesOf = (label: string) => {
    const known = series.get(label)
    if (known !== undefined) return known
    const added = new FunctionSeries()
    series.set(label, added)
    return added
  }

  const counts = (event: AsyncEvent): Read<number> =>
    function* () {
      for (const [label, { counts: of }] of series) {
        const count = of.get(event)
        if (count !== undefined) yield [count, { function: label }]
      }
    }
  const labels = ['function']
  counter('sluice_async_enqueued_total', 'Asynchronous invocations accepted.', labels, counts('enqueued'))
  counter('sluice_async_dequeued_total', 'Asynchronous invocations taken up, each time.', labels, counts('dequeued'))
  counter('sluice_async_retries_total', 'Attempts put off to be made again.', labels, counts('retried'))
  counter('sluice_async_expired_total', 'Given up because of their age.', labels, counts('expired'))
  counter('sluice_async_dropped_total', 'Given up for other reasons than their age.', labels, counts('dropped'))
  counter('sluice_async_destination_successes_total', 'Results delivered.', labels, counts('destinationSucceeded'))
  counter('sluice_async_destination_errors_total', 'Results not delivered.', labels, counts('destinationFailed'))
  histogram(
    'sluice_async_latency_seconds',
    'From accepted, or due if later, to the start of the first attempt.',
    DURATION_BOUNDS_MS,
    function* () {
      for (const [label, { latency }] of series) if (latency.total > 0) yield [latency, { function: label }]
    },
  )
  const backlog = (pick: 'waiting' | 'inFlight'): Read<number> =>
    function* () {
      for (const of of sources.asyncBacklog?.() ?? []) yield [of[pick], { function: labelOf(of.functionKey) }]
    }
  gauge('sluice_async_backlog', 'Asynchronous invocations that wait.', labels, backlog('waiting'))
  gauge('sluice_async_in_process', 'Asynchronous invocations that are worked on.', labels, backlog('inFlight'))
  gauge('sluice_async_oldest_seconds', 'Age of the oldest that waits.', [], () => {
    const ages = [...(sources.asyncBacklog?.() ?? [])].map(({ oldestMs }) => oldestMs / 1000)
    return ages.length === 0 ? [] : [[Math.max(...ages), {}]]
  })

  return (functionKey: string, event: AsyncEvent, latencyMs?: number): void => {
    const { counts: of, latency } = seriesOf(labelOf(functionKey))
    if (latencyMs !== undefined) latency.observe(latencyMs)
    of.set(event, (of.get(event) ?? 0) + 1)
  }
}
