/** Takes the bytes that a client sends to where they will stay, and removes them again when they become no object. */
import { Buffer } from 'node:buffer'
import type { BlobStore } from '../blobs/port.ts'
import type { BlobKeeper } from './blob-keeper.ts'
import { storageFailure } from './failures.ts'
import type { Ids } from './ids.ts'
import type { Content, Piece } from './index/model.ts'
import { Intake } from './intake.ts'
import type { Expected } from './intake.ts'
import { objectLimits } from './limits.ts'
import { openPieces } from './pieces.ts'

export interface ReceiverDeps {
  blobs: BlobStore
  keeper: BlobKeeper
  ids: Ids
  notify: (message: string) => void
  /** Of these blobs, those that nothing refers to. */
  unreferenced(ids: readonly string[]): Promise<string[]>
}

export type Said = Omit<Expected, 'bytesMax'>

const NO_DATA = new Uint8Array()

export class Receiver {
  readonly #deps: ReceiverDeps

  constructor(deps: ReceiverDeps) {
    this.#deps = deps
  }

  /** Stores the bytes in a blob and commits; when either fails, the blob goes. */
  receive<Result>(
    source: AsyncIterable<Uint8Array>,
    said: Said,
    commit: (content: Content) => Promise<Result>,
  ): Promise<Result> {
    return this.receiveSmall(source, said, 0, commit)
  }

  /** Up to so many bytes are given to the commit itself, as `data`. */
  async receiveSmall<Result>(
    source: AsyncIterable<Uint8Array>,
    { contentLength, contentMd5 }: Said,
    dataBytesMax: number,
    commit: (content: Content, data: Uint8Array) => Promise<Result>,
  ): Promise<Result> {
    const { blobs, keeper, ids, notify } = this.#deps
    const intake = new Intake(source, { bytesMax: objectLimits.putBytesMax, contentLength, contentMd5 })
    const pieces = intake.pieces()
    const first: Uint8Array[] = []
    let isWhole = false
    while (!isWhole && (first.length === 0 || intake.bytes <= dataBytesMax)) {
      const next = await pieces.next()
      if (next.done === true) isWhole = true
      else first.push(next.value)
    }
    if (isWhole) return commit(intake.content([]), first.length === 0 ? NO_DATA : Buffer.concat(first))

    const blob = ids.blob()
    keeper.hold([blob])
    try {
      await blobs.put(blob, chain(first, pieces)).catch((error: unknown) => {
        throw intake.failure === undefined ? storageFailure(error, notify) : intake.failure.error
      })
      return await this.#committing(blob, () =>
        commit(intake.content([{ blob, first: 0, bytes: intake.bytes }]), NO_DATA),
      )
    } finally {
      keeper.release([blob])
    }
  }

  /** What these pieces would be as an object. */
  async hash(pieces: readonly Piece[]): Promise<Content> {
    const intake = new Intake(await openPieces(this.#deps.blobs, pieces), { bytesMax: objectLimits.putBytesMax })
    for await (const _ of intake.pieces()) continue
    return intake.content(pieces)
  }

  async #committing<Result>(blob: string, commit: () => Promise<Result>): Promise<Result> {
    try {
      return await commit()
    } catch (error) {
      await this.#removeUncommitted(blob)
      throw error
    }
  }

  /** When the database failed, the commit may have been made all the same: only what it does not know may go. */
  async #removeUncommitted(blob: string): Promise<void> {
    try {
      const [unreferenced] = await this.#deps.unreferenced([blob])
      if (unreferenced !== undefined) await this.#deps.blobs.remove(blob)
    } catch {
      // A sweep will find it.
    }
  }
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array> {
  yield* first
  yield* rest
}
