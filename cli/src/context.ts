/** What every command gets: where to say things, and whom to ask. */
import type { Command } from 'commander'
import { type Client, createClient } from './client.ts'
import { findEndpoint, findKeys } from './connection.ts'
import { createOutput, type Output } from './output.ts'
import type { KeyPair } from './sign.ts'
import type { Terminal } from './terminal.ts'

export interface GlobalOptions {
  json?: boolean
  endpoint?: string
  accessKeyId?: string
  color?: boolean
}

export interface Context {
  terminal: Terminal
  output: Output
  options: GlobalOptions
  /** Throws a usage error for an address that is none; keys are looked up at the first call. */
  client: () => Client
}

export function createContext(terminal: Terminal, options: GlobalOptions): Context {
  const output = createOutput(terminal, { json: options.json === true, color: options.color !== false })
  let keys: KeyPair | undefined
  return {
    terminal,
    output,
    options,
    client() {
      const endpoint = findEndpoint(options.endpoint, terminal.environment)
      return createClient(endpoint, () => (keys ??= findKeys(options.accessKeyId, terminal.environment)))
    },
  }
}

/** Adds one command to the program; `setExitCode`: for commands that say what failed by themselves. */
export type AddCommand = (
  program: Command,
  contextOf: (command: Command) => Context,
  setExitCode: (code: number) => void,
) => void
