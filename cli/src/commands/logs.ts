import type { AddCommand } from '../context.ts'
import { usageError } from '../errors.ts'
import { followLines, queryLines } from '../follow.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { defined, type Json } from '../json.ts'
import { formatLine } from '../log-format.ts'

const TAIL_LINES = 100
const TAIL_LINES_MAX = 100_000

interface LogsOptions {
  follow?: boolean
  requestId?: string
  since?: string
  search?: string
  tail?: string
  qualifier?: string
}

export const addLogs: AddCommand = (program, contextOf) => {
  program
    .command('logs')
    .description('what a function printed')
    .argument('<function>', 'function or service/function')
    .option('-f, --follow', 'go on with new lines as they come')
    .option('--request-id <id>', 'only of this invocation')
    .option('--since <time>', 'such as 30s, 10m, 2h, 1d, or 2026-01-31T08:00:00Z')
    .option('--search <text>', 'only lines that contain it')
    .option('-n, --tail <lines>', `at most so many of the past (${TAIL_LINES}; with --since or --request-id all)`)
    .option('-q, --qualifier <version>', 'only of this version')
    .action(async (name: string, options: LogsOptions, command) => {
      const { client, output, terminal } = contextOf(command)
      const { requestId, search: text, qualifier } = options
      const filter = { ref: parseFunctionRef(name), ...defined({ requestId, text, qualifier }) }
      const fromMs = options.since === undefined ? undefined : parseSince(options.since, Date.now())
      const isBounded = fromMs !== undefined || requestId !== undefined
      const tail = options.tail === undefined ? (isBounded ? TAIL_LINES_MAX : TAIL_LINES) : parseTail(options.tail)
      const isTerminal = terminal.stdout.isTTY === true
      const show = (line: Json) => output.item(line, formatLine(line, output, isTerminal))
      if (!options.follow) return (await queryLines(client(), filter, fromMs, tail)).forEach(show)
      await followLines(
        client(),
        filter,
        { fromMs, tail },
        {
          signal: terminal.signal,
          onLost: (reason) => output.note(`connection lost (${reason}); trying again`),
          onDropped: (count) => output.warn(`${count} lines were left out: they came faster than they could be shown`),
        },
        show,
      )
    })
}

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds since the epoch of `10m` (ago) or of a point in time. */
export function parseSince(text: string, nowMs: number): number {
  const ago = /^(\d{1,9})([smhd])$/.exec(text)
  if (ago) return Math.max(0, nowMs - Number(ago[1]) * UNIT_MS[ago[2]!]!)
  const time = Date.parse(text)
  if (Number.isNaN(time) || !/^\d{4}-/.test(text)) {
    throw usageError(`--since: '${text}' is neither a duration such as 10m nor a time such as 2026-01-31T08:00:00Z`)
  }
  return time
}

function parseTail(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(lines <= TAIL_LINES_MAX)) throw usageError(`--tail: '${text}' is no whole number from 0 to ${TAIL_LINES_MAX}`)
  return lines
}
