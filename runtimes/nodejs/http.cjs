'use strict'
/** HTTP requests of generation 2: handlers get `(request, response, context)` and stream both ways. */
const { Readable, Writable, pipeline } = require('stream')
const { checkedHeader, encodeResponseHead } = require('./http-head.cjs')
const { NO_BYTES } = require('./invocation.cjs')

/** The request: a stream of its body, with the fields of Function Compute. */
class Request extends Readable {
  #invocation
  #unreadBytes = 0

  constructor(invocation) {
    super()
    const { head } = invocation
    this.#invocation = invocation
    this.method = head.method
    this.path = head.path
    this.url = head.url
    this.clientIP = head.clientIp
    this.headers = joinHeaders(head.headers)
    this.queries = parseQueries(head.query)
    invocation.onBody = (bytes, isLast) => {
      if (bytes.length > 0) {
        this.#unreadBytes += bytes.length
        this.push(bytes)
      }
      if (isLast) this.push(null)
    }
  }

  /** The caller has gone. No error: one without a listener would end the process. */
  abort() {
    this.emit('aborted')
    this.destroy()
  }

  _read() {
    if (this.#unreadBytes === 0) return
    const bytes = this.#unreadBytes
    this.#unreadBytes = 0
    this.#invocation.grant(bytes)
  }
}

function joinHeaders(flat) {
  const headers = {}
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i].toLowerCase()
    const before = Object.hasOwnProperty.call(headers, name) ? headers[name] : undefined
    headers[name] = before === undefined ? flat[i + 1] : `${before}${name === 'cookie' ? '; ' : ', '}${flat[i + 1]}`
  }
  return headers
}

/** A name that occurs once has a string, one that occurs more often a list. */
function parseQueries(query) {
  return query === '' ? {} : { ...require('querystring').parse(query) }
}

/** The response: headers until `send`, which ends it. */
class Response {
  #invocation
  #status = 200
  /** By lower-case name: the name as set, and its values. */
  #headers = new Map()
  #sent = false

  constructor(invocation) {
    this.#invocation = invocation
  }

  get statusCode() {
    return this.#status
  }

  set statusCode(status) {
    this.setStatusCode(status)
  }

  get headersSent() {
    return this.#sent
  }

  setStatusCode(status) {
    const code = Number(status)
    if (!Number.isInteger(code) || code < 200 || code > 599) {
      throw new TypeError(`setStatusCode: ${String(status)} is not a status code, accepted are 200 to 599`)
    }
    this.#status = code
  }

  setHeader(name, value) {
    this.#headers.set(String(name).toLowerCase(), checkedHeader(name, value))
  }

  getHeader(name) {
    const header = this.#headers.get(String(name).toLowerCase())
    if (header === undefined) return undefined
    return header.values.length === 1 ? header.values[0] : header.values
  }

  hasHeader(name) {
    return this.#headers.has(String(name).toLowerCase())
  }

  deleteHeader(name) {
    this.#headers.delete(String(name).toLowerCase())
  }

  removeHeader(name) {
    this.deleteHeader(name)
  }

  /** Ends the response with a string, bytes or a stream of them; a second call does nothing. */
  send(body = '') {
    if (this.#sent) return
    const isStream = body !== null && typeof body === 'object' && typeof body.pipe === 'function'
    if (!isStream && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
      throw new TypeError(`send: a string, a Buffer or a Readable is accepted, not ${typeof body}`)
    }
    this.#sent = true
    const head = encodeResponseHead(this.#status, this.#headers.values())
    if (isStream) sendStream(this.#invocation, head, body)
    else this.#invocation.answer(head, body === null ? NO_BYTES : body)
  }
}

function sendStream(invocation, head, source) {
  const sink = new Writable({
    write: (chunk, encoding, done) => invocation.write(chunk, false, done),
    final: (done) => invocation.write(NO_BYTES, true, done),
  })
  invocation.onCancel(() => source.destroy())
  invocation.startAnswer(head)
  pipeline(source, sink, (error) => {
    if (error) invocation.fail(error, true)
  })
}

module.exports = { Request, Response }
