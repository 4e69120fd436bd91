/** One request to a program and its answer, bodies streamed both ways with the credit of a channel's stream. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { FunctionFailure, LinkStream, StreamHandler } from '../port.ts'
import { brokenAnswer, isSuccess, reportedFailure, responseHead } from './answer.ts'

/** What may be on its way in each direction. */
const CREDIT_BYTES = 262_144
/** An answer that is announced to be no longer is passed on in one piece. */
const WHOLE_BYTES_MAX = 16_384
/** Kept of the body of an answer that reports a failure. */
const FAILURE_BYTES_MAX = 65_536
const SWITCHING_PROTOCOLS = 101
const EVENT_HEAD = '{}'
const EMPTY = Buffer.alloc(0)

export interface HttpStreamOwner {
  /** Calls back when all has been read that the program has printed by now. */
  afterOutput(tell: () => void): void
  /** The connection broke: calls back with it unless the program turns out to have ended, which then is the reason. */
  whenNotEnded(tell: () => void): void
}

export class HttpStream implements LinkStream {
  sendCreditBytes: number
  isRequestEnded = false
  readonly #kind: 'event' | 'http'
  readonly #handler: StreamHandler
  readonly #owner: HttpStreamOwner
  /** Where request bytes go to, and answer bytes come from: the request and its response, or what they were upgraded to. */
  #out: Writable
  #in: Readable | null = null
  #receiveCreditBytes = CREDIT_BYTES
  #isEnded = false

  private constructor(
    request: ClientRequest,
    kind: 'event' | 'http',
    sendCreditBytes: number,
    handler: StreamHandler,
    owner: HttpStreamOwner,
  ) {
    this.#out = request
    this.#kind = kind
    this.sendCreditBytes = sendCreditBytes
    this.#handler = handler
    this.#owner = owner
    request.on('response', (response: IncomingMessage) => this.#onResponse(response))
    request.on('error', (error) => this.#onBroken(error))
    // Without another word: a protocol that nobody asked for.
    request.on('close', () => this.#in ?? this.#onBroken(new Error('it changed to another protocol')))
  }

  /** `body`: the first bytes of the request body; `end`: they are all. */
  static open(
    request: ClientRequest,
    kind: 'event' | 'http',
    { body, end }: { body: Buffer | null; end: boolean },
    handler: StreamHandler,
    owner: HttpStreamOwner,
  ): HttpStream {
    const stream = new HttpStream(request, kind, CREDIT_BYTES, handler, owner)
    if (end) {
      stream.isRequestEnded = true
      request.end(body ?? undefined)
    } else if (body !== null) stream.#write(body)
    else request.flushHeaders()
    return stream
  }

  /** Asks for another protocol; what is sent is its, from the program's agreement on. */
  static upgrade(request: ClientRequest, handler: StreamHandler, owner: HttpStreamOwner): HttpStream {
    const stream = new HttpStream(request, 'http', 0, handler, owner)
    request.on('upgrade', (response, socket, head) => stream.#onUpgrade(response, socket, head))
    request.end()
    return stream
  }

  send(chunk: Buffer, end: boolean): void {
    if (this.isRequestEnded) return
    if (chunk.length > 0) this.#write(chunk)
    if (!end) return
    this.isRequestEnded = true
    this.#out.end()
  }

  grant(bytes: number): void {
    this.#receiveCreditBytes += bytes
    if (this.#receiveCreditBytes > 0) this.#in?.resume()
  }

  /** The program sees the connection close; what it still does for the request is its own affair. */
  cancel(reason: 'disconnect' | 'timeout'): void {
    const errorMessage = `the invocation was cancelled: ${reason}`
    this.#fail({ errorType: 'InvocationCancelled', errorMessage, handled: false })
  }

  #write(chunk: Buffer): void {
    this.sendCreditBytes -= chunk.length
    this.#out.write(chunk, () => {
      this.sendCreditBytes += chunk.length
      if (!this.isRequestEnded) this.#handler.onCredit()
    })
  }

  #onResponse(response: IncomingMessage): void {
    this.#in = response
    response.on('error', (error) => this.#onBroken(error))
    const { headers } = response
    const status = response.statusCode!
    if (this.#kind === 'event' && !isSuccess(status, headers['x-fc-status'] as string | undefined)) {
      this.#collect(FAILURE_BYTES_MAX, (body) => this.#fail(reportedFailure(status, body.toString())))
      return
    }
    const head = this.#kind === 'event' ? EVENT_HEAD : responseHead(status, response.rawHeaders)
    if (Number(headers['content-length'] ?? Infinity) > WHOLE_BYTES_MAX) {
      this.#handler.onResponse(head, EMPTY, false)
      this.#pass(response)
      return
    }
    this.#collect(WHOLE_BYTES_MAX, (body) => {
      this.#end(() => this.#handler.onResponse(head, body, true))
    })
  }

  #onUpgrade(response: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isEnded) {
      socket.destroy()
      return
    }
    this.#in = this.#out = socket
    socket.on('error', (error) => this.#onBroken(error))
    socket.on('close', () => this.#onBroken(new Error('it was closed')))
    this.#receiveCreditBytes -= head.length
    this.sendCreditBytes = CREDIT_BYTES
    this.#handler.onResponse(responseHead(SWITCHING_PROTOCOLS, response.rawHeaders), head, false)
    this.#pass(socket)
    this.#handler.onCredit()
  }

  #pass(source: Readable): void {
    source.on('data', (chunk: Buffer) => {
      if (this.#isEnded) return
      this.#receiveCreditBytes -= chunk.length
      if (this.#receiveCreditBytes <= 0) source.pause()
      this.#handler.onData(chunk, false)
    })
    source.on('end', () => {
      if (this.#isEnded) return
      this.#end(() => this.#handler.onData(EMPTY, true))
    })
  }

  /** Reads the body whole; what is beyond `bytesMax` is not kept. */
  #collect(bytesMax: number, done: (body: Buffer) => void): void {
    const chunks: Buffer[] = []
    let bytes = 0
    this.#in!.on('data', (chunk: Buffer) => {
      if (bytes < bytesMax) chunks.push(chunk.subarray(0, bytesMax - bytes))
      bytes += chunk.length
    })
    this.#in!.on('end', () => {
      if (!this.#isEnded) done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
  }

  #onBroken(error: Error): void {
    if (this.#isEnded) return
    this.isRequestEnded = true
    this.#owner.whenNotEnded(() => this.#fail(brokenAnswer(error, this.#in !== null)))
  }

  #fail(failure: FunctionFailure): void {
    if (this.#isEnded) return
    this.isRequestEnded = false
    this.#end(() => this.#handler.onError(JSON.stringify(failure)))
  }

  #end(tell: () => void): void {
    this.#isEnded = true
    // Nobody reads the rest of a request that was answered before it was whole, or failed.
    if (!this.isRequestEnded) this.#out.destroy()
    this.isRequestEnded = true
    this.#owner.afterOutput(tell)
  }
}
