/** Frames of the channel: see docs/reference/channel.md. Pure encoding and decoding, no sockets. */

export const FRAME_HEADER_BYTES = 10
export const FRAME_PAYLOAD_BYTES_MAX = 1_048_576
export const INITIAL_CREDIT_BYTES = 262_144
export const FLAG_END = 1

export const FrameType = {
  init: 0x01,
  invoke: 0x02,
  data: 0x03,
  credit: 0x04,
  cancel: 0x05,
  hook: 0x06,
  ping: 0x07,
  credentials: 0x08,
  hello: 0x81,
  ready: 0x82,
  response: 0x83,
  error: 0x84,
  log: 0x85,
  hookDone: 0x86,
  pong: 0x87,
} as const

/** A peer that broke a rule of the channel. */
export class ChannelError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ChannelError'
  }
}

export function writeFrameHeader(
  target: Buffer,
  offset: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  target.writeUInt32BE(length, offset)
  target[offset + 4] = type
  target[offset + 5] = flags
  target.writeUInt32BE(stream, offset + 6)
}

/** A whole frame; for frames off the hot path and for tests. */
export function encodeFrame(type: number, stream: number, payload: Buffer | string = '', flags = 0): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length)
  writeFrameHeader(frame, 0, body.length, type, flags, stream)
  body.copy(frame, FRAME_HEADER_BYTES)
  return frame
}

/** A payload that starts with a head: 4 bytes of length, JSON, then body bytes. */
export function encodeHead(head: string, body: Buffer | string = ''): Buffer {
  const headBytes = Buffer.byteLength(head)
  const payload = Buffer.allocUnsafe(4 + headBytes + Buffer.byteLength(body))
  payload.writeUInt32BE(headBytes, 0)
  payload.write(head, 4)
  if (typeof body === 'string') payload.write(body, 4 + headBytes)
  else body.copy(payload, 4 + headBytes)
  return payload
}

/** Splits a payload into its head (text) and body bytes. */
export function decodeHead(payload: Buffer): { head: string; body: Buffer } {
  if (payload.length < 4) throw new ChannelError(`a head needs 4 bytes of length, the payload has ${payload.length}`)
  const headBytes = payload.readUInt32BE(0)
  if (headBytes > payload.length - 4)
    throw new ChannelError(`the head claims ${headBytes} bytes, the payload holds ${payload.length - 4}`)
  return { head: payload.toString('utf8', 4, 4 + headBytes), body: payload.subarray(4 + headBytes) }
}

/**
 * Cuts a byte stream into frames. `onFrame` gets a view into the received chunk where a frame lies whole in it (the
 * usual case, nothing is copied): who keeps the payload beyond the call must copy it.
 */
export class FrameDecoder {
  #pending: Buffer[] = []
  #pendingBytes = 0
  #neededBytes = FRAME_HEADER_BYTES
  readonly #onFrame: (type: number, flags: number, stream: number, payload: Buffer) => void

  constructor(onFrame: (type: number, flags: number, stream: number, payload: Buffer) => void) {
    this.#onFrame = onFrame
  }

  /** Throws ChannelError when the bytes are no frames. */
  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.#pendingBytes > 0) {
      this.#pending.push(chunk)
      this.#pendingBytes += chunk.length
      if (this.#pendingBytes < this.#neededBytes) return
      bytes = Buffer.concat(this.#pending, this.#pendingBytes)
    }
    let offset = 0
    let neededBytes = FRAME_HEADER_BYTES
    while (bytes.length - offset >= FRAME_HEADER_BYTES) {
      const length = bytes.readUInt32BE(offset)
      if (length > FRAME_PAYLOAD_BYTES_MAX) {
        throw new ChannelError(`a frame of ${length} bytes, at most ${FRAME_PAYLOAD_BYTES_MAX} are accepted`)
      }
      const end = offset + FRAME_HEADER_BYTES + length
      if (end > bytes.length) {
        neededBytes = FRAME_HEADER_BYTES + length
        break
      }
      this.#onFrame(
        bytes[offset + 4]!,
        bytes[offset + 5]!,
        bytes.readUInt32BE(offset + 6),
        bytes.subarray(offset + FRAME_HEADER_BYTES, end),
      )
      offset = end
    }
    const rest = bytes.length - offset
    this.#pending = rest > 0 ? [bytes.subarray(offset)] : []
    this.#pendingBytes = rest
    this.#neededBytes = neededBytes
  }
}
