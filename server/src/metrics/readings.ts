/** Gauges of what runs and waits, in the terms of the history. */
import type { GaugeReading, MetricSources } from './port.ts'

export interface RunningState {
  instances: readonly { functionKey: string; isProvisioned: boolean; inFlight: number }[]
  asyncBacklog: ReturnType<MetricSources['asyncBacklog']>
  waitingRequests: number
  /** The most instances there may be; of one function. */
  instancesMax: number
  quotaOf(functionKey: string): number
}

export function* readingsOf(state: RunningState): Generator<GaugeReading> {
  yield { metric: 'RegionConcurrencyLimit', value: state.instancesMax }
  yield { metric: 'RegionWaitingRequests', value: state.waitingRequests }
  const functions = new Set<string>()
  for (const { functionKey, isProvisioned, inFlight } of state.instances) {
    functions.add(functionKey)
    yield { metric: 'FunctionConcurrentCount', functionKey, value: inFlight }
    const metric = isProvisioned ? 'FunctionProvisionedCurrentInstance' : 'FunctionOndemandActiveInstance'
    yield { metric, functionKey, value: 1 }
  }
  for (const functionKey of functions) {
    yield { metric: 'FunctionOndemandInstanceQuota', functionKey, value: state.quotaOf(functionKey) }
  }
  for (const { functionKey, waiting, inFlight } of state.asyncBacklog) {
    yield { metric: 'FunctionAsyncMessagesBacklogV2', functionKey, value: waiting }
    yield { metric: 'FunctionAsyncMessagesInProcess', functionKey, value: inFlight }
  }
}
