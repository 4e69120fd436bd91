/** Streams of bytes that are all here already. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

/** Who can do more with all of them at once takes `bytes`, and destroys the stream. */
export class WholeStream extends Readable {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    super()
    this.bytes = bytes
  }

  override _read(): void {
    this.push(this.bytes)
    this.push(null)
  }
}

/** All that a stream has to give. */
export async function bytesOf(stream: Readable): Promise<Uint8Array> {
  if (!(stream instanceof WholeStream)) return buffer(stream)
  const { bytes } = stream
  stream.destroy()
  return bytes
}
