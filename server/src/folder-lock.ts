/** One platform per data folder: a second one would end the first one's instances and write over its files. */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface FolderLock {
  release(): void
}

/** Another process holds the folder; the message names both. */
export class FolderInUseError extends Error {
  constructor(folder: string, holder: string) {
    super(`${folder} is in use by another platform (process ${holder})`)
    this.name = 'FolderInUseError'
  }
}

const SQLITE_BUSY = 5

/**
 * Holds the folder until `release`, or until the process ends in whatever way: the lock is one that SQLite takes on its
 * file and the system takes back. Throws FolderInUseError, or the system's error when the folder cannot be written.
 */
export function lockFolder(folder: string): FolderLock {
  accessSync(folder, constants.W_OK)
  const pidFile = join(folder, 'platform.pid')
  const lock = new DatabaseSync(join(folder, 'platform.lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error
    throw new FolderInUseError(folder, readPid(pidFile))
  }
  return { release: () => lock.close() }
}

/** The holder writes it right after it took the lock, so that it may be missing for a moment. */
function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
