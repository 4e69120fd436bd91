/** The two homes of what was used: a file of its own in the data folder, or the PostgreSQL of the metadata. */
import { sql } from 'kysely'
import { openSqliteFile, sqliteDialect } from '../sqlite-dialect.ts'
import { openUsageStore, type UsageStore } from './usage-store.ts'

export type UsageHome = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }

const CONNECTIONS_MAX = 2
/** Any number that no other user of the database takes for an advisory lock. */
const SCHEMA_LOCK = 7_305_811_425_614

/** Rejects with the reason when the database cannot be opened. */
export async function openUsageHome(home: UsageHome): Promise<UsageStore> {
  if (home.kind === 'sqlite') {
    const dialect = sqliteDialect(await openSqliteFile(home.file, 'usage'))
    // The transaction is immediate, so it is the only one.
    return await openUsageStore({ dialect, keyType: 'text', lockSchema: async () => {} })
  }
  const { postgresConfig, postgresDialect } = await import('../postgres-dialect.ts')
  return await openUsageStore({
    dialect: postgresDialect(postgresConfig(home.url), CONNECTIONS_MAX),
    keyType: 'text collate "C"',
    async lockSchema(transaction) {
      await sql`select pg_advisory_xact_lock(${SCHEMA_LOCK}::bigint)`.execute(transaction)
    },
  })
}
