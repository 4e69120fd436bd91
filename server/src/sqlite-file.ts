/** Files of SQLite that other processes may use as well: opened, and waited for without blocking this one. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a statement waits for another process to end its transaction. */
const BUSY_WAIT_MS = 10_000
const BUSY_PAUSE_MS = 2
/** The write-ahead log is cut back to this after a checkpoint, so that one huge commit does not hold the disk for ever. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024
/** The primary code; extended ones (recovery, snapshot) have it in their low byte. */
const SQLITE_BUSY = 5

export const IN_MEMORY = ':memory:'

/** Opens the file, made with mode 0600 when there is none. Rejects with an error that names it and `subject`, whose database it is. */
export async function openSqliteFile(file: string, subject: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined
  try {
    // It may hold secrets; SQLite gives its side files the mode of the main one.
    if (file !== IN_MEMORY) closeSync(openSync(file, 'a', 0o600))
    const opened = new DatabaseSync(file, { timeout: 0 })
    database = opened
    await whenNotBusy(() => opened.exec('pragma journal_mode = wal'))
    opened.exec(`pragma synchronous = full; pragma journal_size_limit = ${LOG_BYTES_KEPT}`)
    return opened
  } catch (error) {
    database?.close()
    throw new Error(`cannot open the ${subject} database ${file}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * SQLite's own waiting would block this thread, and with it a transaction of this very process that holds the lock;
 * so we wait here. On the real clock: it is waiting for input and output, and must keep the process alive.
 */
export async function whenNotBusy<Result>(statement: () => Result): Promise<Result> {
  const deadlineMs = performance.now() + BUSY_WAIT_MS
  for (;;) {
    try {
      return statement()
    } catch (error) {
      const isBusy = ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY
      if (!isBusy || performance.now() > deadlineMs) throw error
    }
    await sleep(BUSY_PAUSE_MS)
  }
}
