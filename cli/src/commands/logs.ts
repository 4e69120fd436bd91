import { type AddCommand, type Context } from '../context.ts'
import { usageError } from '../errors.ts'
import { followLines, type LogFilter, queryHits, queryLines } from '../follow.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { defined, type Json, objectOf } from '../json.ts'
import { formatLine } from '../log-format.ts'
import { around, isAnalysis, queryTable, withPlace } from '../log-query.ts'
import { parseTime } from '../time.ts'

const TAIL_LINES = 100
const TAIL_LINES_MAX = 100_000
const CONTEXT_LINES_MAX = 500

interface LogsOptions {
  follow?: boolean
  requestId?: string
  since?: string
  until?: string
  search?: string
  query?: string
  context?: string
  tail?: string
  qualifier?: string
}

const HELP = `
A query has words, "phrases", field: value, AND, OR, NOT and parentheses; behind | an analysis in SQL:
  sluice logs shop/web --query 'error AND NOT "not found"' --since 1h
  sluice logs --query 'durationMs > 500 | SELECT functionName, count(*) AS n GROUP BY functionName ORDER BY n DESC'`

export const addLogs: AddCommand = (program, contextOf) => {
  program
    .command('logs')
    .description('what functions printed: of one, or what a query finds in all')
    .argument('[function]', 'function or service/function')
    .option('-f, --follow', 'go on with new lines as they come')
    .option('--query <query>', 'only what it finds; behind | an analysis, shown as a table')
    .option('-C, --context <lines>', 'with --query: so many lines of the function around each hit')
    .option('--request-id <id>', 'only of this invocation')
    .option('--since <time>', 'such as 30s, 10m, 2h, 1d, or 2026-01-31T08:00:00Z')
    .option('--until <time>', 'with --query: not after it')
    .option('--search <text>', 'only lines that contain it')
    .option('-n, --tail <lines>', `at most so many of the past (${TAIL_LINES}; with --since or --request-id all)`)
    .option('-q, --qualifier <version>', 'only of this version')
    .addHelpText('after', HELP)
    .action(async (name: string | undefined, options: LogsOptions, command) => {
      const context = contextOf(command)
      checkOptions(name, options)
      const { requestId, search: text, qualifier, query } = options
      const ref = name === undefined ? undefined : parseFunctionRef(name)
      const filter: LogFilter = defined({ ref, requestId, text, qualifier, query })
      const nowMs = Date.now()
      const fromMs = options.since === undefined ? undefined : parseTime('--since', options.since, nowMs)
      const toMs = options.until === undefined ? undefined : parseTime('--until', options.until, nowMs)
      const isBounded = fromMs !== undefined || requestId !== undefined
      const tail = options.tail === undefined ? (isBounded ? TAIL_LINES_MAX : TAIL_LINES) : parseTail(options.tail)
      try {
        if (query !== undefined && isAnalysis(query)) return await showTable(context, query, filter, { fromMs, toMs })
        if (options.context !== undefined) {
          return await showAround(context, filter, { fromMs, toMs }, tail, parseContext(options.context))
        }
        if (options.follow) return await follow(context, filter, { fromMs, tail })
        await showPast(context, filter, { fromMs, toMs }, tail)
      } catch (error) {
        throw withPlace(error, query)
      }
    })
}

interface Period {
  fromMs: number | undefined
  toMs: number | undefined
}

/** What one way of asking does not know is refused, not ignored. */
function checkOptions(name: string | undefined, options: LogsOptions): void {
  const { query, follow: isFollowing } = options
  if (query === undefined) {
    if (name === undefined) throw usageError("missing argument 'function'; with --query all functions are searched")
    if (options.context !== undefined) throw usageError('--context is for --query')
    if (options.until !== undefined) throw usageError('--until is for --query')
    return
  }
  const plain = ['requestId', 'search', 'qualifier'] as const
  const given = plain.find((option) => options[option] !== undefined)
  if (given !== undefined) throw usageError('--request-id, --search and --qualifier are not for --query: say it there')
  if (!isFollowing) return
  if (isAnalysis(query)) throw usageError('--follow shows lines; an analysis behind | has an end')
  if (options.context !== undefined || options.until !== undefined) {
    throw usageError('--context and --until are for what is past, without --follow')
  }
}

function printer({ output, terminal }: Context, { ref }: LogFilter): (line: Json) => void {
  const look = { isTerminal: terminal.stdout.isTTY === true, namesFunction: ref === undefined }
  return (line) => output.item(line, formatLine(line, output, look))
}

async function showPast(context: Context, filter: LogFilter, period: Period, tail: number): Promise<void> {
  const client = context.client()
  const show = printer(context, filter)
  if (filter.query === undefined) return (await queryLines(client, filter, period.fromMs, tail)).forEach(show)
  const hits = tail === 0 ? [] : await queryHits(client, filter, period, tail)
  for (const { line } of hits) show(objectOf(line))
}

async function showAround(context: Context, filter: LogFilter, period: Period, tail: number, lines: number) {
  const client = context.client()
  const show = printer(context, filter)
  const groups = await around(client, await queryHits(client, filter, period, tail), lines)
  for (const [i, group] of groups.entries()) {
    if (i > 0 && !context.output.json) context.output.item({}, context.output.style('dim', '--'))
    group.forEach(show)
  }
}

async function showTable({ client, output }: Context, query: string, filter: LogFilter, period: Period) {
  const { document, columns, rows, truncated } = await queryTable(client(), query, filter.ref, period)
  if (output.json) return output.result(document, '')
  output.table([], rows, columns, 'nothing was found')
  if (truncated) output.warn('there is more than an analysis takes: narrow it by --since or by what it looks for')
}

async function follow({ client, output, terminal, ...rest }: Context, filter: LogFilter, past: FollowPast) {
  const show = printer({ client, output, terminal, ...rest }, filter)
  const options = {
    signal: terminal.signal,
    onLost: (reason: string) => output.note(`connection lost (${reason}); trying again`),
    onDropped: (count: number) =>
      output.warn(`${count} lines were left out: they came faster than they could be shown`),
  }
  await followLines(client(), filter, past, options, show)
}

type FollowPast = Parameters<typeof followLines>[2]

function parseTail(text: string): number {
  const lines = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(lines <= TAIL_LINES_MAX)) throw usageError(`--tail: '${text}' is no whole number from 0 to ${TAIL_LINES_MAX}`)
  return lines
}

function parseContext(text: string): number {
  const lines = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (!(lines <= CONTEXT_LINES_MAX)) {
    throw usageError(`--context: '${text}' is no whole number from 0 to ${CONTEXT_LINES_MAX}`)
  }
  return lines
}
