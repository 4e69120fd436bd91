/** The object store with its index in SQLite. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobStore } from '../blobs/port.ts'
import type { Clock, Random } from '../clock.ts'
import { StorageThread } from '../storage-thread.ts'
import { BlobKeeper } from './blob-keeper.ts'
import { OssError } from './errors.ts'
import { Ids, isOwnBlob } from './ids.ts'
import type { IndexAsks } from './index/object-index.ts'
import type { IndexOpened, IndexRefusal } from './index/thread.ts'
import type { EventFilter, ObjectStore } from './port.ts'
import { Receiver } from './receiver.ts'
import { IndexedObjects } from './store.ts'

export interface ObjectStoreOptions {
  /** Holds the index; made when absent. */
  directory: string
}

export interface ObjectStoreDeps {
  clock: Clock
  random: Random
  /** Where the bytes are. Closed by its owner, after the store. */
  blobs: BlobStore
  filter: EventFilter
  /** Hears what an operator should read. */
  notify: (message: string) => void
}

/** Rejects with what to do when the index is damaged or missing. */
export async function openObjectStore(options: ObjectStoreOptions, deps: ObjectStoreDeps): Promise<ObjectStore> {
  const { clock, random, blobs, notify } = deps
  const file = join(options.directory, 'objects.db')
  if (!existsSync(file)) await refuseWithoutIndex(file, blobs)
  let opened: IndexOpened | undefined
  const index = new StorageThread<IndexAsks, IndexOpened, IndexRefusal>(
    {
      script: new URL('./index/thread.ts', import.meta.url),
      data: { file },
      subject: 'objects database',
      onOpened: (answer) => (opened = answer),
      toError: ({ code, message, details, headers }) => new OssError(code, message, { ...details }, { ...headers }),
    },
    notify,
  )
  await index.open()
  const unreferenced = (ids: readonly string[]) => index.ask('unreferenced', { blobs: ids })
  const keeper = new BlobKeeper({ blobs, clock, notify, unreferenced })
  const ids = new Ids(clock, random)
  const receiver = new Receiver({ blobs, keeper, ids, notify, unreferenced })
  return new IndexedObjects(opened!, { ...deps, index, keeper, receiver, ids })
}

/** An empty index would make all bytes waste, to be swept away. */
async function refuseWithoutIndex(file: string, blobs: BlobStore): Promise<void> {
  for await (const { id } of blobs.list()) {
    if (!isOwnBlob(id)) continue
    throw new Error(
      `the objects database ${file} is missing, but bytes of objects are stored (such as blob '${id}'): restore it from a ` +
        'backup, or remove those blobs to begin with no objects',
    )
  }
}
