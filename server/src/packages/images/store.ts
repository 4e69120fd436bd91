/** The images of functions: copied into the platform's own store when they are deployed, unpacked once per host. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, statfs, symlink, utimes } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import type { ImageRef } from '../../model.ts'
import { WorkerLane } from '../../worker-lane.ts'
import { openFolderCache, removeTree, type FolderCache } from '../folder-cache.ts'
import type { ImageStore, RegistryAccess, UnpackedImage } from '../port.ts'
import { checkSizes, imageArchitecture, LAYOUT_TAG, readLayout, type LayoutImage } from './layout.ts'
import type { LayerJob } from './layer-worker.ts'
import { gigabytes, ImageError, imageLimits, type ImageLimits } from './limits.ts'
import { ImageProgramFailure, ImagePrograms } from './programs.ts'
import { parseReference, type ImageSource } from './reference.ts'
import { registryOptions } from './registry-access.ts'
import { resolveUser } from './user.ts'

/** As for code packages: a put must be followed by its document, an open by its instance. */
export const SWEEP_GRACE_MS = 60 * 60 * 1000
/** Copies at a time are one, as they fill the line and the disk; so many more may wait. */
const WAITING_PUTS_MAX = 32
const WORKER_HEAP_MB_MAX = 256
const SHA256 = /^[0-9a-f]{64}$/
/** Left free on the disk when an image is unpacked, as a share. */
const FREE_SHARE_MIN = 0.05
const ACCEPT_PLAIN = '--dest-oci-accept-uncompressed-layers'
const SKOPEO = ['--insecure-policy', '--override-os=linux']

export interface ImageStoreOptions {
  /** Belongs to this store alone; made when absent. */
  directory: string
  /** Where local images lie that functions may be made of. */
  imagesFolder: string
  /** Unpacked images, on disk; `sweep` holds it. */
  cacheBytesMax: number
  /** Of the platform: where programs are found, how registries are reached. */
  environment: Readonly<Record<string, string | undefined>>
  limits?: Partial<ImageLimits>
}

/**
 * `directory` holds `layouts/` (an OCI layout for each image, under the SHA-256 of its manifest), `unpacked/` (the cache)
 * and `incoming/` (images on their way; emptied at start). It is closed to other users: images bring files that belong to
 * root and run as their owner.
 */
export async function createImageStore(options: ImageStoreOptions, deps: { clock: Clock }): Promise<ImageStore> {
  const directory = resolve(options.directory)
  const imagesFolder = resolve(options.imagesFolder)
  await removeTree(join(directory, 'incoming'))
  await mkdir(imagesFolder, { recursive: true })
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const name of ['incoming', 'layouts']) await mkdir(join(directory, name), { recursive: true, mode: 0o700 })
  const folders = await openFolderCache(join(directory, 'unpacked'), deps.clock)
  return new DiskImageStore({ ...options, directory, imagesFolder }, deps.clock, folders)
}

class DiskImageStore implements ImageStore {
  readonly #options: ImageStoreOptions
  readonly #clock: Clock
  readonly #limits: ImageLimits
  readonly #architecture = imageArchitecture(process.arch)
  readonly #folders: FolderCache
  readonly #programs: ImagePrograms
  readonly #checks: WorkerLane<LayerJob, { check: number }, string>
  readonly #opening = new Map<string, Promise<UnpackedImage>>()
  #lastPut: Promise<unknown> = Promise.resolve()
  #waitingPuts = 0
  #incomingCount = 0

  constructor(options: ImageStoreOptions, clock: Clock, folders: FolderCache) {
    this.#options = options
    this.#clock = clock
    this.#limits = { ...imageLimits, ...options.limits }
    this.#folders = folders
    this.#programs = new ImagePrograms(options.environment)
    const script = new URL('./layer-worker.ts', import.meta.url)
    const toError = (reason: string) => new ImageError(reason)
    this.#checks = new WorkerLane({ script, subject: 'image', heapMBMax: WORKER_HEAP_MB_MAX, toError }, clock)
  }

  async put(reference: string, access: RegistryAccess): Promise<ImageRef> {
    if (this.#waitingPuts >= WAITING_PUTS_MAX) {
      throw new FcError('ResourceThrottled', 'too many images are being copied; try again')
    }
    this.#waitingPuts++
    const put = this.#lastPut.then(() => this.#put(reference, access))
    this.#lastPut = put.catch(() => {}).finally(() => this.#waitingPuts--)
    try {
      return await put
    } catch (error) {
      if (error instanceof ImageError || error instanceof ImageProgramFailure) {
        throw new FcError('InvalidArgument', `customContainerConfig.image is not accepted: ${error.message}`)
      }
      throw error
    }
  }

  async #put(reference: string, access: RegistryAccess): Promise<ImageRef> {
    const source = parseReference(reference, this.#options.imagesFolder)
    await this.#checkSpace(0)
    const scratch = join(this.#options.directory, 'incoming', String(++this.#incomingCount))
    await mkdir(scratch, { mode: 0o700 })
    try {
      const pinned = await this.#copy(source, access, scratch)
      const layout = join(scratch, 'layout')
      const { sha256, sizeBytes } = await readLayout(layout, this.#architecture, this.#limits)
      await this.#keepLayout(layout, sha256)
      // Also whether it can be unpacked is told now, not at the first request.
      await this.open(sha256)
      return { sha256, sizeBytes, resolvedUri: pinned ?? `${reference}@sha256:${sha256}` }
    } finally {
      await removeTree(scratch)
    }
  }

  /** Copies it to `layout` in the scratch folder; returns the name that means this very image in its registry, or null. */
  async #copy(source: ImageSource, access: RegistryAccess, scratch: string): Promise<string | null> {
    const { imageBytesMax } = this.#limits
    if (source.kind !== 'registry') {
      // A name of our own: skopeo would take a colon in a path for its end.
      await symlink(source.path, join(scratch, 'source'))
      const isFolder = (await stat(source.path)).isDirectory()
      if (isFolder !== (source.kind === 'oci')) {
        throw new ImageError(source.kind === 'oci' ? 'oci: names a folder' : 'docker-archive: names a file')
      }
      const name = source.name === '' ? '' : `:${source.name}`
      // Of the plain layers of an archive skopeo says that they are compressed, unless it compresses them.
      const options = source.kind === 'oci' ? [ACCEPT_PLAIN] : []
      await this.#skopeoCopy(`${source.kind}:source${name}`, options, scratch, imageBytesMax)
      return null
    }
    const options = await registryOptions(access, source.repository, scratch)
    const inspect = (suffix: string) =>
      this.#skopeo(
        ['inspect', '--raw', ...options(''), `docker://${source.repository}${suffix}`],
        scratch,
        imageBytesMax,
      )
    const manifest = await inspect(source.digest === null ? `:${source.tag}` : `@${source.digest}`)
    const digest = source.digest ?? `sha256:${createHash('sha256').update(manifest).digest('hex')}`
    const own = this.#ownManifest(manifest)
    const sizeBytes = this.#sizeIn(own === null ? manifest : await inspect(`@${own}`))
    const pinned = `${source.repository}@${digest}`
    const copying = [ACCEPT_PLAIN, ...options('src-')]
    await this.#skopeoCopy(`docker://${pinned}`, copying, scratch, sizeBytes + this.#limits.documentBytesMax)
    return pinned
  }

  /** In a list of images for several machines, the digest of that for this one; null when it is no list. */
  #ownManifest(text: string): string | null {
    const { manifests } = parseManifest(text)
    if (manifests === undefined) return null
    const isOwn = ({ os, architecture }: Platform) => os === 'linux' && architecture === this.#architecture
    const own = manifests.find(({ platform }) => platform !== undefined && isOwn(platform))
    if (own !== undefined) return own.digest
    const made = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
    throw new ImageError(`it is made for ${made.join(', ')}; this machine runs linux/${this.#architecture}`)
  }

  #sizeIn(text: string): number {
    const { config, layers = [] } = parseManifest(text)
    return checkSizes([config ?? {}, ...layers], this.#limits)
  }

  async #skopeoCopy(from: string, options: readonly string[], scratch: string, fileBytesMax: number): Promise<void> {
    const args = ['copy', '--quiet', ...options, from, `oci:layout:${LAYOUT_TAG}`]
    try {
      await this.#skopeo(args, scratch, fileBytesMax)
    } catch (error) {
      if (!(error instanceof ImageProgramFailure) || !error.message.includes('file too large')) throw error
      throw new ImageError(`a layer has more than ${gigabytes(fileBytesMax)}`, { cause: error })
    }
  }

  #skopeo(args: readonly string[], folder: string, fileBytesMax: number): Promise<string> {
    const global = [...SKOPEO, `--override-arch=${this.#architecture}`, `--tmpdir=${folder}`]
    return this.#programs.run('skopeo', [...global, ...args], {
      ...{ folder, fileBytesMax },
      timeoutMs: this.#limits.programMsMax,
    })
  }

  /** A new layout takes the place of an old one of the same image, whose grace period it starts anew. */
  async #keepLayout(layout: string, sha256: string): Promise<void> {
    const place = this.#layoutPath(sha256)
    const isKnown = await stat(place).then(
      () => true,
      () => false,
    )
    if (!isKnown) await rename(layout, place)
    const nowSeconds = this.#clock.nowMs() / 1000
    await utimes(place, nowSeconds, nowSeconds)
  }

  open(sha256: string): Promise<UnpackedImage> {
    const underway = this.#opening.get(sha256)
    if (underway !== undefined) return underway
    const opening = this.#open(sha256).finally(() => this.#opening.delete(sha256))
    this.#opening.set(sha256, opening)
    return opening
  }

  async #open(sha256: string): Promise<UnpackedImage> {
    if (!SHA256.test(sha256)) throw new Error('an image is named by 64 lower-case hex digits')
    const image = await readLayout(this.#layoutPath(sha256), this.#architecture, this.#limits)
    const rootFolder = this.#folders.use(sha256) ?? (await this.#unpack(sha256, image))
    const { user, ...config } = image.config
    return { rootFolder, config: { ...config, user: await resolveUser(user, rootFolder) } }
  }

  async #unpack(sha256: string, { layers }: LayoutImage): Promise<string> {
    const sizeBytes = await this.#checks.run({ kind: 'check', layers, limits: this.#limits })
    await this.#checkSpace(sizeBytes)
    const scratch = this.#folders.scratch()
    try {
      await this.#programs.run('umoci', ['raw', 'unpack', `--image=.:${LAYOUT_TAG}`, scratch], {
        folder: this.#layoutPath(sha256),
        timeoutMs: this.#limits.programMsMax,
        fileBytesMax: this.#limits.unpackedBytesMax,
      })
      return this.#folders.add(sha256, scratch, sizeBytes)
    } catch (error) {
      await removeTree(scratch)
      throw error
    }
  }

  async #checkSpace(sizeBytes: number): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#options.directory)
    if (bavail * bsize - sizeBytes >= blocks * bsize * FREE_SHARE_MIN) return
    const free = gigabytes(bavail * bsize)
    throw new FcError(
      'ServiceUnavailable',
      `the image unpacks to ${gigabytes(sizeBytes)}, and the disk has ${free} left`,
    )
  }

  async sweep(used: ReadonlySet<string>, running: ReadonlySet<string>): Promise<void> {
    const idleSinceMs = this.#clock.nowMs() - SWEEP_GRACE_MS
    const layouts = join(this.#options.directory, 'layouts')
    for (const sha256 of await readdir(layouts)) {
      if (used.has(sha256) || this.#opening.has(sha256)) continue
      const { mtimeMs } = await stat(this.#layoutPath(sha256))
      if (mtimeMs <= idleSinceMs) await rm(this.#layoutPath(sha256), { recursive: true, force: true })
    }
    await this.#folders.shrink({
      sizeBytesMax: this.#options.cacheBytesMax,
      idleSinceMs,
      isWanted: (sha256) => used.has(sha256),
      isRunning: (sha256) => running.has(sha256) || this.#opening.has(sha256),
    })
  }

  #layoutPath(sha256: string): string {
    return join(this.#options.directory, 'layouts', sha256)
  }
}

interface Platform {
  os?: string
  architecture?: string
}

interface Manifest {
  config?: { size?: number }
  layers?: { size?: number }[]
  manifests?: { digest: string; platform?: Platform }[]
}

function parseManifest(text: string): Manifest {
  try {
    return JSON.parse(text) as Manifest
  } catch (error) {
    throw new ImageError('the registry answered with no manifest', { cause: error })
  }
}
