/** The package store: zips as blobs, which platforms may share, and their unpacked folders on a local disk. */
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { BlobNotFoundError, type BlobStore } from '../blobs/port.ts'
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { createLanes } from '../lanes.ts'
import { WorkerLane } from '../worker-lane.ts'
import { openFolderCache, removeTree } from './folder-cache.ts'
import type { FolderCache } from './folder-cache.ts'
import { PackageError, megabytes, packageLimits } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { togetherKey } from './port.ts'
import type { PackageStore, Pieces, StoredPackage } from './port.ts'
import type { Job, JobResults } from './worker.ts'

/** What is not referred to is kept so long: a put must be followed by its document, an unpack by its instance. */
export const SWEEP_GRACE_MS = 60 * 60 * 1000

const WORKER_HEAP_MB_MAX = 512
const SHA256 = /^[0-9a-f]{64}$/
/** What is stored of a package: its zip, and a mark that is put anew each time somebody renews it. */
const BLOB_ID = /^([0-9a-f]{64})(?:\.renewed)?$/
/** How version 0.1.0 kept zips, in a folder of this name. */
const OLD_ZIPS = 'zips'

export interface PackageStoreOptions {
  /** Belongs to this store alone; made when absent. */
  directory: string
  limits?: Partial<PackageLimits>
  /** Unpacked folders, on disk; `sweep` holds it. */
  cacheBytesMax: number
}

export interface PackageStoreDeps {
  clock: Clock
  /** For this store alone, or for those that share its documents. Closed by its owner. */
  blobs: BlobStore
}

/** `directory` holds `unpacked/` (the cache) and `incoming/` (zips that are being checked or unpacked; emptied at start). */
export async function createPackageStore(options: PackageStoreOptions, deps: PackageStoreDeps): Promise<PackageStore> {
  const { directory } = options
  const incoming = join(directory, 'incoming')
  await removeTree(incoming)
  await mkdir(incoming, { recursive: true })
  await moveOldZips(join(directory, OLD_ZIPS), deps.blobs)
  const folders = await openFolderCache(join(directory, 'unpacked'), deps.clock)
  return new BlobPackageStore(options, deps, folders)
}

class BlobPackageStore implements PackageStore {
  readonly #clock: Clock
  readonly #blobs: BlobStore
  readonly #limits: PackageLimits
  readonly #cacheBytesMax: number
  readonly #incoming: string
  readonly #folders: FolderCache
  readonly #making = new Map<string, Promise<string>>()
  /** Per package: a sweep that forgets it and somebody who brings it again take turns. */
  readonly #turns = createLanes()
  /** Two threads, so that somebody's upload never delays somebody's cold start. */
  readonly #checks: PackageLane
  readonly #unpacks: PackageLane
  #incomingCount = 0

  constructor(options: PackageStoreOptions, { clock, blobs }: PackageStoreDeps, folders: FolderCache) {
    this.#clock = clock
    this.#blobs = blobs
    this.#limits = { ...packageLimits, ...options.limits }
    this.#cacheBytesMax = options.cacheBytesMax
    this.#incoming = join(options.directory, 'incoming')
    this.#folders = folders
    this.#checks = createLane(clock)
    this.#unpacks = createLane(clock)
  }

  async put(zip: Pieces): Promise<StoredPackage> {
    // New code is about to run somewhere.
    this.#unpacks.warm()
    return this.#withFile(zip, async (zipPath) => {
      try {
        const code = await this.#checks.run({ kind: 'check', zipPath, limits: this.#limits })
        await this.#turns.run(code.sha256, () => this.#store(code, zipPath))
        return code
      } catch (error) {
        throw error instanceof PackageError ? refusal(error.message) : error
      }
    })
  }

  async #store({ sha256, sizeBytes }: StoredPackage, zipPath: string): Promise<void> {
    if ((await this.#blobs.info(sha256))?.bytes === sizeBytes) await this.#mark(sha256)
    else await this.#blobs.put(sha256, createReadStream(zipPath))
  }

  async #mark(sha256: string): Promise<void> {
    await this.#blobs.put(`${sha256}.renewed`, nothing())
  }

  async open(sha256: string): Promise<Readable | undefined> {
    if (!SHA256.test(sha256)) return undefined
    try {
      return await this.#blobs.open(sha256)
    } catch (error) {
      if (error instanceof BlobNotFoundError) return undefined
      throw error
    }
  }

  unpack(sha256: string): Promise<string> {
    return this.#folder(sha256, async (folder) => {
      if (!SHA256.test(sha256)) throw new Error('a code package is named by 64 lower-case hex digits')
      try {
        return await this.#withFile(await this.#blobs.open(sha256), (zipPath) =>
          this.#unpacks.run({ kind: 'unpack', zipPath, folder, limits: this.#limits }),
        )
      } catch (error) {
        if (error instanceof FcError) throw error
        throw new Error(`code package ${sha256} cannot be unpacked: ${(error as Error).message}`, { cause: error })
      }
    })
  }

  unpackTogether(sha256s: readonly string[]): Promise<string> {
    if (sha256s.length === 1) return this.unpack(sha256s[0]!)
    return this.#folder(togetherKey(sha256s), async (folder) => {
      const sources = await Promise.all(sha256s.map((sha256) => this.unpack(sha256)))
      try {
        return await this.#unpacks.run({ kind: 'link', sources, folder, limits: this.#limits })
      } catch (error) {
        if (!(error instanceof PackageError)) throw error
        throw new FcError('InvalidArgument', `the layers cannot be used together: ${error.message}`)
      }
    })
  }

  /** The folder of this name, made by `make` at first use, once however many ask at once; `make` tells its size on disk. */
  #folder(name: string, make: (scratch: string) => Promise<number>): Promise<string> {
    const folder = this.#folders.use(name)
    if (folder !== undefined) return Promise.resolve(folder)
    const underway = this.#making.get(name)
    if (underway !== undefined) return underway
    const making = this.#make(name, make).finally(() => this.#making.delete(name))
    this.#making.set(name, making)
    return making
  }

  async #make(name: string, make: (scratch: string) => Promise<number>): Promise<string> {
    const scratch = this.#folders.scratch()
    try {
      return this.#folders.add(name, scratch, await make(scratch))
    } catch (error) {
      await removeTree(scratch)
      throw error
    }
  }

  renew(sha256: string): Promise<void> {
    return this.#turns.run(sha256, async () => {
      if ((await this.#blobs.info(sha256)) === undefined) throw new BlobNotFoundError(sha256)
      await this.#mark(sha256)
    })
  }

  async sweep(used: ReadonlySet<string>, running: ReadonlySet<string> = used): Promise<void> {
    const idleSinceMs = this.#clock.nowMs() - SWEEP_GRACE_MS
    const unused = new Set<string>()
    for await (const { id } of this.#blobs.list()) {
      const sha256 = BLOB_ID.exec(id)?.[1]
      if (sha256 !== undefined && !used.has(sha256)) unused.add(sha256)
    }
    for (const sha256 of unused) await this.#turns.run(sha256, () => this.#forget(sha256, idleSinceMs))
    await this.#folders.shrink({
      sizeBytesMax: this.#cacheBytesMax,
      idleSinceMs,
      isWanted: (sha256) => used.has(sha256),
      isRunning: (sha256) => running.has(sha256),
    })
  }

  async #forget(sha256: string, idleSinceMs: number): Promise<void> {
    const ids = [sha256, `${sha256}.renewed`]
    const stored = await Promise.all(ids.map((id) => this.#blobs.info(id)))
    if (stored.some((blob) => blob !== undefined && blob.storedMs > idleSinceMs)) return
    for (const id of ids) await this.#blobs.remove(id)
  }

  /** The worker reads files: gives it one with what the source yields. */
  async #withFile<Result>(source: Pieces, use: (path: string) => Promise<Result>): Promise<Result> {
    const path = join(this.#incoming, String(++this.#incomingCount))
    try {
      await writeFile(path, bounded(source, this.#limits.zipBytesMax), { flag: 'wx', mode: 0o600 })
      return await use(path)
    } finally {
      await rm(path, { force: true })
    }
  }
}

type PackageLane = WorkerLane<Job, JobResults, string>

function createLane(clock: Clock): PackageLane {
  return new WorkerLane(
    {
      script: new URL('./worker.ts', import.meta.url),
      subject: 'code package',
      heapMBMax: WORKER_HEAP_MB_MAX,
      toError: (reason) => new PackageError(reason),
    },
    clock,
  )
}

function refusal(reason: string): FcError {
  return new FcError('InvalidArgument', `the code package is not accepted: ${reason}`)
}

async function* bounded(source: Pieces, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of source) {
    bytes += piece.byteLength
    if (bytes > bytesMax) throw refusal(`the zip has more than ${megabytes(bytesMax)}, which is the most`)
    yield piece
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function moveOldZips(folder: string, blobs: BlobStore): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (names === undefined) return
  for (const name of names) await blobs.put(name.replace(/\.zip$/, ''), createReadStream(join(folder, name)))
  await rm(folder, { recursive: true })
}
