/** Code packages: stored by content, unpacked once per host. */
import type { Readable } from 'node:stream'
import type { CodeRef } from '../model.ts'

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
