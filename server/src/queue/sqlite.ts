/** The embedded queue: SQLite in a storage thread. */
import { mkdirSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { StorageThread } from '../storage-thread.ts'
import { DurableQueue, refusalError } from './durable-queue.ts'
import type { QueueAsks, QueueData, QueueOpened, QueueRefusal } from './messages.ts'
import type { MessageQueue } from './port.ts'

const MESSAGES_MAX = 1_000_000
const BODY_BYTES_MAX = 8 * 1024 * 1024 * 1024
const FREE_BYTES_MIN = 128 * 1024 * 1024
/** Between two notices that the disk has no room. */
const NOTICE_INTERVAL_MS = 10 * 60_000

export interface SqliteQueueOptions {
  directory: string
  messagesMax?: number
  bodyBytesMax?: number
  /** Room on the disk that new messages leave for the delivery of those that are there. */
  freeBytesMin?: number
}

export interface SqliteQueueDeps {
  clock: Clock
  /** Hears what an operator should read, such as a full disk. Default: a process warning. */
  notify?: (message: string) => void
}

/** Rejects with an error that says what to do when the database cannot be opened; a damaged one is left as it is. */
export async function createSqliteQueue(
  {
    directory,
    messagesMax = MESSAGES_MAX,
    bodyBytesMax = BODY_BYTES_MAX,
    freeBytesMin = FREE_BYTES_MIN,
  }: SqliteQueueOptions,
  { clock, notify = (message) => process.emitWarning(message) }: SqliteQueueDeps,
): Promise<MessageQueue> {
  mkdirSync(directory, { recursive: true })
  const tellDiskIsLow = everySoOften(clock, () =>
    notify(`no asynchronous invocations are accepted: less than ${freeBytesMin} bytes are free where ${directory} is`),
  )
  const thread = new StorageThread<QueueAsks, QueueOpened, QueueRefusal>(
    {
      script: new URL('./worker.ts', import.meta.url),
      data: { directory, freeBytesMin } satisfies QueueData,
      subject: 'queue database',
      onOpened: (opened) => queue.opened(opened),
      toError: (refusal) => {
        if ('diskIsLow' in refusal) tellDiskIsLow()
        return refusalError(refusal)
      },
    },
    notify,
  )
  const queue = new DurableQueue(thread, { messagesMax, bodyBytesMax }, clock)
  await thread.open()
  return queue
}

function everySoOften(clock: Clock, tell: () => void): () => void {
  let nextMs = -Infinity
  return () => {
    if (clock.monotonicMs() < nextMs) return
    nextMs = clock.monotonicMs() + NOTICE_INTERVAL_MS
    tell()
  }
}
