/** SQLite: a feed that asks whether the file has changed. */
import type { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Clock, Timer } from '../clock.ts'
import { IN_MEMORY, openSqliteFile, sqliteDialect } from '../sqlite-dialect.ts'
import { retryDelayMs } from './engine.ts'
import type { Engine, FeedEvents, MetadataTables } from './engine.ts'

/** How soon a commit of another process is noticed; asking costs some microseconds. */
const POLL_MS = 200

/** Rejects with an error that names the file when it cannot be opened. */
export async function openSqlite(file: string, clock: Clock): Promise<Engine> {
  const database = await openSqliteFile(file, 'metadata')
  const db = new Kysely<MetadataTables>({ dialect: sqliteDialect(database) })
  return {
    db,
    keyType: 'text',
    prepareMigration: async () => {}, // The transaction is immediate, so it is the only one.
    announce: async () => {}, // Others see it by `data_version`.
    follow: async (events) => (file === IN_MEMORY ? { stop: async () => {} } : pollForCommits(database, clock, events)),
    close: () => db.destroy(),
  }
}

/** `data_version` changes when another connection has committed, and is read from shared memory. */
function pollForCommits(database: DatabaseSync, clock: Clock, events: FeedEvents): { stop(): Promise<void> } {
  const statement = database.prepare('pragma data_version')
  let seen = statement.get()?.['data_version']
  let failures = 0
  let timer: Timer
  const poll = () => {
    try {
      const version = statement.get()?.['data_version']
      if (version !== seen || failures > 0) events.onCommit()
      seen = version
      failures = 0
    } catch (error) {
      failures += 1
      events.onError(error as Error)
    }
    timer = clock.setTimer(failures === 0 ? POLL_MS : retryDelayMs(failures), poll)
  }
  timer = clock.setTimer(POLL_MS, poll)
  return { stop: async () => timer.cancel() }
}
