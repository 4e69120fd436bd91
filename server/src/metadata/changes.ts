/** Reading what a watcher has to hear: the whole state, or what has changed since a revision. */
import type { Kysely, Transaction } from 'kysely'
import type { DocumentKind } from '../model.ts'
import type { MetadataTables } from './engine.ts'

/** A change as stored: `value` is JSON, null for a deletion. */
export interface ChangeRow {
  kind: DocumentKind
  key: string
  revision: number
  value: string | null
}

export interface ChangeBatch {
  /** The state after the batch is the state of this revision. */
  revision: number
  /** The rows are all documents there are, not just the changed ones. */
  whole: boolean
  rows: readonly ChangeRow[]
}

/**
 * One consistent view of what happened after `since`; several commits come as one batch, each document as it is now.
 * The whole state when `since` is undefined, when the changes are no longer kept, or when the database is older than
 * `since` (restored from a backup).
 */
export async function readChanges(db: Kysely<MetadataTables>, since: number | undefined): Promise<ChangeBatch> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return await snapshot.execute(async (transaction) => {
    const { revision } = await transaction.selectFrom('metadata_revision').select('revision').executeTakeFirstOrThrow()
    if (revision === since) return { revision, whole: false, rows: [] }
    if (since === undefined || revision < since || !(await areKept(transaction, since))) {
      const rows = await transaction
        .selectFrom('metadata_document')
        .select(['kind', 'key', 'revision', 'value'])
        .orderBy('kind')
        .orderBy('key')
        .execute()
      return { revision, whole: true, rows }
    }
    const rows = await transaction
      .selectFrom((from) =>
        from
          .selectFrom('metadata_change')
          .where('revision', '>', since)
          .groupBy(['kind', 'key'])
          .select((select) => ['kind', 'key', select.fn.max('revision').as('revision')])
          .as('change'),
      )
      .leftJoin('metadata_document as document', (join) =>
        join.onRef('document.kind', '=', 'change.kind').onRef('document.key', '=', 'change.key'),
      )
      .select(['change.kind', 'change.key', 'change.revision', 'document.value'])
      .orderBy('change.revision')
      .orderBy('change.kind')
      .orderBy('change.key')
      .execute()
    return { revision, whole: false, rows }
  })
}

/** Every commit leaves changes, so the one after `since` is there unless it was pruned. */
async function areKept(transaction: Transaction<MetadataTables>, since: number): Promise<boolean> {
  const oldest = await transaction
    .selectFrom('metadata_change')
    .select((select) => select.fn.min('revision').as('revision'))
    .executeTakeFirst()
  return oldest !== undefined && oldest.revision !== null && oldest.revision <= since + 1
}
