/** What the alerts remember over a restart. Its thread begins with the first thing that is written, or was once. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FcError } from '../errors.ts'
import { StorageError, StorageThread } from '../storage-thread.ts'
import type { AlertAsks, AlertData, AlertsOpened } from './messages.ts'
import type { AlertEvent, AlertHistoryQuery } from './port.ts'

const FILE_NAME = 'alerts.db'
const EVENTS_MAX = 50_000
const EVENTS_AGE_MS_MAX = 90 * 86_400_000

export interface BookOptions {
  directory: string
  eventsMax?: number
  eventsAgeMsMax?: number
}

export interface Book {
  /** What was there at the start. */
  opened: AlertsOpened
  record(change: AlertAsks['record']['ask']): Promise<unknown>
  settle(end: AlertAsks['settle']['ask']): Promise<unknown>
  /** Rejects with FcError ServiceUnavailable. */
  history(query: AlertHistoryQuery): Promise<{ events: AlertEvent[]; nextCursor?: string }>
  close(): Promise<void>
}

/** Rejects with an error that says what to do when the database cannot be opened. */
export async function openBook(
  { directory, eventsMax = EVENTS_MAX, eventsAgeMsMax = EVENTS_AGE_MS_MAX }: BookOptions,
  notify: (message: string) => void,
): Promise<Book> {
  const file = join(directory, FILE_NAME)
  let opened: AlertsOpened = { states: [], deliveries: [] }
  const thread = new StorageThread<AlertAsks, AlertsOpened>(
    {
      script: new URL('./worker.ts', import.meta.url),
      data: { file, eventsMax, eventsAgeMsMax } satisfies AlertData,
      subject: 'alerts database',
      onOpened: (found) => void (opened = found),
      toError: () => new Error('the alerts database refuses nothing'),
    },
    notify,
  )
  let isUsed = existsSync(file)
  if (isUsed) await thread.open()
  return {
    opened,
    record(change) {
      isUsed = true
      return thread.ask('record', change)
    },
    settle: (end) => thread.ask('settle', end),
    async history(query) {
      if (!isUsed) return { events: [] }
      try {
        return await thread.ask('history', query)
      } catch (error) {
        if (error instanceof StorageError) throw new FcError('ServiceUnavailable', error.message)
        throw error
      }
    },
    close: () => thread.close(),
  }
}
