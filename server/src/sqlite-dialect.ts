/** SQLite through `node:sqlite`, for kysely: one connection, which waits for other processes without blocking this one. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'

/** How long a statement waits for another process to end its transaction. */
const BUSY_WAIT_MS = 10_000
const BUSY_PAUSE_MS = 2
/** The write-ahead log is cut back to this after a checkpoint, so that one huge commit does not hold the disk for ever. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024
/** The primary code; extended ones (recovery, snapshot) have it in their low byte. */
const SQLITE_BUSY = 5

export const IN_MEMORY = ':memory:'

/** Opens the file, made with mode 0600 when there is none. `subject`: whose database it is, for the error that names the file. */
export async function openSqliteFile(file: string, subject: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined
  try {
    // The documents hold secrets of functions; SQLite gives its side files the mode of the main one.
    if (file !== IN_MEMORY) closeSync(openSync(file, 'a', 0o600))
    const opened = new DatabaseSync(file, { timeout: 0 })
    database = opened
    await whenNotBusy(() => opened.exec('pragma journal_mode = wal'))
    opened.exec(`pragma synchronous = full; pragma journal_size_limit = ${LOG_BYTES_KEPT}`)
    return opened
  } catch (error) {
    database?.close()
    throw new Error(`cannot open the ${subject} database ${file}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * SQLite's own waiting would block this thread, and with it a transaction of this very process that holds the lock;
 * so we wait here. On the real clock: it is waiting for input and output, and must keep the process alive.
 */
async function whenNotBusy<Result>(statement: () => Result): Promise<Result> {
  const deadlineMs = performance.now() + BUSY_WAIT_MS
  for (;;) {
    try {
      return statement()
    } catch (error) {
      const isBusy = ((error as { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY
      if (!isBusy || performance.now() > deadlineMs) throw error
    }
    await sleep(BUSY_PAUSE_MS)
  }
}

export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Kysely gives the one connection to one user at a time, for the whole of a transaction. */
function sqliteDriver(database: DatabaseSync): Driver {
  const connection: DatabaseConnection = {
    executeQuery: <Row>(query: CompiledQuery) => whenNotBusy(() => execute<Row>(database, query)),
    streamQuery: () => {
      throw new Error('the SQLite dialect does not stream')
    },
  }
  const run = (statement: string) => connection.executeQuery(CompiledQuery.raw(statement))
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    async beginTransaction(_connection, { accessMode }: TransactionSettings) {
      // A transaction that reads first and writes later fails when another process wrote in between.
      await run(accessMode === 'read only' ? 'begin' : 'begin immediate')
    },
    async commitTransaction() {
      await run('commit')
    },
    async rollbackTransaction() {
      // A full disk, for one, has already rolled it back.
      if (database.isTransaction) await run('rollback')
    },
    destroy: async () => database.close(),
  }
}

function execute<Row>(database: DatabaseSync, { sql, parameters }: CompiledQuery): QueryResult<Row> {
  const statement = database.prepare(sql)
  const values = parameters as readonly SQLInputValue[]
  if (statement.columns().length > 0) return { rows: statement.all(...values) as Row[] }
  const { changes } = statement.run(...values)
  return { rows: [], numAffectedRows: BigInt(changes) }
}
