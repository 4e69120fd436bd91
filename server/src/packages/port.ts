/** Code packages and container images: stored by content, unpacked once per host. */
import type { Readable } from 'node:stream'
import type { CodeRef, ImageRef } from '../model.ts'

export interface PackageStore {
  /**
   * Checks the zip whole (structure, names, links, sizes, ratio, contents) and stores it; durable when it resolves.
   * Rejects with FcError InvalidArgument that names what is wrong and what is accepted; nothing is kept then.
   */
  put(zip: Buffer): Promise<CodeRef>
  /** The zip as it was uploaded; undefined when unknown. */
  open(sha256: string): Promise<Readable | undefined>
  /** The folder with the unpacked code, read-only; unpacks at first use, one unpacking however many ask at once. */
  unpack(sha256: string): Promise<string>
  /**
   * Forgets zips and folders that are not in `used` and older than the grace period. `used` names what a document
   * refers to and what an instance runs on. With `running` (what instances run on), unpacked folders beyond the size of
   * the cache go too, least recently used first; without it, every folder in `used` may be in use and stays.
   */
  sweep(used: ReadonlySet<string>, running?: ReadonlySet<string>): Promise<void>
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
