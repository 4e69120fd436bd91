/**
 * The object store: bytes go to a blob first, then one commit of the index makes them an object. What fails on the way
 * leaves nothing that a client could see.
 */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { BlobNotFoundError } from '../blobs/port.ts'
import type { BlobStore, ByteRange } from '../blobs/port.ts'
import type { Clock } from '../clock.ts'
import { ReadCache } from '../read-cache.ts'
import { StorageError } from '../storage-thread.ts'
import type { StorageThread } from '../storage-thread.ts'
import { WholeStream } from '../whole-stream.ts'
import type { BlobKeeper } from './blob-keeper.ts'
import { OssError } from './errors.ts'
import { storageFailure } from './failures.ts'
import type { Ids } from './ids.ts'
import { noSuchBucket } from './index/buckets.ts'
import { toHead } from './index/head-row.ts'
import type { Bytes, Change, Changed } from './index/model.ts'
import type { IndexAsks } from './index/object-index.ts'
import type { IndexOpened, IndexRefusal } from './index/thread.ts'
import { checkAttributes, checkBucketName, checkKey, checkPartNumber } from './limits.ts'
import { openPieces, slicePieces } from './pieces.ts'
import type { Receiver, Said } from './receiver.ts'
import type {
  Bucket,
  BucketAcl,
  BucketChange,
  DeleteResult,
  EventFilter,
  ListPage,
  ListQuery,
  ObjectAttributes,
  ObjectEvent,
  ObjectHead,
  ObjectRef,
  ObjectStore,
  Part,
  PutOptions,
  PutResult,
  Upload,
  UploadsPage,
  VersionsPage,
  VersionsQuery,
  WriteOptions,
} from './port.ts'

export type IndexThread = StorageThread<IndexAsks, IndexOpened, IndexRefusal>

export interface IndexedObjectsDeps {
  index: IndexThread
  blobs: BlobStore
  keeper: BlobKeeper
  receiver: Receiver
  ids: Ids
  clock: Clock
  filter: EventFilter
  notify: (message: string) => void
}

interface UploadRef {
  bucket: string
  key: string
  uploadId: string
}

type PartRef = UploadRef & { partNumber: number }

/**
 * Bytes of an object that goes into the index itself: one shared sync instead of a file and its syncs. At 1 kB that is a
 * tenth of the work, at 16 kB a third; from 64 kB on the index, which writes twice, does no better.
 */
const SMALL_BYTES_MAX = 16 * 1024
/** Of what is kept in memory of objects that were read last. */
const HEADS_BYTES_MAX = 32 * 1024 * 1024
/** What a head takes beside its attributes and bytes, and each of its pieces. */
const HEAD_BYTES = 1024
const PIECE_BYTES = 128

/** What is known of an object, as it is handed out. */
interface Told {
  head: ObjectHead
  /** Bytes in memory. */
  cost: number
}

export class IndexedObjects implements ObjectStore {
  readonly #deps: IndexedObjectsDeps
  readonly #buckets: Map<string, Bucket>
  /** Of heads that were told. */
  readonly #bytes = new WeakMap<ObjectHead, Bytes>()
  /** The latest version of each key. */
  readonly #latest = new ReadCache<Told>(HEADS_BYTES_MAX, ({ cost }) => cost)
  readonly #listeners: (() => void)[] = []
  #hasEvents: boolean

  constructor(opened: IndexOpened, deps: IndexedObjectsDeps) {
    this.#deps = deps
    this.#buckets = new Map(opened.buckets.map((bucket) => [bucket.name, bucket]))
    this.#hasEvents = opened.hasEvents
  }

  async createBucket(name: string, options: { acl: BucketAcl; storageClass: string }): Promise<void> {
    checkBucketName(name)
    const bucket = await this.#ask('createBucket', { name, ...options, nowMs: this.#deps.clock.nowMs() })
    this.#buckets.set(name, bucket)
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)
  }

  buckets(): Bucket[] {
    return [...this.#buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  async changeBucket(name: string, change: BucketChange): Promise<void> {
    this.#buckets.set(name, await this.#ask('changeBucket', { name, change }))
  }

  async deleteBucket(name: string): Promise<void> {
    await this.#ask('deleteBucket', { name })
    this.#buckets.delete(name)
  }

  bucketUsage(name: string): Promise<{ bytes: number; objects: number; uploads: number }> {
    return this.#ask('bucketUsage', { name })
  }

  async put(bucket: string, key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult> {
    this.#checkWrite(bucket, key, options.attributes)
    return this.#deps.receiver.receiveSmall(source, options, SMALL_BYTES_MAX, (content, data) =>
      this.#change(
        'put',
        {
          ...this.#newVersion(bucket, key, options),
          type: 'Normal',
          attributes: options.attributes,
          content,
          symlinkTarget: null,
        },
        data,
      ),
    )
  }

  async append(
    bucket: string,
    key: string,
    position: number,
    source: AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<PutResult & { nextPosition: number }> {
    this.#checkWrite(bucket, key, options.attributes)
    // Before the bytes are taken, and again with the commit.
    await this.#ask('checkAppend', { bucket, key, position })
    const { attributes } = options
    return this.#deps.receiver.receive(source, options, (content) =>
      this.#change('append', { ...this.#newVersion(bucket, key, options), position, attributes, content }),
    )
  }

  async putSymlink(bucket: string, key: string, target: string, options: PutOptions): Promise<PutResult> {
    this.#checkWrite(bucket, key, options.attributes)
    checkKey(target)
    const { attributes } = options
    const md5 = createHash('md5').update(target).digest('hex').toUpperCase()
    const content = { pieces: [], size: 0, md5, crc64: '0' }
    const version = this.#newVersion(bucket, key, options)
    return this.#change('put', { ...version, type: 'Symlink', attributes, content, symlinkTarget: target })
  }

  async copy(
    source: ObjectRef,
    bucket: string,
    key: string,
    options: Omit<PutOptions, 'attributes'> & { attributes: ObjectAttributes | null },
  ): Promise<PutResult & { modifiedMs: number }> {
    this.#checkWrite(bucket, key, options.attributes ?? {})
    const { attributes } = options
    return this.#change('copy', { ...this.#newVersion(bucket, key, options), source, attributes })
  }

  async head(ref: ObjectRef): Promise<ObjectHead> {
    const { bucket, key, versionId } = ref
    const told =
      versionId === undefined
        ? await this.#latest.read(cacheKey(bucket, key), () => this.#tell(ref))
        : await this.#tell(ref)
    return told.head
  }

  async read(head: ObjectHead, range?: ByteRange): Promise<Readable> {
    const bytes = this.#bytes.get(head) ?? (await this.#bytesOf(head))
    if (bytes.data !== null) return new WholeStream(sliceOf(bytes.data, range))
    const pieces = range === undefined ? bytes.pieces : slicePieces(bytes.pieces, range)
    const held = pieces.map(({ blob }) => blob)
    this.#deps.keeper.hold(held)
    try {
      const stream = await openPieces(this.#deps.blobs, pieces)
      // What is in memory stays readable.
      if (!(stream instanceof WholeStream)) this.#deps.keeper.holdFor(stream, held)
      return stream
    } catch (error) {
      throw await this.#unreadable(head, held, error)
    } finally {
      this.#deps.keeper.release(held)
    }
  }

  async changeAttributes(ref: ObjectRef, change: Partial<ObjectAttributes>): Promise<void> {
    checkAttributes(change)
    await this.#latest.change(cacheKey(ref.bucket, ref.key), () => this.#ask('changeAttributes', { ...ref, change }))
  }

  delete(ref: ObjectRef, options: WriteOptions): Promise<DeleteResult> {
    const newVersionId = this.#deps.ids.version()
    return this.#change('delete', { ...ref, ...this.#cause(ref.bucket, ref.key, options), newVersionId })
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { heads, ...page } = await this.#ask('list', query)
    return { objects: heads.map((row) => toHead(query.bucket, row)), ...page }
  }

  async listVersions(query: VersionsQuery): Promise<VersionsPage> {
    const { heads, ...page } = await this.#ask('listVersions', query)
    return { objects: heads.map((row) => toHead(query.bucket, row)), ...page }
  }

  async createUpload(bucket: string, key: string, options: PutOptions): Promise<Upload> {
    this.#checkWrite(bucket, key, options.attributes)
    const uploadId = this.#deps.ids.upload()
    const { attributes } = options
    return this.#change('createUpload', { bucket, key, uploadId, attributes, ...this.#cause(bucket, key, options) })
  }

  async putPart(
    ref: PartRef,
    source: AsyncIterable<Uint8Array>,
    options: Pick<PutOptions, 'contentMd5' | 'contentLength'> & WriteOptions,
  ): Promise<Part> {
    checkPartNumber(ref.partNumber)
    // Before the bytes are taken: a client that goes on after an abort hears it at once.
    await this.#ask('checkUpload', ref)
    return this.#putPart(ref, source, options)
  }

  async copyPart(ref: PartRef, source: ObjectRef, range: ByteRange | null, options: WriteOptions): Promise<Part> {
    checkPartNumber(ref.partNumber)
    await this.#ask('checkUpload', ref)
    const { head, bytes } = await this.#ask('head', source)
    const { size } = toHead(source.bucket, head)
    const { first, last } = range ?? { first: 0, last: size - 1 }
    if (first > last + 1 || last >= size) {
      throw new OssError('InvalidRange', `the range ${first}-${last} is not within the ${size} bytes of the source`)
    }
    if (bytes.data !== null) return this.#putPart(ref, one(sliceOf(bytes.data, { first, last })), options)
    const sliced = slicePieces(bytes.pieces, { first, last })
    const held = sliced.map(({ blob }) => blob)
    this.#deps.keeper.hold(held)
    try {
      const content = await this.#deps.receiver.hash(sliced)
      const part = await this.#change('putPart', { ...ref, ...this.#cause(ref.bucket, ref.key, options), content })
      // The source may have been deleted meanwhile.
      this.#deps.keeper.keep(held)
      return part
    } finally {
      this.#deps.keeper.release(held)
    }
  }

  async completeUpload(
    ref: UploadRef,
    parts: readonly { partNumber: number; etag: string }[] | null,
    options: WriteOptions,
  ): Promise<PutResult> {
    const version = this.#newVersion(ref.bucket, ref.key, options)
    return this.#change('completeUpload', { ...version, uploadId: ref.uploadId, parts })
  }

  async abortUpload(ref: UploadRef, options: WriteOptions): Promise<void> {
    await this.#change('abortUpload', { ...ref, ...this.#cause(ref.bucket, ref.key, options) })
  }

  listParts(ref: UploadRef, after: number, limit: number): Promise<{ parts: Part[]; next: number | null }> {
    return this.#ask('listParts', { ...ref, after, limit })
  }

  listUploads(query: ListQuery & { afterUploadId: string }): Promise<UploadsPage> {
    return this.#ask('listUploads', query)
  }

  onEvents(listener: () => void): void {
    this.#listeners.push(listener)
    if (this.#hasEvents) listener()
  }

  pendingEvents(limit: number, afterId?: string): Promise<ObjectEvent[]> {
    return this.#ask('pendingEvents', { limit, afterId: afterId ?? null })
  }

  async acknowledgeEvents(ids: readonly string[]): Promise<void> {
    await this.#ask('acknowledgeEvents', { ids })
  }

  async check(): Promise<void> {
    await this.#deps.blobs.check()
    await this.#deps.index.ask('unreferenced', { blobs: [] })
  }

  async close(): Promise<void> {
    await this.#deps.keeper.close()
    await this.#deps.index.close()
  }

  async #tell(ref: ObjectRef): Promise<Told> {
    const { head: row, bytes } = await this.#ask('head', ref)
    const head = toHead(ref.bucket, row)
    this.#bytes.set(head, bytes)
    const cost = HEAD_BYTES + row[11].length + bytes.pieces.length * PIECE_BYTES + (bytes.data?.length ?? 0)
    return { head, cost }
  }

  async #ask<Kind extends keyof IndexAsks>(
    kind: Kind,
    ask: IndexAsks[Kind]['ask'],
    data: Uint8Array | null = null,
  ): Promise<IndexAsks[Kind]['answer']> {
    try {
      return await this.#deps.index.ask(kind, ask, data)
    } catch (error) {
      throw error instanceof StorageError ? storageFailure(error, this.#deps.notify) : error
    }
  }

  /** One commit; what follows from it is done when it is durable. */
  async #change<Kind extends ChangeKind>(
    kind: Kind,
    ask: IndexAsks[Kind]['ask'],
    data: Uint8Array | null = null,
  ): Promise<ValueOf<Kind>> {
    const asking = () => this.#ask(kind, ask, data)
    const changed = (await this.#latest.change(cacheKey(ask.bucket, ask.key), asking)) as Changed<ValueOf<Kind>>
    this.#deps.keeper.drop(changed.orphans)
    if (changed.eventAdded) this.#tellOfEvents()
    return changed.value
  }

  #tellOfEvents(): void {
    this.#hasEvents = true
    for (const listener of this.#listeners) listener()
  }

  #putPart(ref: PartRef, source: AsyncIterable<Uint8Array>, options: Said & WriteOptions) {
    return this.#deps.receiver.receive(source, options, (content) =>
      this.#change('putPart', { ...ref, ...this.#cause(ref.bucket, ref.key, options), content }),
    )
  }

  /** For a head that came from a list. */
  async #bytesOf(head: ObjectHead): Promise<Bytes> {
    const { bucket, key, versionId } = head
    const current = await this.#ask('head', { bucket, key, versionId })
    const { etag, modifiedMs } = toHead(bucket, current.head)
    if (etag !== head.etag || modifiedMs !== head.modifiedMs) throw noSuchKey(key)
    return current.bytes
  }

  async #unreadable(head: ObjectHead, blobs: readonly string[], error: unknown): Promise<OssError> {
    if (!(error instanceof BlobNotFoundError)) return storageFailure(error, this.#deps.notify)
    const unreferenced = await this.#ask('unreferenced', { blobs })
    if (unreferenced.length > 0) return noSuchKey(head.key)
    this.#deps.notify(`bytes of the object ${head.bucket}/${head.key} are missing: ${error.message}`)
    return new OssError('InternalError', 'The bytes of the object are missing.', { Key: head.key })
  }

  #checkWrite(bucket: string, key: string, attributes: Partial<ObjectAttributes>): void {
    if (!this.#buckets.has(bucket)) throw noSuchBucket(bucket)
    checkKey(key)
    checkAttributes(attributes)
  }

  #newVersion(bucket: string, key: string, options: WriteOptions) {
    const { forbidOverwrite = false } = options
    const newVersionId = this.#deps.ids.version()
    return { bucket, key, newVersionId, forbidOverwrite, ...this.#cause(bucket, key, options) }
  }

  #cause(bucket: string, key: string, { cause, eventName }: WriteOptions): Change {
    const isWanted = this.#deps.filter.wants(bucket, key, eventName)
    return { nowMs: this.#deps.clock.nowMs(), event: isWanted ? { ...cause, eventName } : null }
  }
}

type ChangeKind = {
  [Kind in keyof IndexAsks]: IndexAsks[Kind]['answer'] extends Changed<unknown> ? Kind : never
}[keyof IndexAsks]

type ValueOf<Kind extends ChangeKind> = IndexAsks[Kind]['answer'] extends Changed<infer Value> ? Value : never

function cacheKey(bucket: string, key: string): string {
  return `${bucket}/${key}`
}

function noSuchKey(key: string): OssError {
  return new OssError('NoSuchKey', 'The specified key does not exist.', { Key: key })
}

function sliceOf(data: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range === undefined ? data : data.subarray(range.first, range.last + 1)
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
