/** One request on its way to a program that asks for it, and the answer that the program posts. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseObject } from '../failure.ts'
import type { FunctionFailure, LinkStream, StreamHandler } from '../port.ts'
import { translateAnswer } from './http-event.ts'
import { responseHeadOf } from './http-params.ts'

/** What may be on its way in each direction. */
const CREDIT_BYTES = 262_144
const ERROR_BYTES_MAX = 262_144
const EVENT_HEAD = '{}'
const EMPTY = Buffer.alloc(0)

/** How what the program posts becomes an answer: an event's bytes, bytes with parameters beside them, or JSON. */
export type AnswerShape = 'event' | 'params' | 'json'

export interface RuntimeApiStreamOwner {
  /** Of an answer that is held whole. */
  readonly answerBytesMax: number
  /** Calls back when all has been read that the program has printed by now. */
  afterOutput(tell: () => void): void
}

export class RuntimeApiStream implements LinkStream {
  readonly requestId: string
  sendCreditBytes = CREDIT_BYTES
  isRequestEnded = false
  readonly #shape: AnswerShape
  readonly #handler: StreamHandler
  readonly #owner: RuntimeApiStreamOwner
  readonly #onWhole: (body: Buffer) => void
  #chunks: Buffer[] = []
  #post: IncomingMessage | null = null
  #receiveCreditBytes = CREDIT_BYTES
  #isEnded = false
  /** The answer is not wanted, but the program is still at it. */
  #isCancelled = false
  isHandedOut = false

  /** `onWhole`: the request body has arrived; the program can be given it. */
  constructor(
    requestId: string,
    shape: AnswerShape,
    handler: StreamHandler,
    owner: RuntimeApiStreamOwner,
    onWhole: (body: Buffer) => void,
  ) {
    this.requestId = requestId
    this.#shape = shape
    this.#handler = handler
    this.#owner = owner
    this.#onWhole = onWhole
  }

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  /** Handlers get a request whole, so that there is nothing to hold it back for. */
  send(chunk: Buffer, end: boolean): void {
    if (this.isRequestEnded) return
    if (chunk.length > 0) this.#chunks.push(chunk)
    if (!end) return
    this.isRequestEnded = true
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#onWhole(body)
  }

  grant(bytes: number): void {
    this.#receiveCreditBytes += bytes
    if (this.#receiveCreditBytes > 0) this.#post?.resume()
  }

  /** A program cannot be told: its place is taken until it has answered. One that has not got the request never will. */
  cancel(reason: 'disconnect' | 'timeout'): void {
    if (this.#isEnded) return
    this.isRequestEnded = true
    this.#isCancelled = true
    this.#post?.resume()
    if (!this.isHandedOut) this.#fail({ ...CANCELLED, errorMessage: `the invocation was cancelled: ${reason}` })
  }

  /** The program's answer, which is read here and confirmed. */
  answer(kind: 'response' | 'error', request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => {})
    request.on('close', () => {
      if (!request.complete) this.#fail(BROKEN)
    })
    request.on('end', () => response.writeHead(200, { 'Content-Length': '0' }).end())
    if (this.#isCancelled) {
      request.on('end', () => this.#fail(CANCELLED))
      request.resume()
    } else if (kind === 'error') this.#collect(request, ERROR_BYTES_MAX, (body) => this.#fail(reportedError(body)))
    else if (this.#shape === 'json') this.#collect(request, this.#owner.answerBytesMax, (body) => this.#translate(body))
    else this.#pass(request)
  }

  #pass(request: IncomingMessage): void {
    const head =
      this.#shape === 'event' ? EVENT_HEAD : responseHeadOf(String(request.headers['x-fc-http-params'] ?? ''))
    if (head === null) {
      request.resume()
      request.on('end', () => this.#fail(NO_PARAMS))
      return
    }
    this.#post = request
    this.#handler.onResponse(head, EMPTY, false)
    request.on('data', (chunk: Buffer) => {
      if (this.#isEnded || this.#isCancelled) return
      this.#receiveCreditBytes -= chunk.length
      if (this.#receiveCreditBytes <= 0) request.pause()
      this.#handler.onData(chunk, false)
    })
    request.on('end', () => this.#finish(() => this.#handler.onData(EMPTY, true)))
  }

  #translate(body: Buffer): void {
    let answer
    try {
      answer = translateAnswer(body)
    } catch (error) {
      this.#fail({ errorType: 'BadResponse', errorMessage: (error as Error).message, handled: false })
      return
    }
    const { head, body: bytes } = answer
    this.#finish(() => this.#handler.onResponse(head, bytes, true))
  }

  #collect(request: IncomingMessage, bytesMax: number, done: (body: Buffer) => void): void {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
    })
    request.on('end', () => {
      if (bytes <= bytesMax) done(Buffer.concat(chunks))
      else this.#fail({ ...BROKEN, errorMessage: `the program's answer exceeds ${bytesMax} bytes` })
    })
  }

  #fail(failure: FunctionFailure): void {
    this.#finish(() => this.#handler.onError(JSON.stringify(failure)))
  }

  #finish(tell: () => void): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#owner.afterOutput(tell)
  }
}

const CANCELLED: FunctionFailure = {
  errorType: 'InvocationCancelled',
  errorMessage: 'the invocation was cancelled',
  handled: false,
}
const BROKEN: FunctionFailure = {
  errorType: 'BadResponse',
  errorMessage: 'the answer of the program broke off',
  handled: false,
}
const NO_PARAMS: FunctionFailure = {
  errorType: 'BadResponse',
  errorMessage:
    'the answer to an HTTP request has no x-fc-http-params that can be read; functions of 2.0 with an HTTP trigger start with fc.StartHttp',
  handled: false,
}

interface StackFrame {
  path?: unknown
  line?: unknown
  label?: unknown
}

/** What the program posted as its error. A handler that returned one has no stack; one that panicked has. */
function reportedError(body: Buffer): FunctionFailure {
  const { errorMessage, errorType, stackTrace } = parseObject(body.toString()) ?? {}
  const frames = Array.isArray(stackTrace) ? (stackTrace as unknown[]) : []
  return {
    errorType: typeof errorType === 'string' ? errorType : 'FunctionHandledError',
    errorMessage: typeof errorMessage === 'string' ? errorMessage : 'the program reported an error without a message',
    ...(frames.length > 0 ? { stackTrace: frames.map(frameText) } : {}),
    handled: frames.length === 0,
  }
}

function frameText(frame: unknown): string {
  if (typeof frame !== 'object' || frame === null) return String(frame)
  const { path, line, label } = frame as StackFrame
  return `${String(label)} (${String(path)}:${String(line)})`
}
