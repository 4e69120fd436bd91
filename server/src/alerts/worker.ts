/** The thread that owns the database of the alerts. */
import { serveStorage } from '../storage-thread-side.ts'
import { openAlertDatabase } from './database.ts'
import type { AlertAsks } from './messages.ts'

serveStorage<AlertAsks>(openAlertDatabase)
