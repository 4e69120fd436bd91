/** The world a command runs in, passed in so that tests own it. */
import type { Readable, Writable } from 'node:stream'
import type { Environment } from './connection.ts'

export interface Terminal {
  stdin: Readable & { isTTY?: boolean; fd?: number; setRawMode?(raw: boolean): unknown }
  /** Emits `resize` when it is a terminal. */
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  stderr: Writable & { isTTY?: boolean }
  environment: Environment
  /** Folder that relative paths start from. */
  folder: string
  /** Ends commands that would go on for ever. */
  signal: AbortSignal
  /** Calls back before a signal of the system ends the process, until the returned function is called. */
  beforeEnd?: (restore: () => void) => () => void
}
