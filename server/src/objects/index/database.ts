/** The index on disk: its tables, and what is said when the file cannot be used. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { openDatabase } from '../../storage-thread-side.ts'

const FORMAT = 1
/** About 100 MB, read in a good tenth of a second. A larger file is not read whole before each start. */
const CHECKED_PAGES_MAX = 25_000

/**
 * Text is compared byte by byte in UTF-8, the order of keys in OSS. `versions.id` ascends with the changes of a key, so
 * that its first row in `(bucket, key, id DESC)` is the latest; `current_objects` holds what a plain list shows, so that
 * versions and delete markers cost it nothing. `owner` is the id of a version or a part, from one sequence; what it
 * owns are pieces of blobs or, of a small object, the bytes themselves.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    objects INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS versions (
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    id INTEGER NOT NULL,
    versionId TEXT NOT NULL,
    isLatest INTEGER NOT NULL,
    isDeleteMarker INTEGER NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    crc64 TEXT NOT NULL,
    contentMd5 TEXT,
    modifiedMs INTEGER NOT NULL,
    symlinkTarget TEXT,
    attributes TEXT NOT NULL,
    PRIMARY KEY (bucket, key, id DESC)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS current_objects ON versions (bucket, key) WHERE isLatest = 1 AND isDeleteMarker = 0;
  CREATE TABLE IF NOT EXISTS pieces (
    owner INTEGER NOT NULL,
    position INTEGER NOT NULL,
    blob TEXT NOT NULL,
    first INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (owner, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS pieces_by_blob ON pieces (blob);
  CREATE TABLE IF NOT EXISTS small_contents (owner INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS uploads (
    id INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    uploadId TEXT NOT NULL,
    initiatedMs INTEGER NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, uploadId);
  CREATE TABLE IF NOT EXISTS parts (
    upload INTEGER NOT NULL,
    partNumber INTEGER NOT NULL,
    id INTEGER NOT NULL,
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    crc64 TEXT NOT NULL,
    modifiedMs INTEGER NOT NULL,
    PRIMARY KEY (upload, partNumber)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS sequence (last INTEGER NOT NULL) STRICT;
  INSERT INTO sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sequence);
`

/**
 * Throws with the file's name and what can be done when it is damaged or of a newer Sluice; nothing of it is changed then.
 */
export function openIndexDatabase(file: string): DatabaseSync {
  const database = openDatabase(file, 'objects', SCHEMA, FORMAT)
  try {
    checkPages(database)
    return database
  } catch (error) {
    database.close()
    throw new Error(`cannot use the objects database ${file}: ${(error as Error).message}`, { cause: error })
  }
}

function checkPages(database: DatabaseSync): void {
  const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).get()!
  if (Number(pragma('page_count')['page_count']) > CHECKED_PAGES_MAX) return
  const { quick_check: finding } = pragma('quick_check(1)')
  if (finding === 'ok') return
  throw new Error(
    `it is damaged (${String(finding)}), and was left as it is, as are the bytes of the objects, which lie in blobs: ` +
      "keep a copy of the folder, then restore the file from a backup or recover it with the '.recover' command of sqlite3",
  )
}

/** Statements are compiled once, when first used. */
export class Statements {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  exists(sql: string, ...values: SQLInputValue[]): boolean {
    return this.#statement(sql).get(...values) !== undefined
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[]
  }

  /** Row by row, as far as the caller reads. */
  iterate<Row>(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values) as Iterable<Row>
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  #statement(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}
