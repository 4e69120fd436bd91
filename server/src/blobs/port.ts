/** Bytes by id, written once and never changed: what objects and code packages are made of. */
import type { Readable } from 'node:stream'

/** Positions of the first and the last byte. */
export interface ByteRange {
  first: number
  last: number
}

export interface BlobInfo {
  id: string
  bytes: number
  /** When it was last put; of whole seconds perhaps. */
  storedMs: number
}

export class BlobNotFoundError extends Error {
  constructor(id: string) {
    super(`blob '${id}' is not stored`)
    this.name = 'BlobNotFoundError'
  }
}

export interface BlobStore {
  /**
   * Stores what the source yields, piece by piece; durable and whole when it resolves, to the bytes stored. When it
   * rejects (source failed, no space) nothing is kept. The id is `[A-Za-z0-9._-]{1,200}` without a leading dot, new or with
   * the same content. Pieces are not changed after they were yielded.
   */
  put(id: string, source: AsyncIterable<Uint8Array>): Promise<number>
  /**
   * Rejects with BlobNotFoundError. A range beyond the blob is an error, here or of the stream. Destroying the stream frees
   * what it holds.
   */
  open(id: string, range?: ByteRange): Promise<Readable>
  /** Undefined when it is not stored. */
  info(id: string): Promise<BlobInfo | undefined>
  /** Removing what is not there is fine; who reads it at that moment may go on or see an error. */
  remove(id: string): Promise<void>
  /** Every blob in some order, those that are stored meanwhile perhaps. */
  list(): AsyncIterable<BlobInfo>
  /** Rejects with a reason for the operator when blobs cannot be stored now. */
  check(): Promise<void>
  close(): Promise<void>
}
