/** The node's end of the channel for tests: spawns a runtime as a sandbox does and lets a test send any frame. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeHead,
  encodeFrame,
  encodeHead,
  FLAG_END,
  FRAME_PAYLOAD_BYTES_MAX,
  FrameDecoder,
  FrameType,
  INITIAL_CREDIT_BYTES,
} from '../../src/instances/channel/frames.ts'

export interface FunctionError {
  errorMessage: string
  errorType: string
  stackTrace: string[]
  handled: boolean
}

export interface ResponseHead {
  status?: number
  headers?: string[]
}

export interface Answer {
  head: ResponseHead | undefined
  body: Buffer
  text: string
  error: FunctionError | undefined
}

export interface Launch {
  /** Interpreter, flags, bootstrap. */
  command: readonly string[]
  codePath: string
  /** How the language spells `module.function`, when not so. `method`: what the runtime calls in it. */
  spell?(handler: string, method: 'handleRequest' | 'initialize' | 'preFreeze' | 'preStop'): string
}

export interface InitOptions {
  handler: string
  generation?: 2 | 3
  concurrency?: number
  responseBytesMax?: number
  initializer?: string
  preFreeze?: string
  preStop?: string
  layersPath?: string
  environment?: Record<string, string>
}

export const CREDENTIALS = { accessKeyId: 'key', accessKeySecret: 'secret', securityToken: 'token' }

/** One invocation as the node sees it. */
export class Stream {
  /** Grants credit for what arrives, as a fast reader does. */
  autoGrant = true
  /** Logs of this stream, in order, by `stdout` and `stderr`. */
  readonly logs = { stdout: '', stderr: '' }
  readonly answer: Promise<Answer>
  /** Resolves with the head of RESPONSE. */
  readonly responded: Promise<ResponseHead>
  receivedBytes = 0
  creditBytes = INITIAL_CREDIT_BYTES
  readonly number: number
  #head: ResponseHead | undefined
  #pieces: Buffer[] = []
  #ended = false
  readonly #send: (frame: Buffer) => void
  readonly #resolveAnswer: (answer: Answer) => void
  readonly #resolveHead: (head: ResponseHead) => void
  #onProgress: (() => void) | undefined

  constructor(number: number, send: (frame: Buffer) => void) {
    this.number = number
    this.#send = send
    const answered = Promise.withResolvers<Answer>()
    this.answer = answered.promise
    this.#resolveAnswer = answered.resolve
    const responded = Promise.withResolvers<ResponseHead>()
    this.responded = responded.promise
    this.#resolveHead = responded.resolve
  }

  get ended(): boolean {
    return this.#ended
  }

  receive(type: number, flags: number, payload: Buffer): void {
    if (this.#ended) throw new Error(`stream ${this.number} got frame type ${type} after its end`)
    if (type === FrameType.log) {
      this.logs[payload[0] === 2 ? 'stderr' : 'stdout'] += payload.toString('utf8', 1)
    } else if (type === FrameType.credit) {
      this.creditBytes += payload.readUInt32BE(0)
    } else if (type === FrameType.error) {
      this.#end(JSON.parse(payload.toString()) as FunctionError)
    } else {
      this.#receiveBody(type, flags, payload)
    }
    this.#onProgress?.()
  }

  #receiveBody(type: number, flags: number, payload: Buffer): void {
    let body = payload
    if (type === FrameType.response) {
      const decoded = decodeHead(payload)
      this.#head = JSON.parse(decoded.head) as ResponseHead
      this.#resolveHead(this.#head)
      body = decoded.body
    } else if (type !== FrameType.data || this.#head === undefined) {
      throw new Error(`frame type ${type} is out of place`)
    }
    this.receivedBytes += body.length
    this.#pieces.push(Buffer.from(body))
    if (this.autoGrant && body.length > 0) this.grant(body.length)
    if (flags & FLAG_END) this.#end(undefined)
  }

  #end(error: FunctionError | undefined): void {
    const body = Buffer.concat(this.#pieces)
    this.#ended = true
    this.#resolveAnswer({ head: this.#head, body, text: body.toString(), error })
  }

  grant(sizeBytes: number): void {
    const payload = Buffer.alloc(4)
    payload.writeUInt32BE(sizeBytes)
    this.#send(encodeFrame(FrameType.credit, this.number, payload))
  }

  data(bytes: Buffer, isLast = false): void {
    this.creditBytes -= bytes.length
    this.#send(encodeFrame(FrameType.data, this.number, bytes, isLast ? FLAG_END : 0))
  }

  cancel(reason: 'disconnect' | 'timeout'): void {
    this.#send(encodeFrame(FrameType.cancel, this.number, reason))
  }

  /** Sends a body of any size, as far as credit allows at each moment. */
  async sendWhole(body: Buffer): Promise<void> {
    let offset = 0
    while (offset < body.length) {
      await this.until(() => this.creditBytes > 0)
      const end = Math.min(body.length, offset + Math.min(this.creditBytes, FRAME_PAYLOAD_BYTES_MAX))
      this.data(body.subarray(offset, end), end === body.length)
      offset = end
    }
  }

  /** Resolves when `condition` holds; it is asked after each frame of this stream. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#onProgress = resolve))
  }
}

/** A running runtime with its channel. */
export class Runtime {
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  /** What reached the real pipes, outside the channel. */
  readonly pipes = { stdout: '', stderr: '' }
  /** Logs of stream 0. */
  readonly logs = { stdout: '', stderr: '' }
  readonly streams = new Map<number, Stream>()
  readonly socket: Socket
  readonly #launch: Launch
  /** For tests that open streams by frames of their own making. */
  dropsUnknownStreams = false
  #nextStream = 1
  #waiters: { type: number; resolve: (payload: Buffer) => void }[] = []
  #unclaimed: { type: number; payload: Buffer }[] = []

  constructor(socket: Socket, exited: Runtime['exited'], launch: Launch) {
    this.socket = socket
    this.#launch = launch
    this.exited = exited
    const decoder = new FrameDecoder((type, flags, stream, payload) => this.#receive(type, flags, stream, payload))
    socket.on('data', (chunk: Buffer) => decoder.push(chunk))
    socket.on('error', () => {})
  }

  #receive(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === FrameType.log && stream === 0) {
      this.logs[payload[0] === 2 ? 'stderr' : 'stdout'] += payload.toString('utf8', 1)
      return
    }
    const isControl =
      type === FrameType.hello || type === FrameType.ready || type === FrameType.pong || type === FrameType.hookDone
    if (!isControl) {
      const target = this.streams.get(stream)
      if (target === undefined && this.dropsUnknownStreams) return
      if (target === undefined) throw new Error(`frame type ${type} names stream ${stream}, which was never opened`)
      target.receive(type, flags, payload)
      return
    }
    const at = this.#waiters.findIndex((waiter) => waiter.type === type)
    if (at < 0) this.#unclaimed.push({ type, payload: Buffer.from(payload) })
    else this.#waiters.splice(at, 1)[0]!.resolve(Buffer.from(payload))
  }

  /** The next frame of this type that is not of an invocation. */
  async next(type: number): Promise<Buffer> {
    const at = this.#unclaimed.findIndex((frame) => frame.type === type)
    if (at >= 0) return this.#unclaimed.splice(at, 1)[0]!.payload
    return new Promise((resolve) => this.#waiters.push({ type, resolve }))
  }

  send(frame: Buffer): void {
    this.socket.write(frame)
  }

  /** Sends INIT and resolves with the payload of READY. */
  async init(codePath: string, options: InitOptions): Promise<{ error?: FunctionError }> {
    const spelt = (handler: string | undefined, method: 'handleRequest' | 'initialize' | 'preFreeze' | 'preStop') =>
      handler === undefined ? '' : (this.#launch.spell?.(handler, method) ?? handler)
    const init = {
      instanceId: 'c-1',
      requestId: 'r-init',
      generation: options.generation ?? 3,
      codePath,
      layersPath: options.layersPath ?? '/opt',
      concurrency: options.concurrency ?? 1,
      responseBytesMax: options.responseBytesMax ?? 33554432,
      environment: { FC_FUNC_CODE_PATH: '/code/', ...options.environment },
      credentials: CREDENTIALS,
      function: {
        name: 'hello',
        handler: spelt(options.handler, 'handleRequest'),
        memory: 128,
        timeout: 3,
        initializer: spelt(options.initializer, 'initialize'),
        initializationTimeout: 30,
        preFreeze: spelt(options.preFreeze, 'preFreeze'),
        preStop: spelt(options.preStop, 'preStop'),
      },
      service: { name: 'demo', logProject: 'p', logStore: 'l', qualifier: 'LATEST', versionId: '7' },
      region: 'cn-local',
      accountId: '1234567890123456',
    }
    this.send(encodeFrame(FrameType.init, 0, JSON.stringify(init)))
    return JSON.parse((await this.next(FrameType.ready)).toString()) as { error?: FunctionError }
  }

  /** Opens a stream with this head; `body` undefined: the body follows by `data`. */
  open(head: Record<string, unknown>, body?: Buffer | string): Stream {
    const stream = new Stream(this.#nextStream++, (frame) => this.send(frame))
    this.streams.set(stream.number, stream)
    const payload = encodeHead(JSON.stringify({ requestId: `r-${stream.number}`, deadlineMs: 0, ...head }), body ?? '')
    this.send(encodeFrame(FrameType.invoke, stream.number, payload, body === undefined ? 0 : FLAG_END))
    return stream
  }

  openEvent(event: Buffer | string = ''): Stream {
    return this.open({ kind: 'event' }, event)
  }

  async invoke(event: Buffer | string = ''): Promise<Answer> {
    return this.openEvent(event).answer
  }

  openHttp(request: Record<string, unknown> = {}, body?: Buffer | string): Stream {
    const head = {
      kind: 'http',
      method: 'GET',
      path: '/',
      rawPath: '/',
      query: '',
      url: '/',
      headers: ['Host', 'hello.localhost'],
      clientIp: '127.0.0.1',
      protocol: 'HTTP/1.1',
      domainName: 'hello-abc.localhost',
      triggerId: 't-1',
    }
    return this.open({ ...head, ...request }, body)
  }

  async http(request: Record<string, unknown> = {}, body: Buffer | string = ''): Promise<Answer> {
    return this.openHttp(request, body).answer
  }

  /** Resolves with the payload of PONG: by then all that the runtime sent before it has arrived. */
  async ping(payload = ''): Promise<string> {
    this.send(encodeFrame(FrameType.ping, 0, payload))
    return (await this.next(FrameType.pong)).toString()
  }

  async hook(name: string): Promise<{ error?: FunctionError }> {
    const call = { name, requestId: 'r-hook', deadlineMs: Date.now() + 3000 }
    this.send(encodeFrame(FrameType.hook, this.#nextStream++, JSON.stringify(call)))
    return JSON.parse((await this.next(FrameType.hookDone)).toString()) as { error?: FunctionError }
  }

  async stop(): Promise<void> {
    this.socket.destroy()
    await this.exited
  }
}

/** Starts a runtime and waits for HELLO; the caller stops it. */
export async function startRuntime(launch: Launch): Promise<{ runtime: Runtime; hello: Record<string, unknown> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-runtime-'))
  const path = join(folder, 'channel')
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  const [program, ...args] = launch.command
  const environment = { SLUICE_CHANNEL: path, PATH: process.env['PATH'] ?? '', HOME: folder, TMPDIR: folder }
  const child = spawn(program!, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = (async () => {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    server.close()
    await rm(folder, { recursive: true, force: true })
    return { code, signal }
  })()
  const early = { stderr: '' }
  child.stderr.on('data', (chunk: Buffer) => (early.stderr += chunk.toString()))
  const [socket] = await Promise.race([
    connected,
    exited.then((exit): never => {
      throw new Error(`the runtime ended with code ${exit.code} before it connected: ${early.stderr}`)
    }),
  ])
  server.close()
  const runtime = new Runtime(socket, exited, launch)
  child.stdout.on('data', (chunk: Buffer) => (runtime.pipes.stdout += chunk.toString()))
  runtime.pipes.stderr = early.stderr
  child.stderr.on('data', (chunk: Buffer) => (runtime.pipes.stderr += chunk.toString()))
  const hello = JSON.parse((await runtime.next(FrameType.hello)).toString()) as Record<string, unknown>
  return { runtime, hello }
}

/** Runs `use` against a runtime that is ready, then stops it. */
export async function withRuntime(
  launch: Launch,
  options: InitOptions,
  use: (runtime: Runtime) => Promise<void>,
): Promise<void> {
  const { runtime } = await startRuntime(launch)
  try {
    const { error } = await runtime.init(launch.codePath, options)
    if (error) throw new Error(`READY told an error: ${JSON.stringify(error)}`)
    await use(runtime)
  } finally {
    await runtime.stop()
  }
}
