/** SQLite through `node:sqlite`: a kysely dialect over one connection, and a feed that asks whether the file has changed. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { CompiledQuery, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import type { Clock, Timer } from '../clock.ts'
import { IN_MEMORY, openSqliteFile, whenNotBusy } from '../sqlite-file.ts'
import { retryDelayMs } from './engine.ts'
import type { Engine, FeedEvents, MetadataTables } from './engine.ts'

/** How soon a commit of another process is noticed; asking costs some microseconds. */
const POLL_MS = 200
/** Rejects with an error that names the file when it cannot be opened. */
export async function openSqlite(file: string, clock: Clock): Promise<Engine> {
  const database = await openSqliteFile(file, 'metadata')
  const db = new Kysely<MetadataTables>({ dialect: nodeSqliteDialect(database) })
  return {
    db,
    keyType: 'text',
    prepareMigration: async () => {}, // The transaction is immediate, so it is the only one.
    announce: async () => {}, // Others see it by `data_version`.
    follow: async (events) => (file === IN_MEMORY ? { stop: async () => {} } : pollForCommits(database, clock, events)),
    close: () => db.destroy(),
  }
}

function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => nodeSqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** Kysely gives the one connection to one user at a time, for the whole of a transaction. */
function nodeSqliteDriver(database: DatabaseSync): Driver {
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

/** `data_version` changes when another connection has committed, and is read from shared memory. */
function pollForCommits(database: DatabaseSync, clock: Clock, events: FeedEvents): { stop(): Promise<void> } {
  const statement = database.prepare('pragma data_version')
  let seen = statement.get()?.['data_version']
  let failures = 0
  let timer: Timer
  const poll = () => {
    try {
      const version = statement.get()?.['data_version']
      if (version !== seen || failures > 0) events.onCommit()
      seen = version
      failures = 0
    } catch (error) {
      failures += 1
      events.onError(error as Error)
    }
    timer = clock.setTimer(failures === 0 ? POLL_MS : retryDelayMs(failures), poll)
  }
  timer = clock.setTimer(POLL_MS, poll)
  return { stop: async () => timer.cancel() }
}
