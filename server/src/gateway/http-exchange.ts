/** Passes an HTTP request to a function and its answer back; neither body is held. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FcError, toFcError } from '../errors.ts'
import { errorKind, failureBody } from '../invocations/port.ts'
import type { Invocation, InvocationFailure, InvocationRequest, Invocations, Responder } from '../invocations/port.ts'
import { answerError, jsonHeaders } from './answers.ts'
import { PAYLOAD_BYTES_MAX } from './limits.ts'
import { readResponseHead } from './response-head.ts'

export interface HttpExchangeOptions {
  /** The whole request body when it is here already (none: empty); null: it is read from the request. */
  body: Buffer | null
  /** Added to every answer, flat: cross-origin headers, Content-Disposition. */
  extraHeaders: readonly string[]
}

export function exchangeHttp(
  invocations: Invocations,
  request: InvocationRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
  options: HttpExchangeOptions,
): void {
  new HttpExchange(invocations, request, incoming, response, options).begin()
}

const EMPTY = Buffer.alloc(0)
/** Up to this size head and body leave in one write. */
const JOINED_BODY_BYTES_MAX = 16_384

class HttpExchange implements Responder {
  readonly #request: InvocationRequest
  readonly #incoming: IncomingMessage
  readonly #response: ServerResponse
  readonly #options: HttpExchangeOptions
  readonly #invocation: Invocation
  #status = 0
  #responseBytes = 0
  #undrainedBytes = 0
  #isDone = false

  constructor(
    invocations: Invocations,
    request: InvocationRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
    options: HttpExchangeOptions,
  ) {
    this.#request = request
    this.#incoming = incoming
    this.#response = response
    this.#options = options
    this.#invocation = invocations.create(request, options.body, this)
  }

  begin(): void {
    this.#response.on('close', () => this.#onClose())
    this.#invocation.begin()
  }

  onStart(): void {
    const incoming = this.#incoming
    const invocation = this.#invocation
    let receivedBytes = 0
    const pass = (chunk: Buffer) => {
      receivedBytes += chunk.length
      if (receivedBytes <= PAYLOAD_BYTES_MAX) {
        if (!invocation.send(chunk, false)) incoming.pause()
        return
      }
      incoming.off('data', pass)
      this.#abandon(new FcError('EntityTooLarge', `the payload exceeds ${PAYLOAD_BYTES_MAX} bytes`))
    }
    incoming.on('data', pass)
    incoming.on('end', () => invocation.send(EMPTY, true))
  }

  onDrain(): void {
    this.#incoming.resume()
  }

  onHead(head: string, body: Buffer, end: boolean): void {
    if (this.#isDone) return
    let parsed
    try {
      parsed = readResponseHead(head)
    } catch (error) {
      this.#abandon(toFcError(error))
      return
    }
    const { status } = parsed
    const headers = ['X-Fc-Request-Id', this.#request.requestId, ...parsed.headers, ...this.#options.extraHeaders]
    this.#status = status
    if (end) {
      const outcome = this.#invocation.outcome()
      headers.push('X-Fc-Invocation-Duration', String(Math.ceil(outcome.durationMs)))
      if (status !== 204 && status !== 304) headers.push('Content-Length', String(body.length))
    }
    this.#response.writeHead(status, headers)
    // Without a body yet the head goes out now: the first event of a stream may be a long time off.
    if (!end && body.length === 0) this.#response.flushHeaders()
    this.onData(body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    if (this.#isDone) return
    this.#responseBytes += chunk.length
    if (this.#responseBytes > PAYLOAD_BYTES_MAX) {
      this.#abandon(new FcError('BadResponse', `the function's answer exceeds ${PAYLOAD_BYTES_MAX} bytes`))
      return
    }
    if (end) {
      this.#isDone = true
      endWith(this.#response, chunk)
      this.#invocation.account(this.#status, this.#responseBytes)
    } else if (chunk.length > 0) {
      if (this.#response.write(chunk)) this.#invocation.consumed(chunk.length)
      else this.#awaitDrain(chunk.length)
    }
  }

  onFailed(failure: InvocationFailure): void {
    if (this.#isDone) return
    this.#isDone = true
    if (failure.kind === 'platform') {
      const { error } = failure
      const bytes = answerError(this.#response, error, this.#request.requestId, this.#options.extraHeaders)
      this.#invocation.account(error.status, bytes)
      return
    }
    if (this.#response.headersSent) {
      // The status is out and says success; only a broken connection can still tell. What was written in this turn leaves
      // with the next tick, and is the caller's.
      process.nextTick(() => this.#response.destroy())
      this.#invocation.account(this.#status, this.#responseBytes)
      return
    }
    const body = failureBody(failure.failure)
    const extra = ['X-Fc-Error-Type', errorKind(failure.failure.handled), ...this.#options.extraHeaders]
    this.#response.writeHead(502, jsonHeaders(this.#request.requestId, body, extra))
    this.#response.end(body)
    this.#invocation.account(502, Buffer.byteLength(body))
  }

  #awaitDrain(bytes: number): void {
    const isWaiting = this.#undrainedBytes > 0
    this.#undrainedBytes += bytes
    if (isWaiting) return
    this.#response.once('drain', () => {
      const drainedBytes = this.#undrainedBytes
      this.#undrainedBytes = 0
      this.#invocation.consumed(drainedBytes)
    })
  }

  /** The exchange fails on our side of the channel: the function is told to stop. */
  #abandon(error: FcError): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#invocation.cancel()
    const bytes = answerError(this.#response, error, this.#request.requestId, this.#options.extraHeaders)
    this.#invocation.account(error.status, bytes, error)
  }

  #onClose(): void {
    // A function may answer before it has read the whole request: the rest must not block the connection.
    if (this.#options.body === null) this.#incoming.resume()
    if (this.#isDone) return
    this.#isDone = true
    this.#invocation.cancel()
    this.#invocation.account(499, this.#responseBytes)
  }
}

/** node:http joins the head with a body that is text, but not with a Buffer, which costs a second buffer per write. */
function endWith(response: ServerResponse, body: Buffer): void {
  if (body.length === 0) response.end()
  else if (body.length <= JOINED_BODY_BYTES_MAX) response.end(body.toString('latin1'), 'latin1')
  else response.end(body)
}
