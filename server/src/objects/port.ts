/**
 * Objects in buckets, as Object Storage Service (OSS) has them. An index holds what is known of an object; its bytes are
 * one or more blobs, in order: parts of a multipart upload and pieces of an appended object stay the blobs they came as.
 */
import type { Readable } from 'node:stream'
import type { ByteRange } from '../blobs/port.ts'
import type { JsonValue } from '../model.ts'

export { OssError } from './errors.ts'
export type { ByteRange } from '../blobs/port.ts'

export type BucketAcl = 'private' | 'public-read' | 'public-read-write'
export type ObjectAcl = BucketAcl | 'default'
export type ObjectType = 'Normal' | 'Multipart' | 'Appendable' | 'Symlink'

export interface Bucket {
  name: string
  createdMs: number
  acl: BucketAcl
  storageClass: string
  /** Null: never set. */
  versioning: 'Enabled' | 'Suspended' | null
  /** What else is set for it (`cors`, `lifecycle`, `website`, `tagging`, …), each in a shape of its owner in `wire/`. */
  settings: Readonly<Record<string, JsonValue>>
}

export interface BucketChange {
  acl?: BucketAcl
  versioning?: 'Enabled' | 'Suspended'
  /** Null removes a setting. */
  settings?: Readonly<Record<string, JsonValue | null>>
}

/** What a client says of an object and gets back as it is. */
export interface ObjectAttributes {
  contentType: string
  /** Lower-case names: cache-control, content-disposition, content-encoding, content-language, expires. */
  headers: Readonly<Record<string, string>>
  /** Names without `x-oss-meta-`, lower case. */
  meta: Readonly<Record<string, string>>
  acl: ObjectAcl
  tags: Readonly<Record<string, string>>
  storageClass: string
}

export interface ObjectHead extends ObjectAttributes {
  bucket: string
  key: string
  /** `null` for a version written while versioning was off or suspended. */
  versionId: string
  isLatest: boolean
  isDeleteMarker: boolean
  type: ObjectType
  size: number
  /** Without quotes. */
  etag: string
  /** Decimal. */
  crc64: string
  /** Base64; null when the object is not Normal. */
  contentMd5: string | null
  modifiedMs: number
  /** Key in the same bucket; null when it is no symlink. */
  symlinkTarget: string | null
}

/** Who changed an object, for the event that tells of it. */
export interface Cause {
  requestId: string
  sourceIp: string
  principalId: string
  /** The function whose code did it; null: somebody outside. */
  functionKey: string | null
  /** How many triggers in a row led here; 0: none. */
  depth: number
}

/** Names as FC and OSS write them, without `oss:`: `ObjectCreated:PutObject`, `ObjectRemoved:DeleteObject`, … */
export interface ObjectEvent extends Cause {
  /** Unique; ascends in the order of the changes. */
  id: string
  eventName: string
  timeMs: number
  bucket: string
  key: string
  versionId: string
  size: number
  /** New size less the one that it replaces. */
  deltaSize: number
  etag: string
  contentType: string
  meta: Readonly<Record<string, string>>
}

export interface EventFilter {
  /** Whether some trigger waits for it; only then it is kept. In memory, and asked with each change. */
  wants(bucket: string, key: string, eventName: string): boolean
}

export interface WriteOptions {
  cause: Cause
  eventName: string
  /** Reject with FileAlreadyExists when the key has an object. */
  forbidOverwrite?: boolean
}

export interface PutOptions extends WriteOptions {
  attributes: ObjectAttributes
  /** Base64, checked against what came: InvalidDigest. */
  contentMd5?: string
  /** Bytes that are to come; fewer or more is refused with InvalidArgument. Absent: until the source ends. */
  contentLength?: number
}

export interface PutResult {
  versionId: string
  etag: string
  crc64: string
  size: number
}

export interface ObjectRef {
  bucket: string
  key: string
  /** Absent: the latest. */
  versionId?: string
}

export interface DeleteResult {
  /** Of what was removed, or of the marker that was made. */
  versionId: string | null
  isDeleteMarker: boolean
}

export interface ListQuery {
  bucket: string
  prefix: string
  /** Empty: none. */
  delimiter: string
  /** Exclusive; empty: from the start. A common prefix that starts here or before is left out. */
  after: string
  limit: number
}

export interface ListPage {
  objects: ObjectHead[]
  commonPrefixes: string[]
  /** Last key or prefix of the page; null: there is no more. */
  next: string | null
}

export interface VersionsQuery extends ListQuery {
  /** With `after`: goes on within that key, after this version. */
  afterVersionId?: string
}

export interface VersionsPage extends Omit<ListPage, 'next'> {
  next: { key: string; versionId: string } | null
}

export interface Upload {
  bucket: string
  key: string
  uploadId: string
  initiatedMs: number
  attributes: ObjectAttributes
}

export interface Part {
  partNumber: number
  etag: string
  size: number
  crc64: string
  modifiedMs: number
}

export interface UploadsPage {
  uploads: Upload[]
  commonPrefixes: string[]
  next: { key: string; uploadId: string } | null
}

/**
 * Every change is durable and whole when it resolves, and all or nothing. Rejections are OssError with the documented
 * code: NoSuchBucket, NoSuchKey, NoSuchVersion, NoSuchUpload, MethodNotAllowed (a marker by id), and those named below.
 * Keys are in UTF-8 byte order.
 */
export interface ObjectStore {
  /** BucketAlreadyExists, TooManyBuckets. */
  createBucket(name: string, options: { acl: BucketAcl; storageClass: string }): Promise<void>
  /** From memory; undefined: there is none. */
  bucket(name: string): Bucket | undefined
  buckets(): Bucket[]
  changeBucket(name: string, change: BucketChange): Promise<void>
  /** BucketNotEmpty while it has an object, a version or an upload. */
  deleteBucket(name: string): Promise<void>
  bucketUsage(name: string): Promise<{ bytes: number; objects: number; uploads: number }>

  /** InvalidDigest, FileAlreadyExists, EntityTooLarge. Reads the source as it can store. */
  put(bucket: string, key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult>
  /** PositionNotEqualToLength (with `nextPosition`), ObjectNotAppendable. */
  append(
    bucket: string,
    key: string,
    position: number,
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<PutResult & { nextPosition: number }>
  putSymlink(bucket: string, key: string, target: string, options: PutOptions): Promise<PutResult>
  /** Bytes are shared, not copied. `attributes` null: those of the source. The caller has checked conditions. */
  copy(
    source: ObjectRef,
    bucket: string,
    key: string,
    options: Omit<PutOptions, 'attributes'> & { attributes: ObjectAttributes | null },
  ): Promise<PutResult & { modifiedMs: number }>
  /** Symlinks are not followed. A delete marker that is the latest is NoSuchKey (`details.isDeleteMarker`). */
  head(ref: ObjectRef): Promise<ObjectHead>
  /** The bytes of what `head` told, also when the key was written or deleted meanwhile, as long as they are there. */
  read(head: ObjectHead, range?: ByteRange): Promise<Readable>
  /** Changes acl, tags, or all attributes, without a new version. */
  changeAttributes(ref: ObjectRef, change: Partial<ObjectAttributes>): Promise<void>
  /** A missing key is no error. */
  delete(ref: ObjectRef, options: WriteOptions): Promise<DeleteResult>
  list(query: ListQuery): Promise<ListPage>
  listVersions(query: VersionsQuery): Promise<VersionsPage>

  createUpload(bucket: string, key: string, options: PutOptions): Promise<Upload>
  /** Replaces a part of the same number. */
  putPart(
    ref: { bucket: string; key: string; uploadId: string; partNumber: number },
    source: AsyncIterable<Uint8Array>,
    options: Pick<PutOptions, 'contentMd5' | 'contentLength'> & WriteOptions,
  ): Promise<Part>
  copyPart(
    ref: { bucket: string; key: string; uploadId: string; partNumber: number },
    source: ObjectRef,
    range: ByteRange | null,
    options: WriteOptions,
  ): Promise<Part>
  /** `parts` null: all that are there. InvalidPart, InvalidPartOrder, EntityTooSmall. */
  completeUpload(
    ref: { bucket: string; key: string; uploadId: string },
    parts: readonly { partNumber: number; etag: string }[] | null,
    options: WriteOptions,
  ): Promise<PutResult>
  abortUpload(ref: { bucket: string; key: string; uploadId: string }, options: WriteOptions): Promise<void>
  listParts(
    ref: { bucket: string; key: string; uploadId: string },
    afterPartNumber: number,
    limit: number,
  ): Promise<{ parts: Part[]; next: number | null }>
  /** `afterUploadId` counts together with `after` only. */
  listUploads(query: ListQuery & { afterUploadId: string }): Promise<UploadsPage>

  /** Tells that events wait. */
  onEvents(listener: () => void): void
  /** The oldest that wait (of those after an id), kept until acknowledged. */
  pendingEvents(limit: number, afterId?: string): Promise<ObjectEvent[]>
  acknowledgeEvents(ids: readonly string[]): Promise<void>
  /** Rejects with a reason for the operator when objects cannot be stored now. */
  check(): Promise<void>
  close(): Promise<void>
}
