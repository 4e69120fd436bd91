/** The queue on a database in memory and on this thread: everything but the durability, for tests of what uses it. */
import type { Clock } from '../clock.ts'
import { carryOutBatches, IN_MEMORY } from '../storage-thread-side.ts'
import { StorageError } from '../storage-thread.ts'
import { openQueueDatabase } from './database.ts'
import { DurableQueue, refusalError } from './durable-queue.ts'
import type { QueueStorage } from './durable-queue.ts'
import type { QueueBounds } from './groups.ts'
import type { QueueOpened, QueueRefusal } from './messages.ts'
import type { MessageQueue } from './port.ts'

const BOUNDS: QueueBounds = { messagesMax: 10_000, bodyBytesMax: 64 * 1024 * 1024 }

export function createMemoryQueue(clock: Clock, bounds: Partial<QueueBounds> = {}): MessageQueue {
  const database = openQueueDatabase({ directory: IN_MEMORY, freeBytesMin: 0 })
  const carryOut = carryOutBatches(database)
  let isClosed = false
  const storage: QueueStorage = {
    async ask(kind, ask, bytes) {
      if (isClosed) throw new StorageError('unavailable', 'the queue is closed')
      const body = Uint8Array.from(bytes ?? [])
      const batch = { kinds: [kind], asks: [structuredClone(ask)], sizes: [body.length], bytes: body }
      const { answers, failures } = carryOut(batch)
      const failure = failures[0]?.[1]
      if (failure === undefined) return structuredClone(answers[0]) as never
      throw 'refused' in failure ? refusalError(failure.refused as QueueRefusal) : new Error(JSON.stringify(failure))
    },
    async close() {
      if (!isClosed) database.database.close()
      isClosed = true
    },
  }
  const queue = new DurableQueue(storage, { ...BOUNDS, ...bounds }, clock)
  queue.opened(database.opened as QueueOpened)
  return queue
}
