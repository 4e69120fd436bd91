/** A stretch of an open file as a stream. */
import { Buffer } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Writable } from 'node:stream'

const READ_BYTES = 256 * 1024

/** Closes the file with itself. A file that ends too early is an error. */
export class FileStream extends Readable {
  readonly #file: FileHandle
  #position: number
  readonly #end: number
  /** A file must not be closed while it is read: its number may be another's by then. */
  #reading: Promise<unknown> = Promise.resolve()

  /** Of the bytes from `start` up to `end`, exclusive. */
  constructor(file: FileHandle, start: number, end: number) {
    // It reads one piece while another is on its way.
    super({ highWaterMark: 2 * READ_BYTES })
    this.#file = file
    this.#position = start
    this.#end = end
  }

  /**
   * Writes all to the sink, which is not ended, and closes. Unlike a pipe it does with two buffers, in turn, as new memory
   * costs as much as the bytes. Rejects when the file cannot be read, or when it or the sink is destroyed before the end.
   */
  async writeTo(sink: Writable): Promise<void> {
    const buffers = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)] as const
    let [older, newer] = [Promise.resolve(), Promise.resolve()]
    for (let turn = 0; this.#position < this.#end; turn ^= 1) {
      await older
      if (this.destroyed) break
      const bytes = await this.#readInto(buffers[turn as 0 | 1])
      if (this.destroyed || sink.destroyed) break
      older = newer
      newer = new Promise((resolve) => sink.write(bytes, () => resolve()))
    }
    await Promise.all([older, newer])
    if (this.destroyed || sink.destroyed) throw new Error('the reader has gone')
    this.destroy()
  }

  override _read(): void {
    if (this.#position === this.#end) {
      this.push(null)
      return
    }
    const size = Math.min(READ_BYTES, this.#end - this.#position)
    this.#readInto(Buffer.allocUnsafeSlow(size)).then(
      (bytes) => this.push(bytes),
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#reading
      .catch(() => {})
      .then(() => this.#file.close())
      .then(
        () => done(error),
        (failure: Error) => done(error ?? failure),
      )
  }

  async #readInto(buffer: Buffer): Promise<Buffer> {
    const wanted = Math.min(buffer.length, this.#end - this.#position)
    const reading = this.#file.read(buffer, 0, wanted, this.#position)
    this.#reading = reading
    const { bytesRead } = await reading
    if (bytesRead === 0) throw new Error(`the file ended at byte ${this.#position}; ${this.#end} were to come`)
    this.#position += bytesRead
    return buffer.subarray(0, bytesRead)
  }
}
