/** A database in memory that runs a stranger's SQL: it may read one table, and nothing else. */
import { constants, DatabaseSync, type StatementSync } from 'node:sqlite'

/** Longest text, blob or row. */
const VALUE_BYTES_MAX = 1024 * 1024
const READABLE = new Set(['log', 'json_each', 'json_tree'])
const FORBIDDEN_FUNCTIONS = new Set(['load_extension', 'fts3_tokenizer'])

export interface Guard {
  sqlite: DatabaseSync
  /** With which columns of `log` it reads. Throws what SQLite says. */
  prepare(sql: string): { statement: StatementSync; columns: Set<string> }
}

export function openGuard(): Guard {
  const sqlite = new DatabaseSync(':memory:', {
    allowExtension: false,
    enableDoubleQuotedStringLiterals: false,
    limits: { length: VALUE_BYTES_MAX, attach: 0, exprDepth: 200, compoundSelect: 50, functionArg: 100 },
  })
  sqlite.enableDefensive(true)
  return {
    sqlite,
    prepare(sql) {
      const columns = new Set<string>()
      sqlite.setAuthorizer((action, first, second) => (mayDo(action, first, second, columns) ? OK : DENY))
      const statement = sqlite.prepare(sql)
      // Statements are prepared again when the table has changed: the authorizer of this one stays until the next.
      return { statement, columns }
    },
  }
}

const { SQLITE_OK: OK, SQLITE_DENY: DENY, SQLITE_READ, SQLITE_SELECT, SQLITE_FUNCTION, SQLITE_RECURSIVE } = constants

function mayDo(action: number, first: string | null, second: string | null, columns: Set<string>): boolean {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return true
    case SQLITE_FUNCTION:
      return !FORBIDDEN_FUNCTIONS.has(second ?? '')
    case SQLITE_READ:
      // How many rows there are, of a common table expression too: nothing of what they hold.
      if (second === '') return true
      if (first === 'log' && second !== null) columns.add(second)
      return READABLE.has(first ?? '')
    default:
      return false
  }
}
