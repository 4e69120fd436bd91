/** The tables, as numbered steps from the first day: a step that was released is never changed, only followed by another. */
import { sql } from 'kysely'
import type { Transaction } from 'kysely'
import type { Engine, MetadataTables } from './engine.ts'

type Step = (transaction: Transaction<MetadataTables>, keyType: string) => Promise<void>

const steps: readonly Step[] = [
  async (transaction, keyType) => {
    const text = sql.raw(keyType)
    await sql`create table metadata_document (
      kind ${text} not null, key ${text} not null, revision bigint not null, value text not null,
      primary key (kind, key))`.execute(transaction)
    await sql`create table metadata_change (
      revision bigint not null, kind ${text} not null, key ${text} not null,
      primary key (revision, kind, key))`.execute(transaction)
    await sql`create table metadata_revision (revision bigint not null)`.execute(transaction)
    await transaction.insertInto('metadata_revision').values({ revision: 0 }).execute()
  },
]

/**
 * Brings the database to the newest schema, all steps or none; several processes may start at once.
 * Rejects when the database is newer than this code, and leaves it alone then.
 */
export async function migrate(engine: Engine): Promise<void> {
  await engine.db.transaction().execute(async (transaction) => {
    await engine.prepareMigration(transaction)
    await sql`create table if not exists metadata_schema (version integer not null)`.execute(transaction)
    const row = await transaction.selectFrom('metadata_schema').select('version').executeTakeFirst()
    const version = row?.version ?? 0
    if (version > steps.length) {
      throw new Error(
        `the metadata database has schema version ${version}, but this version of Sluice knows only up to ` +
          `${steps.length}: start the newer version, or restore a backup made before it ran`,
      )
    }
    for (const step of steps.slice(version)) await step(transaction, engine.keyType)
    if (row === undefined) await transaction.insertInto('metadata_schema').values({ version: steps.length }).execute()
    else if (version < steps.length)
      await transaction.updateTable('metadata_schema').set({ version: steps.length }).execute()
  })
}
