/** Code packages and container images: stored by content, unpacked once per host. */
import { hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { CodeRef, FunctionConfig, ImageRef } from '../model.ts'

export interface StoredPackage extends CodeRef {
  /** All files together. */
  unpackedBytes: number
}

/** Bytes in order. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export interface PackageStore {
  /**
   * Checks the zip whole (structure, names, links, sizes, ratio, contents) and stores it; durable when it resolves.
   * Rejects with FcError InvalidArgument that names what is wrong and what is accepted; nothing is kept then.
   */
  put(zip: Pieces): Promise<StoredPackage>
  /** The zip as it was uploaded; undefined when unknown. */
  open(sha256: string): Promise<Readable | undefined>
  /** The folder with the unpacked code, read-only; unpacks at first use, one unpacking however many ask at once. */
  unpack(sha256: string): Promise<string>
  /**
   * The same for several packages in one folder: of what has the same path, that of the first package is there. Rejects
   * with FcError InvalidArgument when they do not go together: too many files, or a link that would leave the folder.
   */
  unpackTogether(sha256s: readonly string[]): Promise<string>
  /** Starts the grace period of a stored package anew, for a document that is about to refer to it. */
  renew(sha256: string): Promise<void>
  /**
   * Forgets zips and folders that are not in `used` and older than the grace period. `used` names what a document
   * refers to and what an instance runs on. With `running` (what instances run on), unpacked folders beyond the size of
   * the cache go too, least recently used first; without it, every folder in `used` may be in use and stays.
   */
  sweep(used: ReadonlySet<string>, running?: ReadonlySet<string>): Promise<void>
}

/** Names a folder of several packages, as the SHA-256 of one names its folder. */
export function togetherKey(sha256s: readonly string[]): string {
  return hash('sha256', sha256s.join('\n'))
}

/** What instances of a function need, in the terms of `sweep`: code or image, its layers, and the folder of these. */
export function packagesOf({ code, image, layers }: Pick<FunctionConfig, 'code' | 'image' | 'layers'>): string[] {
  const ofLayers = layers.map((layer) => layer.code.sha256)
  const own = [code, image].flatMap((ref) => (ref ? [ref.sha256] : []))
  return [...own, ...ofLayers, ...(ofLayers.length > 1 ? [togetherKey(ofLayers)] : [])]
}
export { programProblem } from './images/find-program.ts'
export type { ProgramProblem } from './images/find-program.ts'

/** How the registry of an image is asked; empty texts: not given. */
export interface RegistryAccess {
  userName: string
  password: string
  /** Over HTTP, or with a certificate that nobody has signed. */
  isInsecure: boolean
  /** Who signs the registry's certificate: PEM in base64. */
  rootCaCertificate: string
}

/** Ids as the image has them. */
export interface ImageUser {
  uid: number
  gid: number
  /** Beside `gid`. */
  groups: readonly number[]
}

export interface UnpackedImage {
  /** Host folder with its files, owned by the users that the image names; nothing in it may be run outside of a sandbox. */
  rootFolder: string
  /** What the image says of itself; texts and lists may be empty. */
  config: {
    entrypoint: readonly string[]
    command: readonly string[]
    environment: Readonly<Record<string, string>>
    workingFolder: string
    user: ImageUser
  }
}

export interface ImageStore {
  /**
   * Copies the image that the reference names now, checks it whole and unpacks it. Rejects with FcError InvalidArgument that
   * says what is wrong with it; nothing is kept then.
   */
  put(reference: string, access: RegistryAccess): Promise<ImageRef>
  /** Unpacks at first use, one unpacking however many ask at once. */
  open(sha256: string): Promise<UnpackedImage>
  /** As that of the package store, for images. */
  sweep(used: ReadonlySet<string>, running: ReadonlySet<string>): Promise<void>
}
