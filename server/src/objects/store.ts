/**
 * The object store: bytes go to a blob first, then one commit of the index makes them an object. What fails on the way
 * leaves nothing that a client could see.
 */
import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { BlobNotFoundError } from '../blobs/port.ts'
import type { BlobStore, ByteRange } from '../blobs/port.ts'
import type { Clock } from '../clock.ts'
import { StorageError } from '../storage-thread.ts'
import type { StorageThread } from '../storage-thread.ts'
import type { BlobKeeper } from './blob-keeper.ts'
import { OssError } from './errors.ts'
import { storageFailure } from './failures.ts'
import type { Ids } from './ids.ts'
import { noSuchBucket } from './index/buckets.ts'
import type { Change, Changed, Content, Piece } from './index/model.ts'
import type { IndexAsks } from './index/object-index.ts'
import type { IndexOpened, IndexRefusal } from './index/thread.ts'
import { Intake } from './intake.ts'
import type { Expected } from './intake.ts'
import { checkAttributes, checkBucketName, checkKey, checkPartNumber, objectLimits } from './limits.ts'
import { openPieces, slicePieces } from './pieces.ts'
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

const NOTHING: Content = { pieces: [], size: 0, md5: '', crc64: '0' }

export class IndexedObjects implements ObjectStore {
  readonly #deps: IndexedObjectsDeps
  readonly #buckets: Map<string, Bucket>
  /** Of heads that were told, the bytes. */
  readonly #pieces = new WeakMap<ObjectHead, readonly Piece[]>()
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
    return this.#receive(source, options, (content) =>
      this.#change('put', {
        ...this.#newVersion(bucket, key, options),
        type: 'Normal',
        attributes: options.attributes,
        content,
        symlinkTarget: null,
      }),
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
    return this.#receive(source, options, (content) =>
      this.#change('append', { ...this.#newVersion(bucket, key, options), position, attributes, content }),
    )
  }

  async putSymlink(bucket: string, key: string, target: string, options: PutOptions): Promise<PutResult> {
    this.#checkWrite(bucket, key, options.attributes)
    checkKey(target)
    const { attributes } = options
    const intake = new Intake(one(Buffer.from(target)), { bytesMax: objectLimits.keyBytesMax })
    for await (const _ of intake.pieces()) continue
    const content = { ...NOTHING, md5: intake.content('').md5 }
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
    const { head, pieces } = await this.#ask('head', ref)
    this.#pieces.set(head, pieces)
    return head
  }

  async read(head: ObjectHead, range?: ByteRange): Promise<Readable> {
    const whole = this.#pieces.get(head) ?? (await this.#piecesOf(head))
    const pieces = range === undefined ? whole : slicePieces(whole, range)
    const held = pieces.map(({ blob }) => blob)
    this.#deps.keeper.hold(held)
    try {
      const stream = await openPieces(this.#deps.blobs, pieces)
      this.#deps.keeper.holdFor(stream, held)
      return stream
    } catch (error) {
      throw await this.#unreadable(head, held, error)
    } finally {
      this.#deps.keeper.release(held)
    }
  }

  async changeAttributes(ref: ObjectRef, change: Partial<ObjectAttributes>): Promise<void> {
    checkAttributes(change)
    await this.#ask('changeAttributes', { ...ref, change })
  }

  delete(ref: ObjectRef, options: WriteOptions): Promise<DeleteResult> {
    const newVersionId = this.#deps.ids.version()
    return this.#change('delete', { ...ref, ...this.#cause(ref.bucket, ref.key, options), newVersionId })
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#ask('list', query)
  }

  listVersions(query: VersionsQuery): Promise<VersionsPage> {
    return this.#ask('listVersions', query)
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
    return this.#receive(source, options, (content) =>
      this.#change('putPart', { ...ref, ...this.#cause(ref.bucket, ref.key, options), content }),
    )
  }

  async copyPart(ref: PartRef, source: ObjectRef, range: ByteRange | null, options: WriteOptions): Promise<Part> {
    checkPartNumber(ref.partNumber)
    await this.#ask('checkUpload', ref)
    const { head, pieces } = await this.#ask('head', source)
    const { first, last } = range ?? { first: 0, last: head.size - 1 }
    if (first > last + 1 || last >= head.size) {
      throw new OssError(
        'InvalidRange',
        `the range ${first}-${last} is not within the ${head.size} bytes of the source`,
      )
    }
    const sliced = slicePieces(pieces, { first, last })
    const held = sliced.map(({ blob }) => blob)
    this.#deps.keeper.hold(held)
    try {
      const content = { ...(await this.#hash(sliced)), pieces: sliced }
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

  async #ask<Kind extends keyof IndexAsks>(
    kind: Kind,
    ask: IndexAsks[Kind]['ask'],
  ): Promise<IndexAsks[Kind]['answer']> {
    try {
      return await this.#deps.index.ask(kind, ask)
    } catch (error) {
      throw error instanceof StorageError ? storageFailure(error, this.#deps.notify) : error
    }
  }

  /** One commit; what follows from it is done when it is durable. */
  async #change<Kind extends ChangeKind>(kind: Kind, ask: IndexAsks[Kind]['ask']): Promise<ValueOf<Kind>> {
    const changed = (await this.#ask(kind, ask)) as Changed<ValueOf<Kind>>
    this.#deps.keeper.drop(changed.orphans)
    if (changed.eventAdded) this.#tellOfEvents()
    return changed.value
  }

  #tellOfEvents(): void {
    this.#hasEvents = true
    for (const listener of this.#listeners) listener()
  }

  /** Takes the bytes into a blob and commits; when either fails, the blob goes. */
  async #receive<Result>(
    source: AsyncIterable<Uint8Array>,
    { contentLength, contentMd5 }: Omit<Expected, 'bytesMax'>,
    commit: (content: Content) => Promise<Result>,
  ): Promise<Result> {
    const blob = this.#deps.ids.blob()
    const intake = new Intake(source, { bytesMax: objectLimits.putBytesMax, contentLength, contentMd5 })
    this.#deps.keeper.hold([blob])
    try {
      await this.#store(blob, intake)
      try {
        return await commit(intake.content(blob))
      } catch (error) {
        await this.#removeUncommitted(blob)
        throw error
      }
    } finally {
      this.#deps.keeper.release([blob])
    }
  }

  async #store(blob: string, intake: Intake): Promise<void> {
    const pieces = intake.pieces()
    try {
      const first = await pieces.next()
      if (first.done !== true) await this.#deps.blobs.put(blob, startingWith(first.value, pieces))
    } catch (error) {
      if (intake.failure !== undefined) throw intake.failure.error
      throw storageFailure(error, this.#deps.notify)
    }
  }

  /** When the database failed, the commit may have been made all the same: only what it does not know may go. */
  async #removeUncommitted(blob: string): Promise<void> {
    try {
      const [unreferenced] = await this.#deps.index.ask('unreferenced', { blobs: [blob] })
      if (unreferenced !== undefined) await this.#deps.blobs.remove(blob)
    } catch {
      // A sweep will find it.
    }
  }

  async #hash(pieces: readonly Piece[]): Promise<Content> {
    const intake = new Intake(await openPieces(this.#deps.blobs, pieces), { bytesMax: objectLimits.putBytesMax })
    for await (const _ of intake.pieces()) continue
    return intake.content('')
  }

  /** For a head that came from a list. */
  async #piecesOf(head: ObjectHead): Promise<readonly Piece[]> {
    const { bucket, key, versionId } = head
    const current = await this.#ask('head', { bucket, key, versionId })
    const isSame = current.head.etag === head.etag && current.head.modifiedMs === head.modifiedMs
    if (!isSame) throw noSuchKey(key)
    return current.pieces
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

function noSuchKey(key: string): OssError {
  return new OssError('NoSuchKey', 'The specified key does not exist.', { Key: key })
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* startingWith(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}
