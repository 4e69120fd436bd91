/** Rows of objects: versions of keys, of which one is the latest. */
import type { ObjectType } from '../port.ts'
import type { Buckets } from './buckets.ts'
import type { Statements } from './database.ts'
import type { HeadRow } from './head-row.ts'
import type { Bytes, Piece } from './model.ts'
import type { Pieces } from './pieces.ts'
import { keyBehind } from './walk.ts'

/** The version id of what is written while the bucket keeps no versions. */
export const NULL_VERSION = 'null'

export interface VersionRow {
  bucket: number
  key: string
  id: number
  versionId: string
  isLatest: number
  isDeleteMarker: number
  type: ObjectType
  size: number
  etag: string
  crc64: string
  contentMd5: string | null
  modifiedMs: number
  symlinkTarget: string | null
  /** JSON of ObjectAttributes. */
  attributes: string
}

export type NewVersionRow = Omit<VersionRow, 'id' | 'isLatest'>

const COLUMNS =
  'bucket, key, id, versionId, isLatest, isDeleteMarker, type, size, etag, crc64, contentMd5, modifiedMs, symlinkTarget, attributes'

export class Versions {
  readonly #statements: Statements
  readonly #pieces: Pieces
  readonly #buckets: Buckets

  constructor(statements: Statements, pieces: Pieces, buckets: Buckets) {
    this.#statements = statements
    this.#pieces = pieces
    this.#buckets = buckets
  }

  /** One sequence for versions, parts and uploads. */
  nextId(): number {
    const [sequence] = this.#statements.all<{ last: number }>('UPDATE sequence SET last = last + 1 RETURNING last')
    return sequence!.last
  }

  latest(bucket: number, key: string): VersionRow | undefined {
    const sql = `SELECT ${COLUMNS} FROM versions WHERE bucket = ? AND key = ? ORDER BY id DESC LIMIT 1`
    return this.#statements.all<VersionRow>(sql, bucket, key)[0]
  }

  find(bucket: number, key: string, versionId: string): VersionRow | undefined {
    const sql = `SELECT ${COLUMNS} FROM versions WHERE bucket = ? AND key = ? AND versionId = ?`
    return this.#statements.all<VersionRow>(sql, bucket, key, versionId)[0]
  }

  /** It is the latest from now on; a null version makes way for one, whose pieces the new one may share. */
  add(row: NewVersionRow, bytes: Bytes): VersionRow {
    const { bucket, key, versionId } = row
    const before = this.latest(bucket, key)
    const added: VersionRow = { ...row, id: this.nextId(), isLatest: 1 }
    this.#addBytes(added.id, bytes)
    const replaced =
      versionId !== NULL_VERSION || before === undefined
        ? undefined
        : before.versionId === NULL_VERSION
          ? before
          : this.find(bucket, key, NULL_VERSION)
    if (replaced !== undefined) this.#drop(replaced)
    if (before !== undefined && before.id !== replaced?.id) this.#setLatest(before, 0)
    this.#insert(added)
    return added
  }

  /** What was before it is the latest then. */
  remove(row: VersionRow): void {
    this.#drop(row)
    if (row.isLatest === 0) return
    const before = this.latest(row.bucket, row.key)
    if (before !== undefined) this.#setLatest(before, 1)
  }

  extend(
    row: VersionRow,
    change: Pick<VersionRow, 'size' | 'etag' | 'crc64' | 'modifiedMs'>,
    more: readonly Piece[],
  ): void {
    const { bucket, key, id } = row
    const { size, etag, crc64, modifiedMs } = change
    this.#pieces.add(id, more)
    this.#statements.run(
      'UPDATE versions SET size = ?, etag = ?, crc64 = ?, modifiedMs = ? WHERE bucket = ? AND key = ? AND id = ?',
      ...[size, etag, crc64, modifiedMs, bucket, key, id],
    )
    this.#buckets.count(bucket, 0, size - row.size)
  }

  setAttributes({ bucket, key, id }: VersionRow, attributes: string): void {
    const sql = 'UPDATE versions SET attributes = ? WHERE bucket = ? AND key = ? AND id = ?'
    this.#statements.run(sql, attributes, bucket, key, id)
  }

  bytesOf({ id, size }: VersionRow): Bytes {
    const pieces = size === 0 ? [] : this.#pieces.of(id)
    if (pieces.length > 0 || size === 0) return { pieces, data: null }
    const [row] = this.#statements.all<{ data: Uint8Array }>('SELECT data FROM small_contents WHERE owner = ?', id)
    return { pieces, data: row!.data }
  }

  /** What a list of objects shows: the latest ones with this prefix, from this key on, in key order. */
  currentFrom(bucket: number, prefix: string, from: string): Iterable<VersionRow> {
    const sql = `SELECT ${COLUMNS} FROM versions INDEXED BY current_objects
      WHERE bucket = ? AND key >= max(?, ?) AND key < ? AND isLatest = 1 AND isDeleteMarker = 0 ORDER BY key`
    return this.#statements.iterate(sql, bucket, prefix, from, endOf(prefix))
  }

  /** The same of every version, newest first within a key. */
  allFrom(bucket: number, prefix: string, from: string): Iterable<VersionRow> {
    const sql = `SELECT ${COLUMNS} FROM versions WHERE bucket = ? AND key >= max(?, ?) AND key < ? ORDER BY key, id DESC`
    return this.#statements.iterate(sql, bucket, prefix, from, endOf(prefix))
  }

  olderThan({ bucket, key, id }: VersionRow): Iterable<VersionRow> {
    const sql = `SELECT ${COLUMNS} FROM versions WHERE bucket = ? AND key = ? AND id < ? ORDER BY id DESC`
    return this.#statements.iterate(sql, bucket, key, id)
  }

  #addBytes(id: number, { pieces, data }: Bytes): void {
    if (data !== null) this.#statements.run('INSERT INTO small_contents (owner, data) VALUES (?, ?)', id, data)
    this.#pieces.add(id, pieces)
  }

  #insert(row: VersionRow): void {
    const { bucket, key, id, versionId, isLatest, isDeleteMarker, type, size, etag, crc64 } = row
    this.#statements.run(
      `INSERT INTO versions (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[bucket, key, id, versionId, isLatest, isDeleteMarker, type, size, etag, crc64],
      ...[row.contentMd5, row.modifiedMs, row.symlinkTarget, row.attributes],
    )
    if (isDeleteMarker === 0) this.#buckets.count(bucket, 1, size)
  }

  #drop({ bucket, key, id, size, isDeleteMarker }: VersionRow): void {
    if (size > 0 && this.#statements.run('DELETE FROM small_contents WHERE owner = ?', id) === 0)
      this.#pieces.remove(id)
    this.#statements.run('DELETE FROM versions WHERE bucket = ? AND key = ? AND id = ?', bucket, key, id)
    if (isDeleteMarker === 0) this.#buckets.count(bucket, -1, -size)
  }

  #setLatest({ bucket, key, id }: VersionRow, isLatest: 0 | 1): void {
    const sql = 'UPDATE versions SET isLatest = ? WHERE bucket = ? AND key = ? AND id = ?'
    this.#statements.run(sql, isLatest, bucket, key, id)
  }
}

/** Behind the last key with the prefix; a blob is greater than every text. */
export function endOf(prefix: string): string | Uint8Array {
  return keyBehind(prefix) ?? new Uint8Array()
}

export function headRow(row: VersionRow): HeadRow {
  const { key, versionId, isLatest, isDeleteMarker, type, size, etag, crc64 } = row
  const { contentMd5, modifiedMs, symlinkTarget, attributes } = row
  return [
    ...([key, versionId, isLatest, isDeleteMarker, type, size, etag, crc64] as const),
    ...([contentMd5, modifiedMs, symlinkTarget, attributes] as const),
  ]
}
