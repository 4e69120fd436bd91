/** A further program inside a running sandbox, for people who look into an instance. */
import type { Readable, Writable } from 'node:stream'

export interface ExecSpec {
  command: readonly string[]
  /** On a terminal of its own; stdout and stderr are one then. */
  terminal: boolean
}

export interface ExecProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Empty on a terminal. */
  readonly stderr: Readable
  /** Of the terminal, in characters; without one it does nothing. */
  resize(columns: number, rows: number): void
  /** Resolves once, when it has ended and its output was delivered. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  /** SIGKILL. */
  kill(): void
}
