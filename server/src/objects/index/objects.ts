/** Changes of objects, by the rules of versioning. Each checks first and writes then. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { combineCrc64 } from '../../crc64.ts'
import { OssError } from '../errors.ts'
import { objectLimits, tooLarge } from '../limits.ts'
import type { DeleteResult, ObjectAttributes, ObjectRef, PutResult } from '../port.ts'
import type { Buckets, StoredBucket } from './buckets.ts'
import type { Events } from './events.ts'
import type { Bytes, Change, Content, NewObject, NewVersion, Piece, StoredHead } from './model.ts'
import { parseAttributes } from './head-row.ts'
import { headRow, NULL_VERSION } from './versions.ts'
import type { NewVersionRow, VersionRow, Versions } from './versions.ts'

export interface AppendAsk extends NewVersion {
  position: number
  attributes: ObjectAttributes
  content: Content
}

export interface CopyAsk extends NewVersion {
  source: ObjectRef
  attributes: ObjectAttributes | null
}

const NO_ATTRIBUTES: ObjectAttributes = {
  contentType: '',
  headers: {},
  meta: {},
  acl: 'default',
  tags: {},
  storageClass: 'Standard',
}

export class Objects {
  readonly #buckets: Buckets
  readonly #versions: Versions
  readonly #events: Events

  constructor(buckets: Buckets, versions: Versions, events: Events) {
    this.#buckets = buckets
    this.#versions = versions
    this.#events = events
  }

  /** Throws NoSuchKey, NoSuchVersion, or MethodNotAllowed for a delete marker by its id. */
  head(ref: ObjectRef): StoredHead {
    const row = this.#existing(ref)
    return { head: headRow(row), bytes: this.#versions.bytesOf(row) }
  }

  put(ask: NewObject, data: Uint8Array): PutResult {
    const bucket = this.#writable(ask)
    const { content, type, symlinkTarget } = ask
    const bytes = { pieces: content.pieces, data: data.length > 0 ? data : null }
    return this.#add(bucket, ask, bytes, {
      type,
      size: content.size,
      etag: content.md5,
      crc64: content.crc64,
      contentMd5: type === 'Normal' ? Buffer.from(content.md5, 'hex').toString('base64') : null,
      symlinkTarget,
      attributes: JSON.stringify(ask.attributes),
    })
  }

  /** What a finished upload has become. */
  putMultipart(
    ask: NewVersion,
    object: Omit<PutResult, 'versionId'> & { attributes: string; pieces: Piece[] },
  ): PutResult {
    const bucket = this.#writable(ask)
    const { pieces, ...described } = object
    return this.#add(bucket, ask, withPieces(pieces), {
      type: 'Multipart',
      ...described,
      contentMd5: null,
      symlinkTarget: null,
    })
  }

  /** Throws PositionNotEqualToLength, ObjectNotAppendable. */
  checkAppend({ bucket, key, position }: { bucket: string; key: string; position: number }): VersionRow | undefined {
    const latest = this.#versions.latest(this.#buckets.get(bucket).id, key)
    const object = latest?.isDeleteMarker === 1 ? undefined : latest
    if (object !== undefined && object.type !== 'Appendable') {
      throw new OssError('ObjectNotAppendable', 'The object is not appendable.', { Key: key })
    }
    const size = object?.size ?? 0
    if (position === size) return object
    const next = String(size)
    const details = { nextPosition: next }
    throw new OssError('PositionNotEqualToLength', 'Position is not equal to file length', details, {
      'x-oss-next-append-position': next,
    })
  }

  append(ask: AppendAsk): PutResult & { nextPosition: number } {
    const { content, nowMs } = ask
    const object = this.checkAppend(ask)
    const bucket = object === undefined ? this.#writable(ask) : this.#buckets.get(ask.bucket)
    const before = object ?? { size: 0, etag: '', crc64: '0' }
    const size = before.size + content.size
    if (size > objectLimits.putBytesMax) throw tooLarge(size, objectLimits.putBytesMax)
    const whole = {
      size,
      etag: createHash('md5').update(`${before.etag}${content.md5}`).digest('hex').toUpperCase(),
      crc64: combineCrc64(before.crc64, content.crc64, content.size),
    }
    if (object === undefined) {
      const row = { type: 'Appendable' as const, ...whole, contentMd5: null, symlinkTarget: null }
      const attributes = JSON.stringify(ask.attributes)
      return { ...this.#add(bucket, ask, withPieces(content.pieces), { ...row, attributes }), nextPosition: size }
    }
    this.#versions.extend(object, { ...whole, modifiedMs: nowMs }, content.pieces)
    this.#tell(ask, { ...object, ...whole }, content.size)
    return { versionId: object.versionId, ...whole, nextPosition: size }
  }

  copy(ask: CopyAsk): PutResult & { modifiedMs: number } {
    const source = this.#existing(ask.source)
    const bucket = this.#writable(ask)
    const { type, size, etag, crc64, contentMd5, symlinkTarget } = source
    const attributes = ask.attributes === null ? source.attributes : JSON.stringify(ask.attributes)
    const row = { type, size, etag, crc64, contentMd5, symlinkTarget, attributes }
    return { ...this.#add(bucket, ask, this.#versions.bytesOf(source), row), modifiedMs: ask.nowMs }
  }

  changeAttributes({ change, ...ref }: ObjectRef & { change: Partial<ObjectAttributes> }): void {
    const row = this.#existing(ref)
    const before = JSON.parse(row.attributes) as ObjectAttributes
    this.#versions.setAttributes(row, JSON.stringify({ ...before, ...change }))
  }

  delete(ask: ObjectRef & Change & { newVersionId: string }): DeleteResult {
    const { id, bucket } = this.#buckets.get(ask.bucket)
    const latest = this.#versions.latest(id, ask.key)
    if (ask.versionId !== undefined) return this.#deleteVersion(ask, latest, ask.versionId, id)
    if (bucket.versioning === null) {
      if (latest === undefined) return { versionId: null, isDeleteMarker: false }
      this.#versions.remove(latest)
      this.#tell(ask, latest, -latest.size)
      return { versionId: null, isDeleteMarker: false }
    }
    const versionId = bucket.versioning === 'Enabled' ? ask.newVersionId : NULL_VERSION
    const marker = this.#versions.add(markerRow(id, ask, versionId), withPieces([]))
    this.#tell(ask, { ...(latest ?? marker), versionId }, -(latest?.size ?? 0))
    return { versionId, isDeleteMarker: true }
  }

  #deleteVersion(
    ask: ObjectRef & Change,
    latest: VersionRow | undefined,
    versionId: string,
    bucket: number,
  ): DeleteResult {
    const row = this.#versions.find(bucket, ask.key, versionId)
    if (row === undefined) return { versionId, isDeleteMarker: false }
    this.#versions.remove(row)
    const next = this.#versions.latest(bucket, ask.key)
    this.#tell(ask, row, (next?.size ?? 0) - (latest?.size ?? 0))
    return { versionId, isDeleteMarker: row.isDeleteMarker === 1 }
  }

  /** Throws FileAlreadyExists when it may not overwrite. A bucket with versions overwrites nothing. */
  #writable({ bucket: name, key, forbidOverwrite }: NewVersion): StoredBucket {
    const stored = this.#buckets.get(name)
    if (!forbidOverwrite || stored.bucket.versioning !== null) return stored
    if (this.#versions.latest(stored.id, key) === undefined) return stored
    throw new OssError('FileAlreadyExists', 'The object you specified already exists and can not be overwritten.', {
      Key: key,
    })
  }

  #add(
    { id, bucket }: StoredBucket,
    ask: NewVersion,
    bytes: Bytes,
    described: Omit<NewVersionRow, 'bucket' | 'key' | 'versionId' | 'isDeleteMarker' | 'modifiedMs'>,
  ): PutResult {
    const sizeBefore = ask.event === null ? 0 : (this.#versions.latest(id, ask.key)?.size ?? 0)
    const row = this.#versions.add(
      {
        bucket: id,
        key: ask.key,
        versionId: bucket.versioning === 'Enabled' ? ask.newVersionId : NULL_VERSION,
        isDeleteMarker: 0,
        modifiedMs: ask.nowMs,
        ...described,
      },
      bytes,
    )
    this.#tell(ask, row, row.size - sizeBefore)
    return { versionId: row.versionId, etag: row.etag, crc64: row.crc64, size: row.size }
  }

  #tell(ask: Change & { bucket: string }, row: VersionRow, deltaSize: number): void {
    if (ask.event === null) return
    const { contentType, meta } = parseAttributes(row.attributes)
    const { key, versionId, size, etag } = row
    const object = { bucket: ask.bucket, key, versionId, size, deltaSize, etag, contentType, meta }
    this.#events.add({ ...ask.event, timeMs: ask.nowMs, ...object })
  }

  #existing({ bucket, key, versionId }: ObjectRef): VersionRow {
    const { id } = this.#buckets.get(bucket)
    if (versionId === undefined) return existing(this.#versions.latest(id, key), key)
    const row = this.#versions.find(id, key, versionId)
    if (row === undefined) {
      const details = { Key: key, VersionId: versionId }
      throw new OssError('NoSuchVersion', 'The specified version does not exist.', details)
    }
    if (row.isDeleteMarker === 0) return row
    const details = { Method: 'GET', ResourceType: 'DeleteMarker', isDeleteMarker: 'true', versionId }
    throw new OssError('MethodNotAllowed', 'The specified version is a delete marker.', details)
  }
}

function withPieces(pieces: readonly Piece[]): Bytes {
  return { pieces, data: null }
}

function existing(row: VersionRow | undefined, key: string): VersionRow {
  if (row !== undefined && row.isDeleteMarker === 0) return row
  const marker = row === undefined ? {} : { isDeleteMarker: 'true', versionId: row.versionId }
  throw new OssError('NoSuchKey', 'The specified key does not exist.', { Key: key, ...marker })
}

function markerRow(bucket: number, { key, nowMs }: { key: string; nowMs: number }, versionId: string): NewVersionRow {
  const content = { size: 0, etag: '', crc64: '0', contentMd5: null, symlinkTarget: null }
  const attributes = JSON.stringify(NO_ATTRIBUTES)
  return { bucket, key, versionId, isDeleteMarker: 1, type: 'Normal', ...content, modifiedMs: nowMs, attributes }
}
