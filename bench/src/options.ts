/** What is measured, how long and how often. */
import { parseArgs } from 'node:util'

export const ROWS = [
  'warm',
  'mix',
  'cold',
  'languages',
  'rate',
  'burst',
  'memory',
  'density',
  'ready',
  'deploy',
  'idle',
  'scale',
  'async',
  'objects',
  'recording',
  'logs',
] as const
export type Row = (typeof ROWS)[number]

export const SANDBOXES = ['auto', 'oci', 'process'] as const

export interface Options {
  rows: readonly Row[]
  /** As the platform's own setting: `auto` takes what isolates best on this machine. */
  sandbox: (typeof SANDBOXES)[number]
  /** Each round measures every subject once; a table shows medians over the rounds. */
  rounds: number
  /** One load run. */
  loadSeconds: number
  /** Cold starts of each subject in each round. */
  coldStarts: number
  idleSeconds: number
  /** Functions deployed for the row `scale`, one measurement each. */
  functionCounts: readonly number[]
  /** Functions without an instance, and instances, for the row `density`. */
  density: { functions: number; instances: number }
  /** Where the measurements go, beside `results/`. */
  json: string | null
}

const FULL = {
  rounds: 3,
  loadSeconds: 8,
  coldStarts: 30,
  idleSeconds: 10,
  functionCounts: [10, 1000, 10_000],
  density: { functions: 500, instances: 200 },
}
const QUICK: typeof FULL = {
  rounds: 3,
  loadSeconds: 2,
  coldStarts: 4,
  idleSeconds: 3,
  functionCounts: [10, 100, 1000],
  density: { functions: 500, instances: 50 },
}

/** Throws Error with a message for the user. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      sandbox: { type: 'string' },
      json: { type: 'string' },
    },
  })
  const only = (values.only ?? []).flatMap((list) => list.split(','))
  const unknown = only.find((name) => !ROWS.includes(name as Row))
  if (unknown !== undefined) throw new Error(`--only ${unknown} is no row; give ${ROWS.join(', ')}`)
  const rows = only.length > 0 ? ROWS.filter((row) => only.includes(row)) : ROWS
  const sandbox = SANDBOXES.find((kind) => kind === (values.sandbox ?? 'auto'))
  if (sandbox === undefined) throw new Error(`--sandbox ${values.sandbox} is none; give ${SANDBOXES.join(', ')}`)
  const amounts = values.quick ? QUICK : FULL
  const rounds = Number(values.rounds ?? amounts.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no number of rounds`)
  return { ...amounts, rows, sandbox, rounds, json: values.json ?? null }
}
