/** Whole small files, written by a thread of their own: what comes while it is busy is one batch. */
import { StorageThread } from '../storage-thread.ts'

export interface WriteFile {
  /** Written first; it does not stay. */
  temporary: string
  /** In a folder that is there. */
  path: string
}

export interface SmallFileAsks {
  write: { ask: WriteFile; answer: null }
}

export interface FileRefusal {
  code: string | undefined
  message: string
}

export type SmallFiles = StorageThread<SmallFileAsks, null, FileRefusal>

/** The thread starts with the first write. `notify` hears when it dies. */
export function createSmallFiles(notify: (message: string) => void): SmallFiles {
  const script = new URL('./small-files-thread.ts', import.meta.url)
  const toError = ({ code, message }: FileRefusal) => Object.assign(new Error(message), { code })
  return new StorageThread({ script, data: null, subject: 'writer of small files', toError }, notify)
}
