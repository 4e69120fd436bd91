/** The thread that owns the minutes. */
import { serveStorage } from '../../storage-thread-side.ts'
import { openMinutes } from './database.ts'
import type { MinuteAsks } from './messages.ts'

serveStorage<MinuteAsks>(openMinutes)
