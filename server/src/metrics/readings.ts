/** Gauges of what runs and waits, in the terms of the history. */
import type { GaugeReading, MetricSources } from './port.ts'

export interface RunningState {
  instances: readonly { functionKey: string; isProvisioned: boolean; inFlight: number }[]
  asyncBacklog: ReturnType<MetricSources['asyncBacklog']>
  waitingRequests: number
  /** The most instances there may be; of one function. */
  instancesMax: number
  quotaOf(functionKey: string): number
  /** Null: not known. */
  monthCost: { cost: number | null; forecast: number | null }
}

export function* readingsOf(state: RunningState): Generator<GaugeReading> {
  yield { metric: 'RegionConcurrencyLimit', value: state.instancesMax }
  yield { metric: 'RegionWaitingRequests', value: state.waitingRequests }
  const { cost, forecast } = state.monthCost
  if (cost !== null) yield { metric: 'RegionMonthCost', value: cost }
  if (forecast !== null) yield { metric: 'RegionMonthForecast', value: forecast }
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
  const ages = new Map<string, number>()
  for (const { functionKey, waiting, inFlight, oldestMs } of state.asyncBacklog) {
    yield { metric: 'FunctionAsyncMessagesBacklogV2', functionKey, value: waiting }
    yield { metric: 'FunctionAsyncMessagesInProcess', functionKey, value: inFlight }
    ages.set(functionKey, Math.max(ages.get(functionKey) ?? 0, oldestMs))
  }
  for (const [functionKey, value] of ages) yield { metric: 'FunctionAsyncMessageAgeMax', functionKey, value }
}
