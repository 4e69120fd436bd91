/** One analysis: what matches goes into a table in memory, and SQL is run over it. Synchronous, for a process of its own. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { Scan, type Scope } from '../scan.ts'
import { COLUMNS, sqlValue, type SqlValue } from './columns.ts'
import { withFromLog } from './from-log.ts'
import { openGuard, type Guard } from './guard.ts'
import { SqlError, sqlError } from './sql-error.ts'

/** What one analysis looks at: the newest, where more match. */
const ANALYSIS_ROWS_MAX = 1_000_000
const ANALYSIS_BYTES_MAX = 256 * 1024 * 1024
export const RESULT_ROWS_MAX = 10_000
const RESULT_BYTES_MAX = 4 * 1024 * 1024
const RESULT_COLUMNS_MAX = 100
/** Members of structured lines that one statement names. */
const MEMBERS_MAX = 32

export interface AnalysisAsk {
  scope: Scope
  sql: string
}

export interface Table {
  columns: string[]
  rows: SqlValue[][]
  scannedLines: number
  truncated: boolean
}

export interface AnalysisBounds {
  rowsMax: number
}

/** Throws SqlError. */
export function analyse(
  logs: DatabaseSync,
  { scope, sql: written }: AnalysisAsk,
  { rowsMax }: AnalysisBounds = { rowsMax: ANALYSIS_ROWS_MAX },
): Table {
  if (!/^\s*(select|with)\b/i.test(written)) throw new SqlError('expected SELECT or WITH', 0)
  const { sql, placeOf, isAdded } = withFromLog(written)
  try {
    return analyseWhole(logs, { scope, sql }, rowsMax)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const message = isAdded(error.position) ? 'syntax error: expected more here' : error.message
    throw new SqlError(message, placeOf(error.position))
  }
}

function analyseWhole(logs: DatabaseSync, { scope, sql }: AnalysisAsk, rowsMax: number): Table {
  const guard = openGuard()
  try {
    guard.sqlite.exec(`CREATE TABLE log (${COLUMNS.map(quoted).join(', ')})`)
    const { columns, members } = columnsOf(guard, sql)
    const filled = fill(guard.sqlite, new Scan(logs, scope), [...columns], rowsMax)
    const unknown = [...members].find((name) => !filled.seen.has(name))
    if (unknown !== undefined && filled.count > 0) {
      throw new SqlError(`no such column: ${unknown}, and no line has a member of this name`, placeOfName(sql, unknown))
    }
    const { statement } = checked(guard, sql)
    const { rows, truncated } = resultOf(statement, sql)
    return {
      columns: statement.columns().map(({ name }) => name),
      rows,
      scannedLines: filled.scannedLines,
      truncated: truncated || filled.truncated,
    }
  } finally {
    guard.sqlite.close()
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

/** Columns that are read; of them, `members` are those of lines that are JSON objects. */
function columnsOf(guard: Guard, sql: string): { columns: Set<string>; members: Set<string> } {
  const members = new Set<string>()
  for (;;) {
    try {
      const { statement, columns } = guard.prepare(sql)
      checkShape(statement, sql)
      return { columns, members }
    } catch (error) {
      const name = missingColumn(error as Error)
      if (
        name === undefined ||
        isColumn(name) ||
        members.has(name) ||
        members.size >= MEMBERS_MAX ||
        !isInside(sql, name)
      ) {
        throw error instanceof SqlError ? error : sqlError(sql, error as Error, (text) => void guard.prepare(text))
      }
      guard.sqlite.setAuthorizer(null)
      guard.sqlite.exec(`ALTER TABLE log ADD COLUMN ${quoted(name)}`)
      members.add(name)
    }
  }
}

function missingColumn({ message }: Error): string | undefined {
  const name = /^no such column: (.+?)( - should this be .*)?$/s.exec(message)?.[1]
  if (name === undefined) return undefined
  // In quotation marks: a name. Else perhaps behind that of a table.
  return /^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name.replace(/^\w+\./, '')
}

const isColumn = (name: string) => COLUMNS.some((column) => column.toLowerCase() === name.toLowerCase())
const isInside = (sql: string, name: string) => sql.toLowerCase().includes(name.toLowerCase())
const placeOfName = (sql: string, name: string) => Math.max(0, sql.toLowerCase().indexOf(name.toLowerCase()))

function checked(guard: Guard, sql: string) {
  try {
    return guard.prepare(sql)
  } catch (error) {
    throw sqlError(sql, error as Error, (text) => void guard.prepare(text))
  }
}

function checkShape(statement: StatementSync, sql: string): void {
  const rest = sql.slice(statement.sourceSQL.length)
  const more = /[^\s;]/.exec(rest)
  if (more !== null) {
    throw new SqlError('expected the end: an analysis is one statement', statement.sourceSQL.length + more.index)
  }
  if (statement.columns().length > RESULT_COLUMNS_MAX) {
    throw new SqlError(`an analysis answers at most ${RESULT_COLUMNS_MAX} columns`, 0)
  }
}

interface Filled {
  count: number
  /** Columns that had a value. */
  seen: Set<string>
  scannedLines: number
  truncated: boolean
}

function fill(sqlite: DatabaseSync, scan: Scan, columns: readonly string[], rowsMax: number): Filled {
  const insert = insertion(sqlite, columns)
  const filled: Filled = { count: 0, seen: new Set(), scannedLines: 0, truncated: false }
  let bytes = 0
  sqlite.exec('BEGIN')
  for (const block of scan.blocks(true)) {
    filled.scannedLines += block.count
    for (const { row } of scan.rowsOf(block.id)) {
      if (filled.count >= rowsMax || bytes > ANALYSIS_BYTES_MAX) {
        sqlite.exec('COMMIT')
        return { ...filled, truncated: true }
      }
      const values = columns.map((column) => sqlValue(row, column))
      for (const [index, value] of values.entries()) {
        if (value === null) continue
        filled.seen.add(columns[index]!)
        bytes += typeof value === 'string' ? value.length : 8
      }
      insert(values)
      filled.count++
    }
  }
  sqlite.exec('COMMIT')
  return filled
}

function insertion(sqlite: DatabaseSync, columns: readonly string[]): (values: readonly SqlValue[]) => void {
  sqlite.setAuthorizer(null)
  if (columns.length === 0) {
    const statement = sqlite.prepare('INSERT INTO log DEFAULT VALUES')
    return () => void statement.run()
  }
  const names = columns.map(quoted).join(', ')
  const statement = sqlite.prepare(`INSERT INTO log (${names}) VALUES (${columns.map(() => '?').join(', ')})`)
  return (values) => void statement.run(...values)
}

function resultOf(statement: StatementSync, sql: string): { rows: SqlValue[][]; truncated: boolean } {
  statement.setReturnArrays(true)
  statement.setReadBigInts(true)
  const rows: SqlValue[][] = []
  let bytes = 0
  try {
    for (const found of statement.iterate() as Iterable<unknown> as Iterable<unknown[]>) {
      if (rows.length >= RESULT_ROWS_MAX || bytes > RESULT_BYTES_MAX) return { rows, truncated: true }
      const row = found.map(answered)
      for (const value of row) bytes += typeof value === 'string' ? value.length : 8
      rows.push(row)
    }
  } catch (error) {
    throw sqlError(sql, error as Error, () => {})
  }
  return { rows, truncated: false }
}

/** Whole numbers beyond what JSON readers hold exactly go as text. */
function answered(value: unknown): SqlValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'string' ? value.toWellFormed() : null
}
