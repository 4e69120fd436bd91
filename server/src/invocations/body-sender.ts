/** Feeds a request body into a stream within its credit. */
import type { LinkStream } from '../instances/port.ts'

/** Largest piece per frame: small enough that one stream's body does not hold up the frames of others. */
const PIECE_BYTES_MAX = 65_536

export class BodySender {
  readonly #stream: LinkStream
  readonly #onDrain: () => void
  #queue: Buffer[] = []
  #isEnding = false
  #isWaiting = false

  constructor(stream: LinkStream, onDrain: () => void) {
    this.#stream = stream
    this.#onDrain = onDrain
  }

  /** Returns false when the credit is used up; `onDrain` tells when all was sent. */
  push(chunk: Buffer, end: boolean): boolean {
    if (chunk.length > 0) this.#queue.push(chunk)
    this.#isEnding ||= end
    this.pump()
    this.#isWaiting = this.#queue.length > 0
    return !this.#isWaiting
  }

  /** Sends what the credit allows. */
  pump(): void {
    const stream = this.#stream
    while (this.#queue.length > 0 && stream.sendCreditBytes > 0 && !stream.isRequestEnded) {
      const chunk = this.#queue[0]!
      const bytes = Math.min(chunk.length, stream.sendCreditBytes, PIECE_BYTES_MAX)
      if (bytes === chunk.length) this.#queue.shift()
      else this.#queue[0] = chunk.subarray(bytes)
      stream.send(bytes === chunk.length ? chunk : chunk.subarray(0, bytes), this.#isEnding && this.#queue.length === 0)
    }
    if (stream.isRequestEnded) this.#queue = []
    if (this.#isEnding && this.#queue.length === 0 && !stream.isRequestEnded) stream.send(EMPTY, true)
    if (this.#isWaiting && this.#queue.length === 0) {
      this.#isWaiting = false
      this.#onDrain()
    }
  }
}

const EMPTY = Buffer.alloc(0)
