/** The one transaction that writes. */
import type { Transaction } from 'kysely'
import { FcError } from '../errors.ts'
import type { DocumentKind } from '../model.ts'
import type { Engine, MetadataTables } from './engine.ts'
import { isKey, KEY_BYTES_MAX } from './keys.ts'
import type { CommitResult, Write } from './port.ts'

/** Commits whose changes are kept for watchers to catch up with; a watcher further behind reads the whole state. */
export const CHANGES_KEPT_COMMITS = 1_000
/** Largest document, as JSON in UTF-8 bytes. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
/** All keys and documents of one commit together; PostgreSQL takes at most 1 GiB in a message. */
export const COMMIT_BYTES_MAX = 64 * 1024 * 1024

/** Rows per statement: both databases bound the number of parameters (32 766 and 65 535). */
const STATEMENT_ROWS_MAX = 500

/** A write as it will be stored: `value` is JSON, null for a deletion. */
export interface PreparedWrite {
  kind: DocumentKind
  key: string
  ifRevision: number | undefined
  value: string | null
}

type Conflict = Extract<CommitResult, { committed: false }>['conflict']

/** Throws FcError InvalidArgument or EntityTooLarge for writes that cannot be stored, before anything is. */
export function prepareWrites(writes: readonly Write[]): PreparedWrite[] {
  const documents = new Set<string>()
  let totalBytes = 0
  return writes.map(({ kind, key, ifRevision, value }) => {
    if (!isKey(key)) {
      const accepted = `1 to ${KEY_BYTES_MAX} bytes of Unicode text without NUL characters`
      throw new FcError('InvalidArgument', `the key of a ${kind} must be ${accepted}`)
    }
    const document = `${kind}/${key}`
    if (documents.has(document)) throw new FcError('InvalidArgument', `a commit may write ${document} only once`)
    documents.add(document)

    const json = value === null ? null : JSON.stringify(value)
    const sizeBytes = json === null ? 0 : Buffer.byteLength(json)
    if (sizeBytes > DOCUMENT_BYTES_MAX) {
      throw new FcError('EntityTooLarge', `${document} has ${sizeBytes} bytes; at most ${DOCUMENT_BYTES_MAX} are kept`)
    }
    totalBytes += Buffer.byteLength(key) + sizeBytes
    if (totalBytes > COMMIT_BYTES_MAX) {
      throw new FcError('EntityTooLarge', `a commit may write at most ${COMMIT_BYTES_MAX} bytes`)
    }
    return { kind, key, ifRevision, value: json }
  })
}

export async function commitWrites(engine: Engine, writes: readonly PreparedWrite[]): Promise<CommitResult> {
  try {
    // `read committed`: what is read after the wait for the counter row must include the commit that was waited for.
    const transaction = engine.db.transaction().setIsolationLevel('read committed')
    return { committed: true, revision: await transaction.execute((inside) => write(engine, inside, writes)) }
  } catch (error) {
    if (error instanceof ConflictError) return { committed: false, conflict: error.conflict }
    throw error
  }
}

/** Leaves the transaction, so that it is rolled back. */
class ConflictError extends Error {
  readonly conflict: Conflict

  constructor(conflict: Conflict) {
    super('a document is not at the expected revision')
    this.conflict = conflict
  }
}

async function write(
  engine: Engine,
  transaction: Transaction<MetadataTables>,
  writes: readonly PreparedWrite[],
): Promise<number> {
  const { revision } = await transaction
    .updateTable('metadata_revision')
    .set((counter) => ({ revision: counter('revision', '+', 1) }))
    .returning('revision')
    .executeTakeFirstOrThrow()

  const conflict = await findConflict(transaction, writes)
  if (conflict) throw new ConflictError(conflict)

  for (const [kind, deleted] of byKind(writes.filter(({ value }) => value === null))) {
    for (const keys of slices(deleted.map(({ key }) => key))) {
      await transaction.deleteFrom('metadata_document').where('kind', '=', kind).where('key', 'in', keys).execute()
    }
  }
  const rows = writes.flatMap(({ kind, key, value }) => (value === null ? [] : [{ kind, key, revision, value }]))
  for (const values of slices(rows)) {
    await transaction
      .insertInto('metadata_document')
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(['kind', 'key']).doUpdateSet((row) => ({
          revision: row.ref('excluded.revision'),
          value: row.ref('excluded.value'),
        })),
      )
      .execute()
  }
  for (const values of slices(writes.map(({ kind, key }) => ({ revision, kind, key })))) {
    await transaction.insertInto('metadata_change').values(values).execute()
  }
  await transaction
    .deleteFrom('metadata_change')
    .where('revision', '<=', revision - CHANGES_KEPT_COMMITS)
    .execute()
  await engine.announce(transaction)
  return revision
}

async function findConflict(
  transaction: Transaction<MetadataTables>,
  writes: readonly PreparedWrite[],
): Promise<Conflict | undefined> {
  const conditional = writes.filter(({ ifRevision }) => ifRevision !== undefined)
  const actual = new Map<string, number>()
  for (const [kind, checked] of byKind(conditional)) {
    for (const keys of slices(checked.map(({ key }) => key))) {
      const rows = await transaction
        .selectFrom('metadata_document')
        .select(['key', 'revision'])
        .where('kind', '=', kind)
        .where('key', 'in', keys)
        .execute()
      for (const { key, revision } of rows) actual.set(`${kind}/${key}`, revision)
    }
  }
  for (const { kind, key, ifRevision } of conditional) {
    const actualRevision = actual.get(`${kind}/${key}`) ?? 0
    if (actualRevision !== ifRevision) return { kind, key, actualRevision }
  }
  return undefined
}

function byKind(writes: readonly PreparedWrite[]): Map<DocumentKind, PreparedWrite[]> {
  return Map.groupBy(writes, ({ kind }) => kind)
}

function* slices<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let at = 0; at < rows.length; at += STATEMENT_ROWS_MAX) yield rows.slice(at, at + STATEMENT_ROWS_MAX)
}
