/** Answers an event invocation: its headers tell duration and memory, so the answer is held until it is whole. */
import type { ServerResponse } from 'node:http'
import { FcError, toFcError } from '../errors.ts'
import { errorKind, failureBody } from '../invocations/port.ts'
import type { Invocation, InvocationFailure, InvocationRequest, Invocations, Responder } from '../invocations/port.ts'
import { answerError, eventHeaders } from './answers.ts'
import { PAYLOAD_BYTES_MAX } from './limits.ts'

export function exchangeEvent(
  invocations: Invocations,
  request: InvocationRequest,
  event: Buffer,
  response: ServerResponse,
): void {
  new EventExchange(invocations, request, event, response).begin()
}

class EventExchange implements Responder {
  readonly #request: InvocationRequest
  readonly #response: ServerResponse
  readonly #invocation: Invocation
  #chunks: Buffer[] = []
  #bytes = 0
  #isDone = false

  constructor(invocations: Invocations, request: InvocationRequest, event: Buffer, response: ServerResponse) {
    this.#request = request
    this.#response = response
    this.#invocation = invocations.create(request, event, this)
  }

  begin(): void {
    this.#response.on('close', () => this.#onClose())
    this.#invocation.begin()
  }

  onStart(): void {}
  onDrain(): void {}

  onHead(_head: string, body: Buffer, end: boolean): void {
    this.onData(body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    if (this.#isDone) return
    this.#bytes += chunk.length
    if (this.#bytes > PAYLOAD_BYTES_MAX) {
      const error = new FcError('BadResponse', `the function's answer exceeds ${PAYLOAD_BYTES_MAX} bytes`)
      this.#invocation.cancel()
      this.#answerPlatformError(error)
      return
    }
    if (chunk.length > 0) {
      this.#chunks.push(chunk)
      if (!end) this.#invocation.consumed(chunk.length)
    }
    if (end) this.#answer(Buffer.concat(this.#chunks), [])
  }

  onFailed(failure: InvocationFailure): void {
    if (this.#isDone) return
    if (failure.kind === 'platform') {
      this.#answerPlatformError(failure.error)
      return
    }
    const body = Buffer.from(failureBody(failure.failure))
    this.#answer(body, ['X-Fc-Error-Type', errorKind(failure.failure.handled), 'Content-Type', 'application/json'])
  }

  #answer(body: Buffer, extraHeaders: readonly string[]): void {
    this.#isDone = true
    const { requestId, version } = this.#request
    const headers = eventHeaders(
      requestId,
      this.#invocation.outcome(),
      version.versionId,
      version.function.config.code?.checksum ?? '',
    )
    const type = extraHeaders.includes('Content-Type') ? [] : ['Content-Type', 'application/octet-stream']
    this.#response.writeHead(200, [...type, 'Content-Length', String(body.length), ...headers, ...extraHeaders])
    this.#response.end(body)
    this.#invocation.account(200, body.length)
  }

  #answerPlatformError(thrown: unknown): void {
    this.#isDone = true
    const error = toFcError(thrown)
    const bytes = answerError(this.#response, error, this.#request.requestId)
    this.#invocation.account(error.status, bytes, error)
  }

  #onClose(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#invocation.cancel()
    this.#invocation.account(499, 0)
  }
}
