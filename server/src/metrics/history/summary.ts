/** One row of a dashboard, of what was counted. */
import type { FunctionSummary } from '../port.ts'
import type { Tally } from './tally.ts'

export function summaryOf(functionKey: string, tally: Tally): FunctionSummary {
  const count = (name: Parameters<Tally['get']>[0]) => tally.get(name) ?? 0
  const executed = count('executed')
  return {
    functionKey,
    invocations: count('invocations'),
    functionErrors: count('functionErrors'),
    serverErrors: count('serverErrors'),
    clientErrors: count('clientErrors'),
    throttles: count('concurrencyThrottles') + count('resourceThrottles'),
    coldStarts: count('coldStarts'),
    p50Ms: tally.quantile(0.5),
    p90Ms: tally.quantile(0.9),
    p99Ms: tally.quantile(0.99),
    averageMs: executed === 0 ? null : count('durationMsSum') / executed,
    maxMemoryMB: count('memoryMBMax'),
    billedMs: count('billedMs'),
    gigabyteSeconds: count('billedMBms') / 1024 / 1000,
  }
}
