/** The history of metrics, with its database. */
import { join } from 'node:path'
import type { Clock, Random } from '../clock.ts'
import { StorageThread } from '../storage-thread.ts'
import { History } from './history/history.ts'
import type { MinuteAsks, MinuteData } from './history/messages.ts'
import { MinuteStore } from './history/minute-store.ts'

const FILE_NAME = 'metrics.db'
/** Of the database: minutes of a month of some 1000 functions that never rest. Beyond it the oldest minutes go, and then their sums. */
const DATABASE_BYTES_MAX = 4 * 1024 * 1024 * 1024

export interface MetricHistoryOptions {
  directory: string
}

export interface MetricHistoryDeps {
  clock: Clock
  random: Random
  /** Hears what an operator should read, such as a full disk. */
  notify: (message: string) => void
}

/** Its database is opened when there is something to write or read: an idle platform does without the thread. */
export function openMetricHistory(
  { directory }: MetricHistoryOptions,
  { clock, random, notify }: MetricHistoryDeps,
): History {
  const thread = new StorageThread<MinuteAsks>(
    {
      script: new URL('./history/thread.ts', import.meta.url),
      data: { file: join(directory, FILE_NAME) } satisfies MinuteData,
      subject: 'metrics database',
      toError: (refusal: never) => new Error(String(refusal)),
    },
    notify,
  )
  const writer = random.bytes(8).toString('hex')
  return new History(new MinuteStore(thread, writer, DATABASE_BYTES_MAX, notify), clock)
}
