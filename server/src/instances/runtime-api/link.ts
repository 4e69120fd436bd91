/** Speaks with a program that asks for its work at the runtime API: `go1`, and whatever is built with such an SDK. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { CredentialsFrame, InitFrame } from '../environment.ts'
import { parseFailure, StartFailure } from '../failure.ts'
import type { CallFacts } from '../http/control-headers.ts'
import type { HookCall, Link } from '../link.ts'
import type { LinkStream, StreamHandler } from '../port.ts'
import type { Program } from '../program/program.ts'
import { buildEvent, type HttpRequestFacts } from './http-event.ts'
import { requestParams } from './http-params.ts'
import { CallType, nextHeaders, type NextFacts } from './next-headers.ts'
import { refuse, type RuntimeApi, type RuntimeApiHandler } from './server.ts'
import { RuntimeApiStream, type AnswerShape, type RuntimeApiStreamOwner } from './stream.ts'

/** From its start to its first question. */
const LOAD_MS_MAX = 60_000
const EMPTY = Buffer.alloc(0)

/** The INVOKE head of docs/reference/channel.md. */
type InvokeHead = CallFacts & { deadlineMs: number } & ({ kind: 'event' } | ({ kind: 'http' } & HttpRequestFacts))

/** Something to do for the program. */
interface Call {
  stream: RuntimeApiStream
  headers: string[]
  body: Buffer
}

export interface RuntimeApiLinkDeps {
  clock: Clock
  api: RuntimeApi
}

export class RuntimeApiLink implements Link, RuntimeApiHandler, RuntimeApiStreamOwner {
  readonly loadMsMax = LOAD_MS_MAX
  readonly #program: Program
  readonly #command: readonly string[]
  readonly #clock: Clock
  readonly #api: RuntimeApi
  readonly #waiting: Call[] = []
  readonly #polls = new Set<ServerResponse>()
  readonly #handedOut = new Map<string, RuntimeApiStream>()
  #init: InitFrame | null = null
  #credentials: CredentialsFrame | null = null
  /** Called with the program's first question. */
  #onFirstPoll: (() => void) | null = null
  #isPinged = false

  constructor(program: Program, command: readonly string[], deps: RuntimeApiLinkDeps) {
    this.#program = program
    this.#command = command
    this.#clock = deps.clock
    this.#api = deps.api
  }

  initialize(init: InitFrame): void {
    this.#init = init
    this.#credentials = init.credentials
    this.#start(init).catch((error: unknown) => {
      if (error instanceof StartFailure) this.#program.fail(error.failure)
      else this.#program.broke(error instanceof Error ? error : new Error(String(error)))
    })
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream {
    const parsed = JSON.parse(head) as InvokeHead
    const init = this.#init!
    const timeoutSeconds = init.function.timeout
    const isV2 = init.generation === 2
    const shape: AnswerShape = parsed.kind === 'event' ? 'event' : isV2 ? 'params' : 'json'
    const stream = this.#open(parsed.requestId, shape, handler, (whole) => {
      const httpParams = shape === 'params' ? requestParams(parsed as HttpRequestFacts) : undefined
      const event = shape === 'json' ? buildEvent(parsed as HttpRequestFacts, whole, init.accountId) : whole
      this.#give(stream, CallType.handle, { ...parsed, timeoutSeconds, httpParams }, event)
    })
    if (body !== null || end) stream.send(body ?? EMPTY, end)
    return stream
  }

  /** A program that is well waits for its next call. */
  ping(): void {
    if (this.#polls.size > 0) this.#program.pong()
    else this.#isPinged = true
  }

  /** They come with every call. */
  credentials(credentials: CredentialsFrame): void {
    this.#credentials = credentials
  }

  /** Runs a lifecycle hook; `onDone` hears the JSON of its outcome, unless the program ends before. */
  hook({ name, requestId, deadlineMs }: HookCall, onDone: (payload: string) => void): void {
    const timeoutSeconds = Math.max(1, Math.ceil((deadlineMs - this.#clock.nowMs()) / 1000))
    const type = name === 'preFreeze' ? CallType.preFreeze : CallType.preStop
    this.#runHook(type, { requestId, timeoutSeconds, deadlineMs }).then(
      () => onDone('{}'),
      (error: StartFailure) => onDone(JSON.stringify({ error: error.failure })),
    )
  }

  // ---- asked by the program ----

  onNext(response: ServerResponse): void {
    this.#polls.add(response)
    response.on('close', () => this.#polls.delete(response))
    if (this.#isPinged) {
      this.#isPinged = false
      this.#program.pong()
    }
    this.#onFirstPoll?.()
    this.#onFirstPoll = null
    this.#handOut()
  }

  onAnswer(requestId: string, kind: 'response' | 'error', request: IncomingMessage, response: ServerResponse): void {
    const stream = this.#handedOut.get(requestId)
    if (stream === undefined) {
      refuse(response, 404, `request '${requestId.slice(0, 64)}' is not one that waits for an answer`)
      return
    }
    // Answered once, and its place is free when the answer has been read.
    this.#handedOut.delete(requestId)
    request.on('close', () => this.#handOut())
    stream.answer(kind, request, response)
  }

  // ---- asked by its streams ----

  /** Of a JSON answer, whose body may be in base64. */
  get answerBytesMax(): number {
    return 2 * this.#init!.responseBytesMax
  }

  afterOutput(tell: () => void): void {
    this.#program.afterOutput(tell)
  }

  // ---- inside ----

  async #start(init: InitFrame): Promise<void> {
    const { ended } = this.#program
    const { address, forget } = await this.#api.admit(this)
    ended.addEventListener('abort', forget)
    const firstPoll = new Promise<void>((resolve) => (this.#onFirstPoll = resolve))
    const startMs = this.#clock.monotonicMs()
    const environment = { ...init.environment, FC_RUNTIME_API: address }
    await this.#program.run({ ...init, environment }, this.#command)
    await firstPoll
    if (init.function.initializer === '') {
      this.#program.ready(null)
      return
    }
    const loadMs = this.#clock.monotonicMs() - startMs
    await this.#runInitializer(init)
    this.#program.ready(loadMs)
  }

  #runInitializer({ instanceId, requestId, function: definition }: InitFrame): Promise<void> {
    const { initializationTimeout: timeoutSeconds } = definition
    const deadlineMs = this.#clock.nowMs() + timeoutSeconds * 1000
    return this.#runHook(CallType.initialize, { requestId: requestId || instanceId, timeoutSeconds, deadlineMs })
  }

  /** Rejects with StartFailure when the program reports an error. */
  #runHook(type: CallType, facts: NextFacts): Promise<void> {
    return new Promise((resolve, reject) => {
      const handler = answerHandler(resolve, (failure) => reject(new StartFailure(parseFailure(failure))))
      const stream = this.#open(facts.requestId, 'event', handler, (body) => this.#give(stream, type, facts, body))
      stream.send(EMPTY, true)
    })
  }

  #open(
    requestId: string,
    shape: AnswerShape,
    handler: StreamHandler,
    onWhole: (body: Buffer) => void,
  ): RuntimeApiStream {
    return new RuntimeApiStream(requestId, shape, handler, this, onWhole)
  }

  #give(stream: RuntimeApiStream, type: CallType, facts: NextFacts, body: Buffer): void {
    this.#waiting.push({ stream, headers: nextHeaders(type, facts, this.#init!, this.#credentials!), body })
    this.#handOut()
  }

  /** An SDK may ask for the next before it has answered the one it has: it gets no more than the function takes at once. */
  #handOut(): void {
    while (this.#waiting.length > 0 && this.#polls.size > 0 && this.#handedOut.size < this.#init!.concurrency) {
      const call = this.#waiting.shift()!
      if (call.stream.isCancelled) continue
      const poll = this.#polls.values().next().value!
      this.#polls.delete(poll)
      this.#send(call, poll)
    }
  }

  #send(call: Call, poll: ServerResponse): void {
    const { stream, headers, body } = call
    stream.isHandedOut = true
    this.#handedOut.set(stream.requestId, stream)
    poll.on('close', () => {
      // It hung up before it had all of it: another question gets it.
      if (poll.writableFinished || this.#program.ended.aborted) return
      this.#handedOut.delete(stream.requestId)
      this.#waiting.unshift(call)
      this.#handOut()
    })
    poll.writeHead(200, [...headers, 'Content-Length', String(body.length)])
    poll.end(body)
  }
}

/** For a call whose answer says only whether it went well. */
function answerHandler(done: () => void, failed: (payload: string) => void): StreamHandler {
  return {
    onResponse(_head, _body, end) {
      if (end) done()
    },
    onData(_chunk, end) {
      if (end) done()
    },
    onError: failed,
    onLog() {},
    onCredit() {},
  }
}
