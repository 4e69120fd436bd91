/** Small blobs from memory: those that were read last. The bytes of a blob never change. */
import type { Readable } from 'node:stream'
import { ReadCache } from '../read-cache.ts'
import { bytesOf, WholeStream } from '../whole-stream.ts'
import type { BlobInfo, BlobStore, ByteRange } from './port.ts'

const CACHE_BYTES_MAX = 64 * 1024 * 1024
const BLOB_BYTES_MAX = 256 * 1024
/** What one costs beside its bytes. */
const ENTRY_BYTES = 512

/** Closes `blobs` with itself. */
export function cachedBlobs(blobs: BlobStore): BlobStore {
  return new CachedBlobs(blobs)
}

class CachedBlobs implements BlobStore {
  readonly #blobs: BlobStore
  /** Of each blob as much of its beginning as was read: the whole of it, unless somebody asked for less. */
  readonly #beginnings = new ReadCache<Uint8Array>(CACHE_BYTES_MAX, ({ length }) => length + ENTRY_BYTES)

  constructor(blobs: BlobStore) {
    this.#blobs = blobs
  }

  put(id: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#blobs.put(id, source)
  }

  async open(id: string, range?: ByteRange): Promise<Readable> {
    // How long it is, and so whether it is kept whole, only the store knows.
    if (range === undefined) return this.#blobs.open(id)
    const bytes = await this.#read(id, range)
    return bytes === undefined ? this.#blobs.open(id, range) : new WholeStream(bytes)
  }

  info(id: string): Promise<BlobInfo | undefined> {
    return this.#blobs.info(id)
  }

  remove(id: string): Promise<void> {
    return this.#beginnings.change(id, () => this.#blobs.remove(id))
  }

  list(): AsyncIterable<BlobInfo> {
    return this.#blobs.list()
  }

  check(): Promise<void> {
    return this.#blobs.check()
  }

  close(): Promise<void> {
    return this.#blobs.close()
  }

  /** Undefined: not from here. */
  async #read(id: string, { first, last }: ByteRange): Promise<Uint8Array | undefined> {
    let beginning = this.#beginnings.get(id)
    if (beginning === undefined || last >= beginning.length) {
      if (first > 0 || last >= BLOB_BYTES_MAX) return undefined
      if (beginning !== undefined) this.#beginnings.forget(id)
      beginning = await this.#beginnings.read(id, async () => bytesOf(await this.#blobs.open(id, { first, last })))
    }
    // It may be what somebody else asked for at the same time.
    return last < beginning.length ? beginning.subarray(first, last + 1) : undefined
  }
}
