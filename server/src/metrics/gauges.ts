/** What is read of its owners when the metrics are asked for. */
import type { Labels, LazyRegistry } from './lazy.ts'
import { LABELLED_VERSIONS_MAX, type MetricSources } from './port.ts'

const OTHER = 'other'
const MB = 1024 * 1024

export function declareGauges({ counter, gauge }: LazyRegistry, sources: Partial<MetricSources>): void {
  const functionsWithInstances = new Set<string>()
  const maybe = (value: number | null | undefined): [number, Labels][] =>
    value === null || value === undefined ? [] : [[value, {}]]

  gauge('sluice_instances', 'Live instances by state.', ['function', 'state'], function* () {
    for (const { functionKey, state, count } of sources.instances?.() ?? []) {
      if (functionsWithInstances.size < LABELLED_VERSIONS_MAX) functionsWithInstances.add(functionKey)
      yield [count, { function: functionsWithInstances.has(functionKey) ? functionKey : OTHER, state }]
    }
  })
  gauge('sluice_stems', 'Prepared sandboxes by kind and state.', ['kind', 'state'], function* () {
    for (const { kind, waiting, booting } of sources.stems?.() ?? []) {
      yield [waiting, { kind, state: 'waiting' }]
      yield [booting, { kind, state: 'booting' }]
    }
  })
  gauge('sluice_waiting_requests', 'Requests that wait for an instance.', [], () => maybe(sources.waitingRequests?.()))
  gauge('sluice_running_invocations', 'Invocations that instances work on.', [], () =>
    maybe(sources.runningInvocations?.()),
  )
  counter(
    'sluice_trigger_events_total',
    'Events of triggers by type: fired, missed (timers), filtered (no trigger waits for them), failed (not run).',
    ['type', 'outcome'],
    function* () {
      for (const { type, outcome, count } of sources.triggers?.() ?? []) yield [count, { type, outcome }]
    },
  )
  counter(
    'sluice_alert_notices_total',
    'Notices of alerts by kind of route: delivered, failed (given up after all attempts), refused (too many waited).',
    ['kind', 'outcome'],
    function* () {
      for (const { kind, outcome, count } of sources.alertNotices?.() ?? []) yield [count, { kind, outcome }]
    },
  )
  gauge('sluice_log_stored_bytes', 'Stored log lines and invocation records.', [], () =>
    maybe(sources.logs?.().storedBytes),
  )
  counter('sluice_log_lines_dropped_total', 'Log lines that could not be kept.', [], () =>
    maybe(sources.logs?.().droppedLines),
  )
  counter('sluice_log_records_dropped_total', 'Invocation records that could not be kept.', [], () =>
    maybe(sources.logs?.().droppedRecords),
  )
  counter(
    'sluice_otlp_items_total',
    'Log lines, traces and metrics for the collector: sent, rejected (by it), dropped (it did not take them).',
    ['signal', 'outcome'],
    function* () {
      for (const { signal, outcome, count } of sources.otlp?.() ?? []) yield [count, { signal, outcome }]
    },
  )
  gauge('sluice_instances_max', 'The most instances there may be.', [], () => maybe(sources.host?.().instancesMax))
  gauge('sluice_host_memory_bytes', 'Memory that instances may have together.', [], () =>
    maybe(inBytes(sources.host?.().memoryMB)),
  )
  gauge('sluice_host_memory_used_bytes', 'Of it, the memory sizes of all instances.', [], () =>
    maybe(inBytes(sources.host?.().usedMB)),
  )
  gauge('sluice_month_cost', 'What the month has cost so far, in the currency of the price book.', [], () =>
    maybe(sources.monthCost?.().cost),
  )
  gauge('sluice_month_forecast', 'What the month will cost at this pace.', [], () =>
    maybe(sources.monthCost?.().forecast),
  )
  counter('sluice_metric_minutes_lost_total', 'Minutes of the history of metrics that could not be kept.', [], () =>
    maybe(sources.history?.().lostMinutes),
  )
}

function inBytes(megabytes: number | undefined): number | undefined {
  return megabytes === undefined ? undefined : megabytes * MB
}
