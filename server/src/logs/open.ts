/** The log of the platform: what stores it, what searches it, and what bounds it. */
import type { Change } from '../metadata/port.ts'
import { FeedBounds } from './function-bounds.ts'
import type { LogBounds, LogSearcher, LogStore } from './port.ts'
import { EmbeddedSearcher } from './search/searcher.ts'
import { openEmbeddedStore, type LogStoreDeps } from './store.ts'

const MB = 1024 * 1024

export interface LogsOptions {
  directory: string
  /** Of each function that has set nothing else. */
  bounds: LogBounds
  /** Of all functions together. */
  totalMB: number
}

export interface Logs {
  store: LogStore
  searcher: LogSearcher
  defaultBounds: LogBounds
  /** Takes what functions have set for themselves from the change feed. */
  apply(changes: readonly Change[]): void
  close(): Promise<void>
}

/** Rejects when the directory cannot be used. */
export async function openLogs({ directory, bounds, totalMB }: LogsOptions, deps: LogStoreDeps): Promise<Logs> {
  const store = await openEmbeddedStore(
    {
      directory,
      retentionDays: bounds.retentionDays,
      functionBytesMax: bounds.maxMB * MB,
      totalBytesMax: totalMB * MB,
    },
    deps,
  )
  const searcher = new EmbeddedSearcher(directory, {
    clock: deps.clock,
    settled: () => store.settled(),
    horizons: () => store.horizons(),
    followers: store.followers,
  })
  const feed = new FeedBounds((functions) => store.bound(functions))
  return {
    store,
    searcher,
    defaultBounds: bounds,
    apply: (changes) => feed.apply(changes),
    async close() {
      await searcher.close()
      await store.close()
    },
  }
}
