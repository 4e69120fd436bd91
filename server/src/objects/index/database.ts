/** The index on disk: its tables, and what is said when the file cannot be used. */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue, StatementSync } from 'node:sqlite'

const SCHEMA_VERSION = 1
/** The write-ahead log is cut back to this after a checkpoint. */
const LOG_BYTES_KEPT = 64 * 1024 * 1024
const CACHE_KIB = 32 * 1024
/** Primary SQLite result codes. */
const CORRUPT = 11
const NOT_A_DATABASE = 26

/**
 * Text is compared byte by byte in UTF-8, the order of keys in OSS. `versions.id` ascends with the changes of a key, so
 * that its first row in `(bucket, key, id DESC)` is the latest; `current_objects` holds what a plain list shows, so that
 * versions and delete markers cost it nothing. `pieces.owner` is the id of a version or a part, from one sequence.
 */
const SCHEMA = `
  CREATE TABLE buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    objects INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE versions (
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
  CREATE INDEX current_objects ON versions (bucket, key) WHERE isLatest = 1 AND isDeleteMarker = 0;
  CREATE TABLE pieces (
    owner INTEGER NOT NULL,
    position INTEGER NOT NULL,
    blob TEXT NOT NULL,
    first INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (owner, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pieces_by_blob ON pieces (blob);
  CREATE TABLE uploads (
    id INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    key TEXT NOT NULL,
    uploadId TEXT NOT NULL,
    initiatedMs INTEGER NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX uploads_by_key ON uploads (bucket, key, uploadId);
  CREATE TABLE parts (
    upload INTEGER NOT NULL,
    partNumber INTEGER NOT NULL,
    id INTEGER NOT NULL,
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    crc64 TEXT NOT NULL,
    modifiedMs INTEGER NOT NULL,
    PRIMARY KEY (upload, partNumber)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
  CREATE TABLE sequence (next INTEGER NOT NULL) STRICT;
  INSERT INTO sequence VALUES (1);
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** Throws with the file's name and what can be done when it is damaged or of a newer Sluice; nothing is changed then. */
export function openIndexDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    // Names and attributes of objects may be private; SQLite gives its side files the mode of the main one.
    closeSync(openSync(file, 'a', 0o600))
    database = new DatabaseSync(file)
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = ${LOG_BYTES_KEPT};
      PRAGMA cache_size = -${CACHE_KIB}`)
    prepareSchema(database, file)
    return database
  } catch (error) {
    database?.close()
    throw isDamage(error) ? damaged(file, error as Error) : error
  }
}

function prepareSchema(database: DatabaseSync, file: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()!['user_version'])
  if (version > SCHEMA_VERSION) {
    throw new Error(`the index of objects ${file} was written by a newer Sluice (format ${version}): start that one`)
  }
  if (version === 0) database.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`)
  else if (!isSound(database)) throw damaged(file, new Error('its pages contradict each other'))
}

/** Reads every page's structure of a small index; of a large one, whose check would take minutes, the ends of each tree. */
function isSound(database: DatabaseSync): boolean {
  const pages = Number(database.prepare('PRAGMA page_count').get()!['page_count'])
  if (pages <= CHECKED_PAGES_MAX) return database.prepare('PRAGMA quick_check(1)').get()!['quick_check'] === 'ok'
  for (const table of ['buckets', 'versions', 'pieces', 'uploads', 'parts', 'events', 'sequence']) {
    database.prepare(`SELECT * FROM ${table} LIMIT 1`).all()
  }
  return true
}

/** About 100 MB, read in a good tenth of a second. */
const CHECKED_PAGES_MAX = 25_000

function isDamage(error: unknown): boolean {
  // The low byte is the primary result code, the rest refines it.
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff
  return code === CORRUPT || code === NOT_A_DATABASE
}

function damaged(file: string, cause: Error): Error {
  return new Error(
    `the index of objects ${file} is damaged (${cause.message}). Nothing was changed: the bytes of objects are still in ` +
      `the blobs. Keep a copy of the folder, then put back a copy of ${file} from a backup, or recover it with ` +
      `'sqlite3 ${file} .recover | sqlite3 recovered.db' and put recovered.db in its place`,
    { cause },
  )
}

/** Statements are compiled once, when first used. */
export class Statements {
  readonly #database: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined
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
