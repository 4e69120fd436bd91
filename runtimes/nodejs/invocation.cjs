'use strict'
/** One stream of the channel while its invocation runs: takes the request body in, sends the one answer out. */
const { FrameType, FLAG_END, INITIAL_CREDIT_BYTES, FRAME_PAYLOAD_BYTES_MAX } = require('./channel.cjs')
const { RuntimeFailure, describeError } = require('./errors.cjs')

const NO_BYTES = Buffer.alloc(0)
/** Below it a CREDIT frame costs more than it is worth. */
const GRANT_BYTES_MIN = 65_536

class Invocation {
  #channel
  #onEnd
  #creditBytes = INITIAL_CREDIT_BYTES
  #ownedCreditBytes = INITIAL_CREDIT_BYTES
  #grantableBytes = 0
  #answered = false
  /** What of the answer waits for credit: `{head, body, end, done}`. */
  #waiting = null
  #onCancel = null

  /** `onEnd(invocation)` is called when the answer has left. */
  constructor(channel, stream, head, onEnd) {
    this.#channel = channel
    this.#onEnd = onEnd
    this.stream = stream
    this.head = head
    this.ended = false
    this.cancelled = false
    /** Receives the pieces of the request body: `(bytes, isLast)`; bytes are its own to keep. */
    this.onBody = null
  }

  /** A piece of the request body. Returns false when the node sent more than it may. */
  receive(bytes, isLast) {
    this.#ownedCreditBytes -= bytes.length
    if (this.#ownedCreditBytes < 0) return false
    if (this.onBody) this.onBody(bytes, isLast)
    return true
  }

  /** Lets the node send `sizeBytes` more of the request body. */
  grant(sizeBytes) {
    this.#grantableBytes += sizeBytes
    if (this.#grantableBytes < GRANT_BYTES_MIN || this.ended) return
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(this.#grantableBytes, 0)
    this.#ownedCreditBytes += this.#grantableBytes
    this.#grantableBytes = 0
    this.#channel.send(FrameType.credit, this.stream, payload)
  }

  /** Sends the whole answer; whatever comes after it is ignored. */
  answer(head, body) {
    if (this.#answered || this.ended) return
    this.#answered = true
    if (this.cancelled) return this.endCancelled()
    // A character is at most three bytes: a short text is within credit and frame without being counted.
    if (typeof body === 'string' && body.length * 3 > INITIAL_CREDIT_BYTES) body = Buffer.from(body)
    this.#send(head, body, true, null)
  }

  /** Starts an answer whose body follows by `write`. */
  startAnswer(head) {
    if (this.#answered || this.ended) return
    this.#answered = true
    if (this.cancelled) return this.endCancelled()
    this.#channel.sendResponse(this.stream, head, NO_BYTES, 0)
  }

  /** A piece of the body of a started answer; `done` is called when it has left, so that the next may come. */
  write(body, isLast, done) {
    if (this.ended || (body.length === 0 && !isLast)) done()
    else this.#send(null, body, isLast, done)
  }

  /** Ends the stream with an error, unless the handler has answered. `force`: also when an answer has begun. */
  fail(thrown, force = false) {
    if (this.ended || (this.#answered && !force)) return
    this.#answered = true
    this.#waiting = null
    this.#channel.send(FrameType.error, this.stream, JSON.stringify(describeError(thrown)))
    this.#end()
  }

  /** The caller has gone: `onCancel` may stop the work; a body that is on its way is given up. */
  cancel(reason) {
    this.cancelled = true
    this.cancelReason = reason
    if (this.#waiting) this.endCancelled()
    if (this.#onCancel) this.#onCancel()
  }

  onCancel(listener) {
    this.#onCancel = listener
  }

  addCredit(sizeBytes) {
    this.#creditBytes += sizeBytes
    if (!this.#waiting) return
    const { head, body, end, done } = this.#waiting
    this.#waiting = null
    this.#send(head, body, end, done)
  }

  #send(head, body, end, done) {
    let rest = body
    do {
      const frameBytesMax = FRAME_PAYLOAD_BYTES_MAX - (head === null ? 0 : 4 + head.length * 3)
      const roomBytes = Math.min(this.#creditBytes, frameBytesMax)
      if (roomBytes === 0 && rest.length > 0) {
        this.#waiting = { head, body: rest, end, done }
        return
      }
      const isWhole = typeof rest === 'string' || rest.length <= roomBytes
      const piece = isWhole ? rest : rest.subarray(0, roomBytes)
      rest = isWhole ? NO_BYTES : rest.subarray(roomBytes)
      const pieceBytes = typeof piece === 'string' ? piece.length * 3 : piece.length
      this.#creditBytes -= pieceBytes
      const flags = end && rest.length === 0 ? FLAG_END : 0
      if (head === null) this.#channel.send(FrameType.data, this.stream, piece, flags)
      else this.#channel.sendResponse(this.stream, head, piece, flags)
      head = null
      if (flags === FLAG_END) this.#end()
    } while (rest.length > 0)
    if (done) done()
  }

  /** Ends a stream whose answer nobody waits for. */
  endCancelled() {
    this.fail(new RuntimeFailure('InvocationCancelled', `the invocation was cancelled: ${this.cancelReason}`), true)
  }

  #end() {
    this.ended = true
    this.onBody = null
    this.#onEnd(this)
  }
}

/** Calls `onWhole` with the request body once it is there, granting credit up to `bytesMax`; never when cancelled before. */
function collectBody(invocation, bytesMax, onWhole) {
  const pieces = []
  let sizeBytes = 0
  invocation.onCancel(() => invocation.endCancelled())
  invocation.onBody = (bytes, isLast) => {
    pieces.push(bytes)
    sizeBytes += bytes.length
    if (isLast) {
      invocation.onCancel(null)
      onWhole(pieces.length === 1 ? bytes : Buffer.concat(pieces, sizeBytes))
    } else if (sizeBytes < bytesMax) {
      invocation.grant(bytes.length)
    }
  }
}

module.exports = { Invocation, collectBody, NO_BYTES }
