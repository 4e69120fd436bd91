/** Ctrl+C and other requests to end, for a command that has something to clean up first. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `work` with a signal that aborts when this process is told to end, or when `outer` does. */
export async function untilInterrupted<Result>(
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const told = new AbortController()
  const abort = () => told.abort()
  for (const name of SIGNALS) process.on(name, abort)
  try {
    return await work(AbortSignal.any([told.signal, outer]))
  } finally {
    for (const name of SIGNALS) process.off(name, abort)
  }
}
