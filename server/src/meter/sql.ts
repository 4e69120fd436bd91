/**
 * The little of SQL that the usage store needs, on both databases: `?` stands for a value. By the drivers alone: the thread
 * that uses it lives while there is work, and a query builder would be most of its memory.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { ClientBase } from 'pg'
import { openSqliteFile, whenNotBusy } from '../sqlite-file.ts'

type Value = string | number

export interface Statements {
  query<Row>(statement: string, values?: readonly Value[]): Promise<Row[]>
  /** Resolves to how many rows it has changed. */
  change(statement: string, values?: readonly Value[]): Promise<number>
}

export interface Sql extends Statements {
  /** The column type whose order is the order of the UTF-8 bytes. */
  readonly keyType: string
  /** All or nothing. */
  transaction<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>
  /** As `transaction`, while no other process is in one of these. */
  schemaTransaction(work: (statements: Statements) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** One transaction at a time: the store is used by one thread, job by job. */
export async function openSqlite(file: string): Promise<Sql> {
  const database = await openSqliteFile(file, 'usage')
  const statements: Statements = {
    query: <Row>(statement: string, values: readonly SQLInputValue[] = []) =>
      whenNotBusy(() => database.prepare(statement).all(...values) as Row[]),
    change: (statement, values = []) => whenNotBusy(() => Number(database.prepare(statement).run(...values).changes)),
  }
  const transaction = async <Result>(work: (statements: Statements) => Promise<Result>): Promise<Result> => {
    await whenNotBusy(() => database.exec('begin immediate'))
    try {
      const result = await work(statements)
      await whenNotBusy(() => database.exec('commit'))
      return result
    } catch (error) {
      // A full disk, for one, has already rolled it back.
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
  }
  return {
    ...statements,
    keyType: 'text',
    transaction,
    // Every transaction is immediate, so it is the only one.
    schemaTransaction: transaction,
    close: async () => database.close(),
  }
}

const CONNECTIONS_MAX = 2
/** Any number that no other user of the database takes for an advisory lock. */
const SCHEMA_LOCK = 7_305_811_425_614

export async function openPostgres(url: string): Promise<Sql> {
  const { KEEP_COMMITS_DURABLE, openPostgresPool, postgresConfig } = await import('../postgres-pool.ts')
  const pool = openPostgresPool(
    {
      ...postgresConfig(url),
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, though its types do not say so
      async onConnect(client: Pick<ClientBase, 'query'>) {
        await client.query(KEEP_COMMITS_DURABLE)
      },
    },
    CONNECTIONS_MAX,
  )
  const statementsOn = (client: Pick<typeof pool, 'query'>): Statements => ({
    query: async <Row>(statement: string, values: readonly Value[] = []) =>
      (await client.query(numbered(statement), [...values])).rows as Row[],
    change: async (statement, values = []) => (await client.query(numbered(statement), [...values])).rowCount ?? 0,
  })
  const transaction = async <Result>(work: (statements: Statements) => Promise<Result>): Promise<Result> => {
    const client = await pool.connect()
    let failure: Error | undefined
    try {
      await client.query('begin')
      const result = await work(statementsOn(client))
      await client.query('commit')
      return result
    } catch (error) {
      failure = error as Error
      throw error
    } finally {
      // A connection that failed within a transaction is given up, and its transaction with it.
      client.release(failure)
    }
  }
  return {
    ...statementsOn(pool),
    keyType: 'text collate "C"',
    transaction,
    schemaTransaction: (work) =>
      transaction(async (statements) => {
        await statements.query('select pg_advisory_xact_lock(?::bigint)', [SCHEMA_LOCK])
        await work(statements)
      }),
    close: () => pool.end(),
  }
}

/** `?` as PostgreSQL writes it; no statement of ours has one in a text. */
function numbered(statement: string): string {
  let count = 0
  return statement.replaceAll('?', () => `$${++count}`)
}
