/** How a function is served while something else goes on: called at a steady, modest rate. */

const CALLS_PER_SECOND = 50

export interface Latencies {
  p50Ms: number
  p99Ms: number
  count: number
  /** Why calls were not answered. */
  failures: string[]
}

/**
 * Calls until `signal` aborts, whether or not earlier calls were answered, so that a wait shows in all calls that it
 * held up; resolves when the last was answered.
 */
export async function watch(call: () => Promise<void>, signal: AbortSignal): Promise<Latencies> {
  const latenciesMs: number[] = []
  const failures: string[] = []
  const calls: Promise<void>[] = []
  const one = async (dueMs: number) => {
    try {
      await call()
      latenciesMs.push(performance.now() - dueMs)
    } catch (error) {
      failures.push(String(error))
    }
  }
  const startedMs = performance.now()
  await new Promise<void>((resolve) => {
    const next = (i: number) => {
      const dueMs = startedMs + (i * 1000) / CALLS_PER_SECOND
      calls.push(one(Math.max(dueMs, performance.now())))
      if (signal.aborted) resolve()
      else
        setTimeout(() => next(i + 1), Math.max(0, startedMs + ((i + 1) * 1000) / CALLS_PER_SECOND - performance.now()))
    }
    next(0)
  })
  await Promise.all(calls)
  return { p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99), count: calls.length, failures }
}

/** The smallest value that this share of all values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
