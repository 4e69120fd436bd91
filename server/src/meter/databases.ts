/** The two homes of what was used: a file of its own in the data folder, or the PostgreSQL of the metadata. */
import { openPostgres, openSqlite } from './sql.ts'
import { openUsageStore, type UsageStore } from './usage-store.ts'

export type UsageHome = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }

/** Rejects with the reason when the database cannot be opened. */
export async function openUsageHome(home: UsageHome): Promise<UsageStore> {
  return await openUsageStore(home.kind === 'sqlite' ? await openSqlite(home.file) : await openPostgres(home.url))
}
