/** What is known of every object. Synchronous, each change within a transaction of its caller: it belongs in a thread. */
import type { DatabaseSync } from 'node:sqlite'
import type {
  Bucket,
  BucketAcl,
  BucketChange,
  DeleteResult,
  ListQuery,
  ObjectAttributes,
  ObjectEvent,
  ObjectRef,
  Part,
  PutResult,
  Upload,
  UploadsPage,
  VersionsQuery,
} from '../port.ts'
import { Buckets } from './buckets.ts'
import { Statements } from './database.ts'
import { Events } from './events.ts'
import { Lists } from './lists.ts'
import type { HeadsPage, HeadVersionsPage } from './lists.ts'
import type { Change, Changed, Content, NewObject, StoredHead } from './model.ts'
import { Objects } from './objects.ts'
import type { AppendAsk, CopyAsk } from './objects.ts'
import { Pieces } from './pieces.ts'
import { Uploads } from './uploads.ts'
import type { CompleteAsk, UploadRef } from './uploads.ts'
import { Versions } from './versions.ts'

interface Ask<Question, Answer> {
  ask: Question
  answer: Answer
}

/** Questions and changes by name. They fail with OssError; a change that fails must be undone by the caller. */
export interface IndexAsks {
  createBucket: Ask<{ name: string; acl: BucketAcl; storageClass: string; nowMs: number }, Bucket>
  changeBucket: Ask<{ name: string; change: BucketChange }, Bucket>
  deleteBucket: Ask<{ name: string }, void>
  bucketUsage: Ask<{ name: string }, { bytes: number; objects: number; uploads: number }>
  head: Ask<ObjectRef, StoredHead>
  list: Ask<ListQuery, HeadsPage>
  listVersions: Ask<VersionsQuery, HeadVersionsPage>
  put: Ask<NewObject, Changed<PutResult>>
  checkAppend: Ask<{ bucket: string; key: string; position: number }, void>
  append: Ask<AppendAsk, Changed<PutResult & { nextPosition: number }>>
  copy: Ask<CopyAsk, Changed<PutResult & { modifiedMs: number }>>
  changeAttributes: Ask<ObjectRef & { change: Partial<ObjectAttributes> }, void>
  delete: Ask<ObjectRef & Change & { newVersionId: string }, Changed<DeleteResult>>
  createUpload: Ask<UploadRef & Change & { attributes: ObjectAttributes }, Changed<Upload>>
  checkUpload: Ask<UploadRef, void>
  putPart: Ask<UploadRef & Change & { partNumber: number; content: Content }, Changed<Part>>
  completeUpload: Ask<CompleteAsk, Changed<PutResult>>
  abortUpload: Ask<UploadRef & Change, Changed<void>>
  listParts: Ask<UploadRef & { after: number; limit: number }, { parts: Part[]; next: number | null }>
  listUploads: Ask<ListQuery & { afterUploadId: string }, UploadsPage>
  pendingEvents: Ask<{ limit: number; afterId: string | null }, ObjectEvent[]>
  acknowledgeEvents: Ask<{ ids: readonly string[] }, void>
  /** Of these blobs, those that no object or part is made of. */
  unreferenced: Ask<{ blobs: readonly string[] }, string[]>
}

/** `data`: the bytes of a small object. */
export type IndexHandlers = {
  [Kind in keyof IndexAsks]: (ask: IndexAsks[Kind]['ask'], data: Uint8Array) => IndexAsks[Kind]['answer']
}

export const indexReads = [
  'bucketUsage',
  'head',
  'list',
  'listVersions',
  'checkAppend',
  'checkUpload',
  'listParts',
  'listUploads',
  'pendingEvents',
  'unreferenced',
] as const satisfies readonly (keyof IndexAsks)[]

export interface ObjectIndex {
  /** As they are when it is opened. */
  buckets: Bucket[]
  hasEvents: boolean
  handlers: IndexHandlers
}

export function createObjectIndex(database: DatabaseSync): ObjectIndex {
  const statements = new Statements(database)
  const pieces = new Pieces(statements)
  const buckets = new Buckets(statements)
  const events = new Events(statements)
  const versions = new Versions(statements, pieces, buckets)
  const objects = new Objects(buckets, versions, events)
  const lists = new Lists(buckets, versions)
  const uploads = new Uploads({ statements, buckets, versions, pieces, objects, events })

  function changed<Value>({ event }: Change, change: () => Value): Changed<Value> {
    pieces.forgetDropped()
    const value = change()
    return { value, orphans: pieces.orphans(), eventAdded: event !== null }
  }

  const handlers: IndexHandlers = {
    createBucket: (ask) => buckets.create(ask),
    changeBucket: ({ name, change }) => buckets.change(name, change),
    deleteBucket: ({ name }) => buckets.remove(name),
    bucketUsage: ({ name }) => buckets.usage(name),
    head: (ref) => objects.head(ref),
    list: (query) => lists.objects(query),
    listVersions: (query) => lists.versions(query),
    put: (ask, data) => changed(ask, () => objects.put(ask, data)),
    checkAppend: (ask) => void objects.checkAppend(ask),
    append: (ask) => changed(ask, () => objects.append(ask)),
    copy: (ask) => changed(ask, () => objects.copy(ask)),
    changeAttributes: (ask) => objects.changeAttributes(ask),
    delete: (ask) => changed(ask, () => objects.delete(ask)),
    createUpload: (ask) => changed(ask, () => uploads.create(ask)),
    checkUpload: (ask) => void uploads.check(ask),
    putPart: (ask) => changed(ask, () => uploads.putPart(ask)),
    completeUpload: (ask) => changed(ask, () => uploads.complete(ask)),
    abortUpload: (ask) => changed(ask, () => uploads.abort(ask)),
    listParts: (ask) => uploads.listParts(ask),
    listUploads: (query) => uploads.list(query),
    pendingEvents: ({ limit, afterId }) => events.pending(limit, afterId),
    acknowledgeEvents: ({ ids }) => events.acknowledge(ids),
    unreferenced: ({ blobs }) => blobs.filter((blob) => !pieces.isReferenced(blob)),
  }
  return { buckets: buckets.all(), hasEvents: events.pending(1, null).length > 0, handlers }
}
