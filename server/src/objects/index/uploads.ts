/** Multipart uploads: their parts, and the object that they become. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { combineCrc64 } from '../../crc64.ts'
import { OssError } from '../errors.ts'
import { invalid, objectLimits, tooLarge } from '../limits.ts'
import type { ListQuery, ObjectAttributes, Part, PutResult, Upload, UploadsPage } from '../port.ts'
import type { Buckets } from './buckets.ts'
import type { Statements } from './database.ts'
import type { Events } from './events.ts'
import { chain } from './lists.ts'
import type { Change, Content, NewVersion } from './model.ts'
import type { Objects } from './objects.ts'
import type { Pieces } from './pieces.ts'
import { endOf, NULL_VERSION } from './versions.ts'
import type { Versions } from './versions.ts'
import { commonPrefix, keyAfter, walk } from './walk.ts'

export interface UploadRef {
  bucket: string
  key: string
  uploadId: string
}

export interface CompleteAsk extends NewVersion, UploadRef {
  parts: readonly { partNumber: number; etag: string }[] | null
}

interface UploadRow {
  id: number
  key: string
  uploadId: string
  initiatedMs: number
  /** JSON of ObjectAttributes. */
  attributes: string
}

interface PartRow extends Part {
  id: number
}

const UPLOAD_COLUMNS = 'id, key, uploadId, initiatedMs, attributes'
const PART_COLUMNS = 'partNumber, etag, size, crc64, modifiedMs'

export class Uploads {
  readonly #statements: Statements
  readonly #buckets: Buckets
  readonly #versions: Versions
  readonly #pieces: Pieces
  readonly #objects: Objects
  readonly #events: Events

  constructor(parts: {
    statements: Statements
    buckets: Buckets
    versions: Versions
    pieces: Pieces
    objects: Objects
    events: Events
  }) {
    this.#statements = parts.statements
    this.#buckets = parts.buckets
    this.#versions = parts.versions
    this.#pieces = parts.pieces
    this.#objects = parts.objects
    this.#events = parts.events
  }

  create(ask: UploadRef & Change & { attributes: ObjectAttributes }): Upload {
    const { bucket, key, uploadId, nowMs, attributes } = ask
    const { id } = this.#buckets.get(bucket)
    this.#statements.run(
      'INSERT INTO uploads (id, bucket, key, uploadId, initiatedMs, attributes) VALUES (?, ?, ?, ?, ?, ?)',
      ...[this.#versions.nextId(), id, key, uploadId, nowMs, JSON.stringify(attributes)],
    )
    this.#tell(ask, attributes, { size: 0, etag: '' })
    return { bucket, key, uploadId, initiatedMs: nowMs, attributes }
  }

  /** Throws NoSuchUpload. */
  check({ bucket, key, uploadId }: UploadRef): UploadRow {
    const [row] = this.#statements.all<UploadRow>(
      `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ? AND key = ? AND uploadId = ?`,
      ...[this.#buckets.get(bucket).id, key, uploadId],
    )
    if (row !== undefined) return row
    const message =
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.'
    throw new OssError('NoSuchUpload', message, { UploadId: uploadId })
  }

  putPart(ask: UploadRef & Change & { partNumber: number; content: Content }): Part {
    const { partNumber, content, nowMs } = ask
    const upload = this.check(ask)
    this.#removeParts(upload.id, partNumber)
    const id = this.#versions.nextId()
    const part: Part = { partNumber, etag: content.md5, size: content.size, crc64: content.crc64, modifiedMs: nowMs }
    this.#statements.run(
      `INSERT INTO parts (upload, id, ${PART_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ...[upload.id, id, partNumber, part.etag, part.size, part.crc64, nowMs],
    )
    this.#pieces.add(id, content.pieces)
    this.#tell(ask, JSON.parse(upload.attributes) as ObjectAttributes, part)
    return part
  }

  /** Parts that the list leaves out are dropped. */
  complete(ask: CompleteAsk): PutResult {
    const upload = this.check(ask)
    const stored = this.#parts(upload.id, 0)
    const parts = ask.parts === null ? stored : chosenParts(ask.parts, stored)
    if (parts.length === 0) throw invalid('Part', 'none', 'at least one part')
    checkSizes(parts)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    if (size > objectLimits.objectBytesMax) throw tooLarge(size, objectLimits.objectBytesMax)
    const result = this.#objects.putMultipart(ask, {
      size,
      etag: multipartEtag(parts),
      crc64: parts.reduce((crc64, part) => combineCrc64(crc64, part.crc64, part.size), '0'),
      attributes: upload.attributes,
      pieces: parts.flatMap((part) => this.#pieces.of(part.id)),
    })
    this.#remove(upload.id)
    return result
  }

  abort(ask: UploadRef & Change): void {
    const upload = this.check(ask)
    this.#remove(upload.id)
    this.#tell(ask, JSON.parse(upload.attributes) as ObjectAttributes, { size: 0, etag: '' })
  }

  listParts(ask: UploadRef & { after: number; limit: number }): { parts: Part[]; next: number | null } {
    const rows = this.#parts(this.check(ask).id, ask.after, ask.limit + 1)
    const parts = rows.slice(0, ask.limit).map(toPart)
    return { parts, next: rows.length > ask.limit ? (parts.at(-1)?.partNumber ?? null) : null }
  }

  list(query: ListQuery & { afterUploadId: string }): UploadsPage {
    const { id } = this.#buckets.get(query.bucket)
    const sql = `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ? AND key >= max(?, ?) AND key < ? ORDER BY key, uploadId`
    const rowsFrom = (from: string) =>
      this.#statements.iterate<UploadRow>(sql, id, query.prefix, from, endOf(query.prefix))
    const { rows, commonPrefixes, next } = walk(query, this.#start(id, query, rowsFrom), rowsFrom)
    return {
      uploads: rows.map((row) => toUpload(query.bucket, row)),
      commonPrefixes,
      next:
        typeof next === 'string'
          ? { key: next, uploadId: '' }
          : next === null
            ? null
            : { key: next.key, uploadId: next.uploadId },
    }
  }

  /** Within a key when an upload of it is named. */
  #start(
    bucket: number,
    query: ListQuery & { afterUploadId: string },
    rowsFrom: (from: string) => Iterable<UploadRow>,
  ): string | Iterable<UploadRow> | undefined {
    const { after, afterUploadId, prefix, delimiter } = query
    const isShown = after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === undefined
    if (afterUploadId === '' || after === '' || !isShown) return keyAfter(query)
    const sql = `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ? AND key = ? AND uploadId > ? ORDER BY uploadId`
    return chain(this.#statements.iterate<UploadRow>(sql, bucket, after, afterUploadId), () => rowsFrom(`${after}\0`))
  }

  #parts(upload: number, after: number, limit = objectLimits.partsMax): PartRow[] {
    const sql = `SELECT id, ${PART_COLUMNS} FROM parts WHERE upload = ? AND partNumber > ? ORDER BY partNumber LIMIT ?`
    return this.#statements.all(sql, upload, after, limit)
  }

  #remove(upload: number): void {
    for (const { partNumber } of this.#parts(upload, 0)) this.#removeParts(upload, partNumber)
    this.#statements.run('DELETE FROM uploads WHERE id = ?', upload)
  }

  #removeParts(upload: number, partNumber: number): void {
    const sql = 'DELETE FROM parts WHERE upload = ? AND partNumber = ? RETURNING id'
    const [removed] = this.#statements.all<{ id: number }>(sql, upload, partNumber)
    if (removed !== undefined) this.#pieces.remove(removed.id)
  }

  #tell(
    ask: UploadRef & Change,
    { contentType, meta }: ObjectAttributes,
    { size, etag }: { size: number; etag: string },
  ) {
    if (ask.event === null) return
    const { bucket, key, nowMs } = ask
    const object = { bucket, key, versionId: NULL_VERSION, size, deltaSize: 0, etag, contentType, meta }
    this.#events.add({ ...ask.event, timeMs: nowMs, ...object })
  }
}

function toPart({ partNumber, etag, size, crc64, modifiedMs }: PartRow): Part {
  return { partNumber, etag, size, crc64, modifiedMs }
}

function toUpload(bucket: string, { key, uploadId, initiatedMs, attributes }: UploadRow): Upload {
  return { bucket, key, uploadId, initiatedMs, attributes: JSON.parse(attributes) as ObjectAttributes }
}

/** Throws InvalidPartOrder, InvalidPart. */
function chosenParts(wanted: readonly { partNumber: number; etag: string }[], stored: readonly PartRow[]): PartRow[] {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]))
  return wanted.map(({ partNumber, etag }, i) => {
    if (i > 0 && wanted[i - 1]!.partNumber >= partNumber) {
      throw new OssError('InvalidPartOrder', 'The list of parts was not in ascending order.', {
        PartNumber: String(partNumber),
      })
    }
    const part = byNumber.get(partNumber)
    if (part !== undefined && part.etag === etag.replaceAll('"', '')) return part
    const message =
      'One or more of the specified parts could not be found or the specified entity tag might not have matched.'
    throw new OssError('InvalidPart', message, { PartNumber: String(partNumber), ETag: etag })
  })
}

function checkSizes(parts: readonly Part[]): void {
  const small = parts.slice(0, -1).find(({ size }) => size < objectLimits.partBytesMin)
  if (small === undefined) return
  throw new OssError('EntityTooSmall', 'Your proposed upload smaller than the minimum allowed size.', {
    ProposedSize: String(small.size),
    MinSizeAllowed: String(objectLimits.partBytesMin),
    PartNumber: String(small.partNumber),
    ETag: small.etag,
  })
}

/** Of the parts' own, and how many there are. */
function multipartEtag(parts: readonly Part[]): string {
  const md5s = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  return `${createHash('md5').update(md5s).digest('hex').toUpperCase()}-${parts.length}`
}
