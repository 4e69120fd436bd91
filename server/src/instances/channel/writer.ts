/** Collects the frames of one turn of the event loop and hands them to the socket in one write. */
import type { Socket } from 'node:net'
import { FLAG_END, FRAME_HEADER_BYTES, writeFrameHeader } from './frames.ts'

/** Frames up to this size together are copied into one buffer; larger bodies go to the socket as they are. */
const SLAB_BYTES = 65_536
/** A body of at least this size is not copied into the slab. */
const COPIED_BODY_BYTES_MAX = 16_384

export class FrameWriter {
  readonly #socket: Socket
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #slabFree: Buffer | null = null
  #used = 0
  #scheduled = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes accepted and not yet taken by the kernel. */
  get backlogBytes(): number {
    return this.#used + this.#socket.writableLength
  }

  /** A frame whose payload is a head and the first bytes of a body. */
  head(type: number, stream: number, head: string, body: Buffer | null, end: boolean): void {
    const flags = end ? FLAG_END : 0
    const bodyBytes = body === null ? 0 : body.length
    const isCopied = bodyBytes < COPIED_BODY_BYTES_MAX
    // A character takes at most three bytes of UTF-8.
    const offset = this.#reserve(FRAME_HEADER_BYTES + 4 + head.length * 3 + (isCopied ? bodyBytes : 0))
    const headBytes = this.#slab.write(head, offset + FRAME_HEADER_BYTES + 4)
    writeFrameHeader(this.#slab, offset, 4 + headBytes + bodyBytes, type, flags, stream)
    this.#slab.writeUInt32BE(headBytes, offset + FRAME_HEADER_BYTES)
    this.#used = offset + FRAME_HEADER_BYTES + 4 + headBytes
    if (body !== null) this.#append(body, isCopied)
  }

  frame(type: number, stream: number, payload: Buffer | null, end: boolean): void {
    const payloadBytes = payload === null ? 0 : payload.length
    const isCopied = payloadBytes < COPIED_BODY_BYTES_MAX
    const offset = this.#reserve(FRAME_HEADER_BYTES + (isCopied ? payloadBytes : 0))
    writeFrameHeader(this.#slab, offset, payloadBytes, type, end ? FLAG_END : 0, stream)
    this.#used = offset + FRAME_HEADER_BYTES
    if (payload !== null) this.#append(payload, isCopied)
  }

  credit(type: number, stream: number, bytes: number): void {
    const offset = this.#reserve(FRAME_HEADER_BYTES + 4)
    writeFrameHeader(this.#slab, offset, 4, type, 0, stream)
    this.#slab.writeUInt32BE(bytes, offset + FRAME_HEADER_BYTES)
    this.#used = offset + FRAME_HEADER_BYTES + 4
  }

  #append(body: Buffer, isCopied: boolean): void {
    if (isCopied) {
      body.copy(this.#slab, this.#used)
      this.#used += body.length
    } else {
      this.#flush()
      this.#socket.write(body)
    }
  }

  #reserve(bytes: number): number {
    if (this.#used + bytes > this.#slab.length) {
      this.#flush()
      if (bytes > this.#slab.length) this.#slab = Buffer.allocUnsafeSlow(bytes)
    }
    if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#flush()
      })
    }
    return this.#used
  }

  #flush(): void {
    if (this.#used === 0) return
    const slab = this.#slab
    const bytes = slab.subarray(0, this.#used)
    this.#used = 0
    this.#slab = this.#slabFree ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.#slabFree = null
    if (this.#socket.destroyed) return
    // The kernel may take the bytes later: the slab is used again only after the write is done.
    this.#socket.write(bytes, () => {
      if (slab.length === SLAB_BYTES) this.#slabFree = slab
    })
  }
}
