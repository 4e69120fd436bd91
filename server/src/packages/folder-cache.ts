/** The unpacked packages of this host: which there are, how much disk they take, when each was last asked for. */
import { readFileSync, renameSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'

/** The size is part of the name, so that one rename makes a folder and its size known together. */
const FOLDER_NAME = /^([0-9a-f]{64})-(\d+)$/
const SCRATCH_PREFIX = 'scratch-'
const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id'

interface Folder {
  path: string
  sizeBytes: number
  lastUsedMs: number
}

export class FolderCache {
  readonly #root: string
  readonly #clock: Clock
  readonly #folders = new Map<string, Folder>()
  #scratchCount = 0

  constructor(root: string, clock: Clock) {
    this.#root = root
    this.#clock = clock
  }

  /** Takes over what earlier runs unpacked and removes what they left half done. */
  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o755 })
    for (const name of await readdir(this.#root)) {
      const match = FOLDER_NAME.exec(name)
      const path = join(this.#root, name)
      if (match) this.#folders.set(match[1]!, { path, sizeBytes: Number(match[2]), lastUsedMs: this.#clock.nowMs() })
      else await removeTree(path)
    }
  }

  /** The folder of a package, which now counts as used; undefined when it is not unpacked. */
  use(sha256: string): string | undefined {
    const folder = this.#folders.get(sha256)
    if (folder === undefined) return undefined
    folder.lastUsedMs = this.#clock.nowMs()
    return folder.path
  }

  /** A name beside the folders for one that is being made or removed; `open` removes what is left of such. */
  scratch(): string {
    return join(this.#root, `${SCRATCH_PREFIX}${++this.#scratchCount}`)
  }

  /** Makes a folder that is whole part of the cache. */
  add(sha256: string, scratchPath: string, sizeBytes: number): string {
    const path = join(this.#root, `${sha256}-${sizeBytes}`)
    renameSync(scratchPath, path)
    this.#folders.set(sha256, { path, sizeBytes, lastUsedMs: this.#clock.nowMs() })
    return path
  }

  /** Removes idle folders: all that `isWanted` denies, and the least recently used until the rest fits in `sizeBytesMax`. */
  async shrink(options: {
    sizeBytesMax: number
    idleSinceMs: number
    isWanted(sha256: string): boolean
    isRunning(sha256: string): boolean
  }): Promise<void> {
    let sizeBytes = 0
    for (const folder of this.#folders.values()) sizeBytes += folder.sizeBytes
    const oldestFirst = [...this.#folders].sort(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs)
    const removed: string[] = []
    for (const [sha256, folder] of oldestFirst) {
      if (folder.lastUsedMs > options.idleSinceMs || options.isRunning(sha256)) continue
      if (options.isWanted(sha256) && sizeBytes <= options.sizeBytesMax) continue
      sizeBytes -= folder.sizeBytes
      const path = this.scratch()
      renameSync(folder.path, path)
      this.#folders.delete(sha256)
      removed.push(path)
    }
    for (const path of removed) await removeTree(path)
  }
}

/**
 * Folders are trusted as long as the host runs: their files are not flushed one by one, so after a power failure they may
 * be empty. Another boot has another root; the roots of earlier boots are removed meanwhile (what fails, at a later start).
 */
export async function openFolderCache(directory: string, clock: Clock): Promise<FolderCache> {
  const root = bootId() ?? `start-${clock.nowMs()}`
  await mkdir(directory, { recursive: true, mode: 0o755 })
  for (const name of await readdir(directory)) if (name !== root) void removeTree(join(directory, name)).catch(() => {})
  const cache = new FolderCache(join(directory, root), clock)
  await cache.open()
  return cache
}

function bootId(): string | undefined {
  try {
    return readFileSync(BOOT_ID_FILE, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Unpacked folders are read-only, which hinders whoever is not root from removing what they hold. */
export async function removeTree(path: string): Promise<void> {
  await makeWritable(path)
  await rm(path, { recursive: true, force: true })
}

async function makeWritable(path: string): Promise<void> {
  try {
    await chmod(path, 0o700)
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory()) await makeWritable(join(path, entry.name))
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  }
}
