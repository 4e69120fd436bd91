/** The thread that owns the database of the queue. */
import { serveStorage } from '../storage-thread-side.ts'
import { openQueueDatabase } from './database.ts'
import type { QueueAsks } from './messages.ts'

serveStorage<QueueAsks>(openQueueDatabase)
