/** Passes a connection that a client and a function agree to use for another protocol, both ways, until either ends it. */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { toFcError, type FcError } from '../errors.ts'
import { errorKind, failureBody } from '../invocations/port.ts'
import type { Invocation, InvocationFailure, InvocationRequest, Invocations, Responder } from '../invocations/port.ts'
import { answerError, jsonHeaders } from './answers.ts'
import { readUpgradeHead, SWITCHING_PROTOCOLS } from './response-head.ts'

/** A connection whose client asks for another protocol. */
export interface Upgrading {
  socket: Duplex
  /** What came behind the head of the request. */
  head: Buffer
  /** Writes on the socket as long as the protocol is HTTP. */
  response: ServerResponse
}

export function exchangeUpgrade(
  invocations: Invocations,
  request: InvocationRequest,
  upgrading: Upgrading,
  extraHeaders: readonly string[],
): void {
  new UpgradeExchange(invocations, request, upgrading, extraHeaders).begin()
}

const EMPTY = Buffer.alloc(0)

class UpgradeExchange implements Responder {
  readonly #request: InvocationRequest
  readonly #upgrading: Upgrading
  readonly #extraHeaders: readonly string[]
  readonly #invocation: Invocation
  #status = 0
  #responseBytes = 0
  #undrainedBytes = 0
  #isDone = false

  constructor(
    invocations: Invocations,
    request: InvocationRequest,
    upgrading: Upgrading,
    extraHeaders: readonly string[],
  ) {
    this.#request = request
    this.#upgrading = upgrading
    this.#extraHeaders = extraHeaders
    this.#invocation = invocations.create(request, null, this)
  }

  begin(): void {
    this.#upgrading.socket.on('close', () => this.#onClose())
    this.#invocation.begin()
  }

  onStart(): void {
    const { socket, head } = this.#upgrading
    const pass = (chunk: Buffer) => {
      if (!this.#invocation.send(chunk, false)) socket.pause()
    }
    socket.on('data', pass)
    socket.on('end', () => this.#invocation.send(EMPTY, true))
    if (head.length > 0) pass(head)
  }

  onDrain(): void {
    this.#upgrading.socket.resume()
  }

  onHead(head: string, body: Buffer, end: boolean): void {
    if (this.#isDone) return
    let parsed
    try {
      parsed = readUpgradeHead(head)
    } catch (error) {
      this.#abandon(toFcError(error))
      return
    }
    this.#status = parsed.status
    const headers = ['X-Fc-Request-Id', this.#request.requestId, ...parsed.headers, ...this.#extraHeaders]
    if (this.#isUpgraded) this.#switch(headers)
    else this.#upgrading.response.writeHead(parsed.status, headers)
    this.onData(body, end)
  }

  onData(chunk: Buffer, end: boolean): void {
    if (this.#isDone) return
    const { socket, response } = this.#upgrading
    const out = this.#isUpgraded ? socket : response
    this.#responseBytes += chunk.length
    if (chunk.length > 0) {
      if (out.write(chunk)) this.#invocation.consumed(chunk.length)
      else this.#awaitDrain(out, chunk.length)
    }
    if (!end) return
    this.#isDone = true
    out.end()
    this.#invocation.account(this.#status, this.#responseBytes)
  }

  onFailed(failure: InvocationFailure): void {
    if (this.#isDone) return
    this.#isDone = true
    const { socket, response } = this.#upgrading
    const { requestId } = this.#request
    if (this.#status !== 0) {
      // Something else is spoken already, or an answer has begun: only a broken connection can still tell.
      socket.destroy()
      this.#invocation.account(this.#status, this.#responseBytes)
    } else if (failure.kind === 'platform') {
      const bytes = answerError(response, failure.error, requestId, this.#extraHeaders)
      this.#invocation.account(failure.error.status, bytes)
    } else {
      const body = failureBody(failure.failure)
      const extra = ['X-Fc-Error-Type', errorKind(failure.failure.handled), ...this.#extraHeaders]
      response.writeHead(502, jsonHeaders(requestId, body, extra))
      response.end(body)
      this.#invocation.account(502, Buffer.byteLength(body))
    }
  }

  get #isUpgraded(): boolean {
    return this.#status === SWITCHING_PROTOCOLS
  }

  /** `headers` were checked: no line break is in them. */
  #switch(headers: readonly string[]): void {
    const { socket, response } = this.#upgrading
    response.detachSocket(socket as never)
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${this.#request.http!.upgrade}`]
    for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  }

  #awaitDrain(out: Duplex | ServerResponse, bytes: number): void {
    const isWaiting = this.#undrainedBytes > 0
    this.#undrainedBytes += bytes
    if (isWaiting) return
    out.once('drain', () => {
      const drainedBytes = this.#undrainedBytes
      this.#undrainedBytes = 0
      this.#invocation.consumed(drainedBytes)
    })
  }

  /** The exchange fails on our side of the link: the function is told to stop. */
  #abandon(error: FcError): void {
    this.#isDone = true
    this.#invocation.cancel()
    const bytes = answerError(this.#upgrading.response, error, this.#request.requestId, this.#extraHeaders)
    this.#invocation.account(error.status, bytes, error)
  }

  #onClose(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#invocation.cancel()
    this.#invocation.account(this.#isUpgraded ? SWITCHING_PROTOCOLS : 499, this.#responseBytes)
  }
}
