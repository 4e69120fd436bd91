/** What is measured, how long and how often. */
import { parseArgs } from 'node:util'

export const ROWS = ['warm', 'cold', 'memory', 'ready', 'deploy', 'idle', 'scale'] as const
export type Row = (typeof ROWS)[number]

export interface Options {
  rows: readonly Row[]
  /** Each round measures every subject once; a table shows medians over the rounds. */
  rounds: number
  /** One load run. */
  loadSeconds: number
  /** Cold starts of each subject in each round. */
  coldStarts: number
  idleSeconds: number
  /** Functions deployed for the row `scale`. */
  functions: number
  /** Where the measurements go, beside `results/`. */
  json: string | null
}

const FULL = { rounds: 3, loadSeconds: 8, coldStarts: 10, idleSeconds: 10, functions: 10_000 }
const QUICK = { rounds: 3, loadSeconds: 2, coldStarts: 3, idleSeconds: 3, functions: 1000 }

/** Throws Error with a message for the user. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, json: { type: 'string' } },
  })
  const only = (values.only ?? []).flatMap((list) => list.split(','))
  const unknown = only.find((name) => !ROWS.includes(name as Row))
  if (unknown !== undefined) throw new Error(`--only ${unknown} is no row; give ${ROWS.join(', ')}`)
  const rows = only.length > 0 ? ROWS.filter((row) => only.includes(row)) : ROWS
  return { rows, json: values.json ?? null, ...(values.quick ? QUICK : FULL) }
}
