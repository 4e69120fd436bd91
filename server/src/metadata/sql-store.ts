/** The metadata store on SQL. Commits go one at a time, readers and watchers beside them. */
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import type { DocumentKind, Documents } from '../model.ts'
import { readChanges } from './changes.ts'
import { commitWrites, prepareWrites } from './commit.ts'
import type { PreparedWrite } from './commit.ts'
import type { Engine } from './engine.ts'
import { isKey, keyBounds } from './keys.ts'
import { migrate } from './migrations.ts'
import type { Change, CommitResult, ListRange, MetadataStore, Stored, Write } from './port.ts'
import { openSqlite } from './sqlite.ts'
import { Watcher } from './watcher.ts'

/** How long a store may take to answer that it is well. */
const CHECK_TIMEOUT_MS = 5_000

export type MetadataStoreOptions =
  /** A file in an existing folder, or `:memory:`. */
  { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }

export interface MetadataStoreDeps {
  clock: Clock
}

/** Opens the database and brings its tables up to date; rejects with the reason when it cannot. */
export async function createMetadataStore(
  options: MetadataStoreOptions,
  deps: MetadataStoreDeps,
): Promise<MetadataStore> {
  const { clock } = deps
  const engine =
    options.kind === 'sqlite'
      ? await openSqlite(options.file, clock)
      : // Its driver is loaded only where there is a PostgreSQL.
        (await import('./postgres.ts')).openPostgres(options.url, clock)
  try {
    await migrate(engine)
  } catch (error) {
    await engine.close()
    throw error
  }
  return new SqlMetadataStore(engine, clock)
}

class SqlMetadataStore implements MetadataStore {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #watchers = new Set<Watcher>()
  /** Resolves when the last commit that was asked for has ended. */
  #lastCommit: Promise<unknown> = Promise.resolve()
  #following: Promise<{ stop(): Promise<void> }> | undefined
  #closing: Promise<void> | undefined

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  async read<Kind extends DocumentKind>(kind: Kind, key: string): Promise<Stored<Kind> | undefined> {
    this.#assertOpen()
    if (!isKey(key)) return undefined
    const row = await this.#engine.db
      .selectFrom('metadata_document')
      .select(['key', 'revision', 'value'])
      .where('kind', '=', kind)
      .where('key', '=', key)
      .executeTakeFirst()
    return row && toStored<Kind>(row)
  }

  async list<Kind extends DocumentKind>(kind: Kind, range: ListRange): Promise<Stored<Kind>[]> {
    this.#assertOpen()
    if (!Number.isSafeInteger(range.limit) || range.limit < 0) {
      throw new FcError('InvalidArgument', `limit must be a whole number from 0, not ${range.limit}`)
    }
    const { low, high } = keyBounds(range)
    let query = this.#engine.db
      .selectFrom('metadata_document')
      .select(['key', 'revision', 'value'])
      .where('kind', '=', kind)
      .orderBy('key', range.descending ? 'desc' : 'asc')
      .limit(range.limit)
    if (low) query = query.where('key', low.inclusive ? '>=' : '>', low.key)
    if (high) query = query.where('key', high.inclusive ? '<=' : '<', high.key)
    const rows = await query.execute()
    return rows.map((row) => toStored<Kind>(row))
  }

  async commit(writes: readonly Write[]): Promise<CommitResult> {
    this.#assertOpen()
    const prepared = prepareWrites(writes)
    if (prepared.length === 0) return { committed: true, revision: await this.#revision() }
    const commit = this.#lastCommit.then(() => this.#commitNow(prepared))
    this.#lastCommit = commit.catch(() => {})
    return await commit
  }

  async watch(
    onChanges: (changes: readonly Change[], revision: number) => void,
    onError: (error: Error) => void,
  ): Promise<{ stop(): Promise<void> }> {
    this.#assertOpen()
    await this.#follow()
    const watcher = new Watcher({
      read: (since) => readChanges(this.#engine.db, since),
      onChanges,
      onError,
      clock: this.#clock,
    })
    const stop = async () => {
      this.#watchers.delete(watcher)
      await watcher.stop()
    }
    this.#watchers.add(watcher)
    try {
      await watcher.start()
    } catch (error) {
      await stop()
      throw error
    }
    return { stop }
  }

  async check(): Promise<void> {
    this.#assertOpen()
    const timeout = Promise.withResolvers<never>()
    const timer = this.#clock.setTimer(CHECK_TIMEOUT_MS, () =>
      timeout.reject(new Error(`the metadata database has not answered in ${CHECK_TIMEOUT_MS} ms`)),
    )
    try {
      await Promise.race([this.#revision(), timeout.promise])
    } finally {
      timer.cancel()
    }
  }

  /** Lets the commits that were asked for end first. */
  async close(): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #revision(): Promise<number> {
    const row = await this.#engine.db.selectFrom('metadata_revision').select('revision').executeTakeFirstOrThrow()
    return row.revision
  }

  async #commitNow(writes: readonly PreparedWrite[]): Promise<CommitResult> {
    const result = await commitWrites(this.#engine, writes)
    if (result.committed) {
      const { revision } = result
      const rows = writes.map(({ kind, key, value }) => ({ kind, key, revision, value }))
      await Promise.all(Array.from(this.#watchers, (watcher) => watcher.committed(revision, rows)))
    }
    return result
  }

  /** From the first watcher on, until the store is closed. */
  async #follow(): Promise<void> {
    this.#following ??= this.#engine.follow({
      onCommit: () => {
        for (const watcher of this.#watchers) watcher.look()
      },
      onError: (error) => {
        for (const watcher of this.#watchers) watcher.fail(error)
      },
    })
    try {
      await this.#following
    } catch (error) {
      this.#following = undefined
      throw error
    }
  }

  async #close(): Promise<void> {
    await this.#lastCommit
    await Promise.all(Array.from(this.#watchers, (watcher) => watcher.stop()))
    await (await this.#following?.catch(() => undefined))?.stop()
    await this.#engine.close()
  }

  #assertOpen(): void {
    if (this.#closing) throw new Error('the metadata store is closed')
  }
}

function toStored<Kind extends DocumentKind>(row: { key: string; revision: number; value: string }): Stored<Kind> {
  return { key: row.key, revision: row.revision, value: JSON.parse(row.value) as Documents[Kind] }
}
