'use strict'
/** `process.stdout` and `process.stderr` as streams whose every write is sent as LOG of the invocation that wrote it. */
const { Writable } = require('stream')

class LogStream extends Writable {
  #fd
  #channel
  #currentStream

  /** `fd`: 1 stdout, 2 stderr. `currentStream()` names the invocation that is writing, 0 for none. */
  constructor(fd, channel, currentStream) {
    super({ decodeStrings: false })
    this.#fd = fd
    this.#channel = channel
    this.#currentStream = currentStream
    channel.onDrain(() => this.emit('drain'))
  }

  get fd() {
    return this.#fd
  }

  /** Not left to Writable, whose queue would hand on a later write in the async context of an earlier one. */
  write(chunk, encoding, callback) {
    if (typeof encoding === 'function') return this.write(chunk, undefined, encoding)
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new TypeError('a chunk written to stdout or stderr must be a string, a Buffer or a Uint8Array')
    }
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, encoding)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    this.#channel.sendLog(this.#currentStream(), this.#fd, bytes)
    if (callback) process.nextTick(callback)
    return !this.#channel.congested
  }

  end(chunk, encoding, callback) {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.write(chunk, encoding)
    const done = [chunk, encoding, callback].find((argument) => typeof argument === 'function')
    if (done) process.nextTick(done)
    return this
  }

  destroy() {
    return this
  }
}

/** Replaces the two streams; each is made when it is first used. */
function captureOutput(channel, currentStream) {
  for (const [name, fd] of [
    ['stdout', 1],
    ['stderr', 2],
  ]) {
    let stream
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get() {
        if (stream === undefined) stream = new LogStream(fd, channel, currentStream)
        return stream
      },
    })
  }
}

module.exports = { captureOutput }
