/** The package store on a local disk. */
import { renameSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { WorkerLane } from '../worker-lane.ts'
import { openFolderCache, removeTree } from './folder-cache.ts'
import type { FolderCache } from './folder-cache.ts'
import { PackageError, megabytes, packageLimits } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { togetherKey } from './port.ts'
import type { PackageStore, StoredPackage } from './port.ts'
import type { Job, JobResults } from './worker.ts'

/** What is not referred to is kept so long: a put must be followed by its document, an unpack by its instance. */
export const SWEEP_GRACE_MS = 60 * 60 * 1000

const WORKER_HEAP_MB_MAX = 512
const SHA256 = /^[0-9a-f]{64}$/
const ZIP_NAME = /^([0-9a-f]{64})\.zip$/

export interface PackageStoreOptions {
  /** Belongs to this store alone; made when absent. */
  directory: string
  limits?: Partial<PackageLimits>
  /** Unpacked folders, on disk; `sweep` holds it. */
  cacheBytesMax: number
}

/**
 * `directory` holds `zips/` (the packages under their SHA-256), `unpacked/` (the cache) and `incoming/` (uploads being
 * checked; emptied at start).
 */
export async function createPackageStore(options: PackageStoreOptions, deps: { clock: Clock }): Promise<PackageStore> {
  const { directory } = options
  const incoming = join(directory, 'incoming')
  await removeTree(incoming)
  await mkdir(incoming, { recursive: true })
  await mkdir(join(directory, 'zips'), { recursive: true })
  const folders = await openFolderCache(join(directory, 'unpacked'), deps.clock)
  return new DiskPackageStore(options, deps.clock, folders)
}

class DiskPackageStore implements PackageStore {
  readonly #clock: Clock
  readonly #limits: PackageLimits
  readonly #cacheBytesMax: number
  readonly #zips: string
  readonly #incoming: string
  readonly #folders: FolderCache
  readonly #making = new Map<string, Promise<string>>()
  /** Two threads, so that somebody's upload never delays somebody's cold start. */
  readonly #checks: PackageLane
  readonly #unpacks: PackageLane
  #incomingCount = 0

  constructor(options: PackageStoreOptions, clock: Clock, folders: FolderCache) {
    this.#clock = clock
    this.#limits = { ...packageLimits, ...options.limits }
    this.#cacheBytesMax = options.cacheBytesMax
    this.#zips = join(options.directory, 'zips')
    this.#incoming = join(options.directory, 'incoming')
    this.#folders = folders
    this.#checks = createLane(clock)
    this.#unpacks = createLane(clock)
  }

  async put(zip: Buffer): Promise<StoredPackage> {
    const { zipBytesMax } = this.#limits
    if (zip.length > zipBytesMax) {
      throw refusal(`the zip has ${megabytes(zip.length)}; at most ${megabytes(zipBytesMax)} are accepted`)
    }
    // New code is about to run somewhere.
    this.#unpacks.warm()
    const temporary = this.#temporary()
    try {
      await this.#writeDurably(temporary, zip)
      const code = await this.#checks.run({ kind: 'check', zipPath: temporary, limits: this.#limits })
      // Also when the package is known: the new file starts a new grace period.
      renameSync(temporary, this.#zipPath(code.sha256))
      await syncDirectory(this.#zips)
      return code
    } catch (error) {
      await rm(temporary, { force: true })
      throw error instanceof PackageError ? refusal(error.message) : error
    }
  }

  async open(sha256: string): Promise<Readable | undefined> {
    if (!SHA256.test(sha256)) return undefined
    try {
      return (await open(this.#zipPath(sha256))).createReadStream()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  unpack(sha256: string): Promise<string> {
    return this.#folder(sha256, async (folder) => {
      if (!SHA256.test(sha256)) throw new Error('a code package is named by 64 lower-case hex digits')
      try {
        const job = { kind: 'unpack', zipPath: this.#zipPath(sha256), folder, limits: this.#limits } as const
        return await this.#unpacks.run(job)
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

  async renew(sha256: string): Promise<void> {
    const nowSeconds = this.#clock.nowMs() / 1000
    await utimes(this.#zipPath(sha256), nowSeconds, nowSeconds)
  }

  async sweep(used: ReadonlySet<string>, running: ReadonlySet<string> = used): Promise<void> {
    const idleSinceMs = this.#clock.nowMs() - SWEEP_GRACE_MS
    for (const name of await readdir(this.#zips)) {
      const sha256 = ZIP_NAME.exec(name)?.[1]
      if (sha256 !== undefined && !used.has(sha256)) await this.#removeZip(sha256, idleSinceMs)
    }
    await this.#folders.shrink({
      sizeBytesMax: this.#cacheBytesMax,
      idleSinceMs,
      isWanted: (sha256) => used.has(sha256),
      isRunning: (sha256) => running.has(sha256),
    })
  }

  /** Looking and moving away are one step for this thread, so a put of the same package comes before or after both. */
  async #removeZip(sha256: string, idleSinceMs: number): Promise<void> {
    const path = this.#zipPath(sha256)
    const stored = statSync(path, { throwIfNoEntry: false })
    if (stored === undefined || stored.mtimeMs > idleSinceMs) return
    const temporary = this.#temporary()
    renameSync(path, temporary)
    await rm(temporary, { force: true })
  }

  async #writeDurably(path: string, bytes: Buffer): Promise<void> {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      const nowSeconds = this.#clock.nowMs() / 1000
      await file.utimes(nowSeconds, nowSeconds)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  #temporary(): string {
    return join(this.#incoming, String(++this.#incomingCount))
  }

  #zipPath(sha256: string): string {
    return join(this.#zips, `${sha256}.zip`)
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

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
