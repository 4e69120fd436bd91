'use strict'
/** The runtime's end of the channel (docs/reference/channel.md): frames in, frames out, one socket write per tick. */
const { connect } = require('net')
const { now } = Date

const FRAME_HEADER_BYTES = 10
const FRAME_PAYLOAD_BYTES_MAX = 1_048_576
const INITIAL_CREDIT_BYTES = 262_144
const FLAG_END = 1
const READ_BYTES = 65_536
const WRITE_BYTES = 65_536
/** A frame up to this size is copied into the common buffer; a larger body is handed to the socket as it is. */
const COPIED_BYTES_MAX = 16_384
/** Of one LOG. */
const LOG_PAYLOAD_BYTES_MAX = 65_536
/** Beyond it, writers of logs are told to wait for `drain`. */
const CONGESTED_BYTES = 1_048_576
/** After this long in one chunk, answers leave before the next frames are looked at. */
const CHUNK_BUDGET_MS = 2

const FrameType = {
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
}

/** A peer that broke a rule of the channel. */
class ChannelError extends Error {}

class Channel {
  #socket
  #onFrame
  #onEnd
  #partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES)
  #partialBytes = 0
  #partialNeededBytes = FRAME_HEADER_BYTES
  #out = Buffer.allocUnsafeSlow(WRITE_BYTES)
  #outBytes = 0
  #flushScheduled = false
  #flushScheduledNow = () => {
    this.#flushScheduled = false
    this.flush()
  }

  /**
   * `onFrame(type, flags, stream, bytes, start, end)` gets the payload as a range of a buffer that is reused: what is
   * kept must be copied. `onEnd(error)` is called once: without an error when the node closed the connection.
   */
  constructor(path, onFrame, onEnd) {
    this.#onFrame = onFrame
    this.#onEnd = onEnd
    const onRead = (length, buffer) => this.#receive(buffer, 0, length)
    this.#socket = connect({ path, onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: onRead } })
    this.#socket.on('error', (error) => onEnd(error))
    this.#socket.on('close', () => onEnd())
  }

  /** Returns false when the rest of the chunk waits for the next tick; the socket is paused until then. */
  #receive(buffer, from, length) {
    const deadline = now() + CHUNK_BUDGET_MS
    let offset = from
    try {
      while (offset < length) {
        offset =
          this.#partialBytes > 0 ? this.#completeFrame(buffer, offset, length) : this.#frame(buffer, offset, length)
        if (offset < length && now() > deadline) {
          const rest = Buffer.from(buffer.subarray(offset, length))
          setImmediate(() => {
            this.flush()
            if (this.#receive(rest, 0, rest.length)) this.#socket.resume()
          })
          return false
        }
      }
    } catch (error) {
      this.#onEnd(error)
      return false
    }
    return true
  }

  /** Handles the frame at `offset` when it lies whole in the buffer, else puts what is there aside. Returns where to go on. */
  #frame(buffer, offset, length) {
    const availableBytes = length - offset
    if (availableBytes >= FRAME_HEADER_BYTES) {
      const frameBytes = frameBytesAt(buffer, offset)
      const end = offset + frameBytes
      if (availableBytes >= frameBytes) {
        this.#deliver(buffer, offset, end)
        return end
      }
      this.#partialNeededBytes = frameBytes
    } else {
      this.#partialNeededBytes = FRAME_HEADER_BYTES
    }
    this.#partial = Buffer.allocUnsafe(this.#partialNeededBytes)
    buffer.copy(this.#partial, 0, offset, length)
    this.#partialBytes = availableBytes
    return length
  }

  /** Adds to the frame put aside: first until its header is whole, then until the frame is. */
  #completeFrame(buffer, offset, length) {
    const end = Math.min(length, offset + this.#partialNeededBytes - this.#partialBytes)
    buffer.copy(this.#partial, this.#partialBytes, offset, end)
    this.#partialBytes += end - offset
    if (this.#partialBytes < this.#partialNeededBytes) return end
    const frame = this.#partial
    const frameBytes = frameBytesAt(frame, 0)
    if (this.#partialBytes < frameBytes) {
      this.#partialNeededBytes = frameBytes
      this.#partial = Buffer.allocUnsafe(frameBytes)
      frame.copy(this.#partial)
      return end
    }
    this.#partialBytes = 0
    this.#deliver(frame, 0, frameBytes)
    return end
  }

  #deliver(buffer, offset, end) {
    const start = offset + FRAME_HEADER_BYTES
    this.#onFrame(buffer[offset + 4], buffer[offset + 5], buffer.readUInt32BE(offset + 6), buffer, start, end)
  }

  /** `payload`: text or bytes, with the header at most one frame. */
  send(type, stream, payload, flags = 0) {
    const lengthMax = typeof payload === 'string' ? payload.length * 3 : payload.length
    if (lengthMax > COPIED_BYTES_MAX) {
      const body = typeof payload === 'string' ? Buffer.from(payload) : payload
      this.#sendLarge(type, stream, flags, Buffer.alloc(0), body)
      return
    }
    const offset = this.#reserve(FRAME_HEADER_BYTES + lengthMax)
    const length = put(this.#out, payload, offset + FRAME_HEADER_BYTES)
    this.#commit(offset, length, type, flags, stream)
  }

  /** RESPONSE: `head` is JSON text, `body` text or bytes that with the head fit into one frame. */
  sendResponse(stream, head, body, flags) {
    const headBytesMax = head.length * 3
    const lengthMax = 4 + headBytesMax + (typeof body === 'string' ? body.length * 3 : body.length)
    if (lengthMax > COPIED_BYTES_MAX) {
      const headBytes = Buffer.from(`    ${head}`)
      headBytes.writeUInt32BE(headBytes.length - 4, 0)
      this.#sendLarge(FrameType.response, stream, flags, headBytes, typeof body === 'string' ? Buffer.from(body) : body)
      return
    }
    const offset = this.#reserve(FRAME_HEADER_BYTES + lengthMax)
    const headAt = offset + FRAME_HEADER_BYTES + 4
    const headBytes = this.#out.write(head, headAt)
    this.#out.writeUInt32BE(headBytes, headAt - 4)
    const bodyBytes = put(this.#out, body, headAt + headBytes)
    this.#commit(offset, 4 + headBytes + bodyBytes, FrameType.response, flags, stream)
  }

  /** Leaves at once: what was printed must be seen even when the code then never yields. */
  sendLog(stream, fd, chunk) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    const kind = Buffer.of(fd)
    for (let at = 0; at < bytes.length; at += LOG_PAYLOAD_BYTES_MAX - 1) {
      const piece = bytes.subarray(at, at + LOG_PAYLOAD_BYTES_MAX - 1)
      if (piece.length > COPIED_BYTES_MAX) {
        this.#sendLarge(FrameType.log, stream, 0, kind, piece)
        continue
      }
      const offset = this.#reserve(FRAME_HEADER_BYTES + 1 + piece.length)
      this.#out[offset + FRAME_HEADER_BYTES] = fd
      piece.copy(this.#out, offset + FRAME_HEADER_BYTES + 1)
      this.#commit(offset, 1 + piece.length, FrameType.log, 0, stream)
    }
    this.flush()
  }

  #sendLarge(type, stream, flags, head, body) {
    const offset = this.#reserve(FRAME_HEADER_BYTES + head.length)
    const start = offset + FRAME_HEADER_BYTES
    head.copy(this.#out, start)
    writeHeader(this.#out, offset, head.length + body.length, type, flags, stream)
    this.#outBytes = start + head.length
    this.#socket.cork()
    this.flush()
    this.#socket.write(body)
    this.#socket.uncork()
  }

  /** The offset of `bytes` free bytes in the common buffer. */
  #reserve(bytes) {
    if (this.#outBytes + bytes > this.#out.length) this.flush()
    if (bytes > this.#out.length) this.#out = Buffer.allocUnsafeSlow(bytes)
    return this.#outBytes
  }

  #commit(offset, length, type, flags, stream) {
    writeHeader(this.#out, offset, length, type, flags, stream)
    this.#outBytes = offset + FRAME_HEADER_BYTES + length
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      setImmediate(this.#flushScheduledNow)
    }
  }

  flush() {
    if (this.#outBytes === 0) return
    const bytes = this.#out.subarray(0, this.#outBytes)
    this.#outBytes = 0
    this.#socket.write(bytes)
    // Nothing left to write means that the kernel has the bytes and the buffer is ours again.
    if (this.#socket.writableLength > 0) this.#out = Buffer.allocUnsafeSlow(WRITE_BYTES)
  }

  get congested() {
    return this.#socket.writableLength > CONGESTED_BYTES
  }

  onDrain(listener) {
    this.#socket.on('drain', listener)
  }
}

function frameBytesAt(buffer, offset) {
  const payloadBytes = buffer.readUInt32BE(offset)
  if (payloadBytes > FRAME_PAYLOAD_BYTES_MAX) {
    throw new ChannelError(`a frame of ${payloadBytes} bytes, at most ${FRAME_PAYLOAD_BYTES_MAX} are accepted`)
  }
  return FRAME_HEADER_BYTES + payloadBytes
}

function writeHeader(target, offset, length, type, flags, stream) {
  target.writeUInt32BE(length, offset)
  target[offset + 4] = type
  target[offset + 5] = flags
  target.writeUInt32BE(stream, offset + 6)
}

function put(target, payload, offset) {
  if (typeof payload === 'string') return target.write(payload, offset)
  if (payload.length > 0) target.set(payload, offset)
  return payload.length
}

module.exports = { Channel, ChannelError, FrameType, FLAG_END, INITIAL_CREDIT_BYTES, FRAME_PAYLOAD_BYTES_MAX }
