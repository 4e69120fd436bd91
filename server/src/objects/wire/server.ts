/** A request's way over the objects' wire: read → authenticate → find the operation → access → answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { OssError } from '../port.ts'
import { checkAccess } from './access.ts'
import { readingIn, readingsOf, type Reading } from './addressing.ts'
import { errorAnswer, headerValue } from './answers.ts'
import { readProof, verify } from './auth/authenticate.ts'
import { RequestBody } from './body.ts'
import { causeOf } from './cause.ts'
import { checkBucketName, checkKey } from '../limits.ts'
import { createRouter } from './router.ts'
import { readTarget, type Target } from './target.ts'
import { FileStream } from '../../file-stream.ts'
import { WholeStream } from '../../whole-stream.ts'
import type { Principal } from '../../auth/port.ts'
import type { Random } from '../../clock.ts'
import type { Bucket, Cause, ObjectHead, ObjectStore } from '../port.ts'
import type { Answer, Exchange, Feature, Level, Operation, WireContext } from './exchange.ts'

export interface WireOptions {
  /** Host names of this platform, which hold no bucket. */
  endpoints: readonly string[]
}

export interface WireDependencies extends WireContext {
  onDefect(error: unknown, requestId: string): void
}

export type WireHandler = (request: IncomingMessage, response: ServerResponse) => void

export function createWire(
  options: WireOptions,
  operations: readonly Operation[],
  features: readonly Feature[],
  deps: WireDependencies,
): WireHandler {
  const endpoints = new Set(options.endpoints)
  const router = createRouter([...operations, ...features.flatMap((feature) => feature.operations ?? [])])

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedMs = deps.clock.nowMs()
    const startedMs = deps.clock.monotonicMs()
    const requestId = newRequestId(deps.random)
    const body = new RequestBody(request, response)
    // While the body is awaited; in the middle of an answer the connection just ends.
    request.once('timeout', () => {
      const slow = new OssError('RequestTimeout', 'Your socket connection was idle for too long.')
      if (!response.headersSent) send(request, response, {}, closing(refusal(slow, request, requestId)), () => {})
      response.once('close', () => request.destroy())
      if (response.writableFinished) request.destroy()
    })
    let exchange: Exchange | undefined
    let operation: Operation | undefined
    let answer: Answer
    try {
      const target = readTarget(request.url ?? '')
      const { caller, reading } = await authenticate(request, target, receivedMs)
      exchange = new WireExchange(request, target, reading, caller, requestId, receivedMs, body, deps)
      operation = router.find(levelOf(reading), exchange.method, target.query, exchange.headers)
      answer = await answerOf(exchange, operation)
    } catch (thrown) {
      const error = thrown instanceof OssError ? thrown : defect(thrown, request, requestId)
      const rescued = await rescue(exchange, operation, error).catch((failed: unknown) => {
        return refusal(failed instanceof OssError ? failed : defect(failed, request, requestId), request, requestId)
      })
      answer = rescued ?? refusal(error, request, requestId)
    }
    if (!request.complete && !(await body.discard())) answer = closing(answer)
    const bucket = exchange === undefined ? undefined : deps.store.bucket(exchange.bucketName)
    const headers: Record<string, string> = {
      server: 'AliyunOSS',
      'x-oss-request-id': requestId,
      'x-oss-server-time': String(Math.round(deps.clock.monotonicMs() - startedMs)),
    }
    for (const feature of features) {
      Object.assign(headers, feature.headers?.({ method: request.method!, headers: request.headers, bucket }))
    }
    send(request, response, headers, answer, (bytes) => {
      if (exchange === undefined || operation === undefined) return
      const outcome = { status: answer.status, bytes, ms: deps.clock.monotonicMs() - startedMs }
      for (const feature of features) feature.answered?.(exchange, operation, outcome)
    })
  }

  async function authenticate(
    request: IncomingMessage,
    target: Target,
    nowMs: number,
  ): Promise<{ caller: Principal | null; reading: Reading }> {
    const readings = readingsOf(request.headers.host ?? '', target.rawPath, endpoints)
    // Whoever vouches for a request names the bucket in its path.
    const known = deps.vouching?.principalOf(request.headers)
    if (known) return { caller: known, reading: readings.at(-1)! }
    const parts = { method: request.method!, headers: request.headers, query: target.query }
    // A preflight carries the signature of the request that it asks about, if any.
    const proof = parts.method === 'OPTIONS' ? null : readProof(parts, nowMs)
    if (proof === null) return { caller: null, reading: await readAnonymous(readings, deps.store) }
    const all = everyReading(readings, target.rawPath, deps.store)
    const { principal, reading } = verify(proof, all, deps.keys, nowMs)
    return { caller: principal, reading }
  }

  async function answerOf(exchange: Exchange, operation: Operation): Promise<Answer> {
    if (exchange.bucketName !== '') checkBucketName(exchange.bucketName)
    if (exchange.key !== '') checkKey(exchange.key)
    // Throws when there is none.
    if (operation.level !== 'service' && operation.bucketMayMiss === undefined) void exchange.bucket
    await checkAccess(exchange, operation, features, deps)
    for (const feature of features) await feature.admit?.(exchange, operation, deps)
    let answer = await operation.handle(exchange, deps)
    for (const feature of features) {
      if (answer.stored !== undefined && feature.stored) {
        answer = await feature.stored(exchange, operation, answer.stored, answer)
      }
    }
    return answer
  }

  async function rescue(
    exchange: Exchange | undefined,
    operation: Operation | undefined,
    error: OssError,
  ): Promise<Answer | null> {
    if (exchange === undefined || operation === undefined) return null
    for (const feature of features) {
      const answer = await feature.rescue?.(exchange, operation, error, deps)
      if (answer) return answer
    }
    return null
  }

  function defect(error: unknown, request: IncomingMessage, requestId: string): OssError {
    // A client that went away in the middle of its body is nobody's defect.
    if (!request.destroyed || request.complete) deps.onDefect(error, requestId)
    return new OssError('InternalError', 'We encountered an internal error. Please try again.')
  }

  return (request, response) => {
    serve(request, response).catch((error: unknown) => {
      deps.onDefect(error, '')
      response.destroy()
    })
  }
}

export function newRequestId(random: Random): string {
  return random.bytes(12).toString('hex').toUpperCase()
}

function refusal(error: OssError, request: IncomingMessage, requestId: string): Answer {
  return errorAnswer(error, { method: request.method!, requestId, host: request.headers.host ?? '' })
}

function levelOf({ bucket, key }: Reading): Level {
  if (bucket === '') return 'service'
  return key === '' ? 'bucket' : 'object'
}

/** Also those that name no bucket at all, which only a signature can tell. */
function* everyReading(readings: readonly Reading[], rawPath: string, store: ObjectStore): Generator<Reading> {
  yield* readings
  for (const { name } of store.buckets()) yield readingIn(name, rawPath)
}

/** A host that names a bucket which is there wins, unless the path begins with that name, too, and no such key is there. */
async function readAnonymous(readings: readonly Reading[], store: ObjectStore): Promise<Reading> {
  const [first, second] = readings as [Reading, Reading | undefined]
  if (second === undefined) return first
  if (store.bucket(first.bucket) === undefined) return store.bucket(second.bucket) === undefined ? first : second
  if (first.bucket !== second.bucket) return first
  const isThere = await store.head({ bucket: first.bucket, key: first.key }).then(
    () => true,
    () => false,
  )
  return isThere ? first : second
}

class WireExchange implements Exchange {
  readonly requestId: string
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly query: Target['query']
  readonly bucketName: string
  readonly key: string
  readonly caller: Principal | null
  readonly sourceIp: string
  readonly receivedMs: number
  readonly body: RequestBody
  readonly #deps: WireDependencies
  #head: Promise<ObjectHead> | undefined

  constructor(
    request: IncomingMessage,
    target: Target,
    reading: Reading,
    caller: Principal | null,
    requestId: string,
    receivedMs: number,
    body: RequestBody,
    deps: WireDependencies,
  ) {
    this.requestId = requestId
    this.method = request.method!
    this.url = request.url!
    this.headers = request.headers
    this.query = target.query
    this.bucketName = reading.bucket
    this.key = reading.key
    this.caller = caller
    this.sourceIp = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
    this.receivedMs = receivedMs
    this.body = body
    this.#deps = deps
  }

  get bucket(): Bucket {
    const bucket = this.#deps.store.bucket(this.bucketName)
    if (bucket !== undefined) return bucket
    throw new OssError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: this.bucketName })
  }

  head(): Promise<ObjectHead> {
    const versionId = this.query.get('versionId')
    this.#head ??= this.#deps.store.head({
      bucket: this.bucketName,
      key: this.key,
      ...(versionId !== undefined && { versionId }),
    })
    return this.#head
  }

  get cause(): Cause {
    return causeOf(this, this.caller, this.#deps)
  }
}

function closing(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, connection: 'close' } }
}

/** `done` hears how many bytes of body went out, also when the client left before all did. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  common: Record<string, string>,
  { status, headers = {}, body }: Answer,
  done: (bytes: number) => void,
): void {
  // Answered already, as too slow, or the client has gone.
  if (response.headersSent || response.destroyed) {
    if (body instanceof Readable) body.destroy()
    return
  }
  const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304
  const before = request.socket.bytesWritten
  response.once('close', () => done(request.socket.bytesWritten - before))
  const sent: Record<string, string> = { ...common }
  for (const [name, value] of Object.entries(headers)) sent[name] = headerValue(value)
  if (body instanceof Readable && !(body instanceof WholeStream)) {
    response.writeHead(status, sent)
    body.on('error', () => response.destroy())
    response.once('close', () => body.destroy())
    if (!(body instanceof FileStream)) body.pipe(response)
    else
      body.writeTo(response).then(
        () => response.end(),
        () => response.destroy(),
      )
    return
  }
  const bytes = body instanceof WholeStream ? body.bytes : body
  if (hasBody) sent['content-length'] = String(bytes === undefined ? 0 : Buffer.byteLength(bytes))
  response.writeHead(status, sent)
  response.end(hasBody ? bytes : undefined)
}
