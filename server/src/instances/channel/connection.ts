/** The node's end of one channel: many streams over one socket, credit kept, rules of docs/reference/channel.md enforced. */
import type { Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import { OutputBudget } from '../../output-budget.ts'
import type { CredentialsFrame, InitFrame } from '../environment.ts'
import type { Link } from '../link.ts'
import type { HookCall } from '../link.ts'
import type { LinkStream, StreamHandler } from '../port.ts'
import { ChannelError, FLAG_END, FrameDecoder, FrameType, INITIAL_CREDIT_BYTES } from './frames.ts'
import { FrameWriter } from './writer.ts'

export interface ConnectionHandler {
  onHello(payload: string): void
  onReady(payload: string): void
  /** Answers `ping`. */
  onPong(): void
  onLog(stream: 'stdout' | 'stderr', chunk: Buffer): void
  /** Last call; `error` when the peer broke the rules or the socket failed. Streams still open are not told one by one. */
  onClosed(error: Error | null): void
}

/** An empty LOG, PONG or HELLO may not be sent without end: control frames are at most this large. */
const CONTROL_PAYLOAD_BYTES_MAX = 262_144
/** Of one LOG: what is printed is taken in pieces between which others have their turn. */
const LOG_PAYLOAD_BYTES_MAX = 65_536
/** A credit a peer may hold; beyond it the numbers are nonsense. */
const CREDIT_BYTES_MAX = 1 << 30
const LOAD_MS_MAX = 60_000
const EMPTY = Buffer.alloc(0)
const PING_PAYLOAD = Buffer.from('sluice')

export class ChannelStream implements LinkStream {
  readonly id: number
  readonly handler: StreamHandler
  sendCreditBytes = INITIAL_CREDIT_BYTES
  /** Bytes of response body that the peer may still send. */
  receiveCreditBytes = INITIAL_CREDIT_BYTES
  isRequestEnded = false
  isResponding = false
  readonly #connection: ChannelConnection

  constructor(id: number, handler: StreamHandler, connection: ChannelConnection) {
    this.id = id
    this.handler = handler
    this.#connection = connection
  }

  send(chunk: Buffer, end: boolean): void {
    this.#connection.sendData(this, chunk, end)
  }

  grant(bytes: number): void {
    this.#connection.grant(this, bytes)
  }

  cancel(reason: 'disconnect' | 'timeout'): void {
    this.#connection.cancel(this, reason)
  }
}

export class ChannelConnection implements Link {
  readonly loadMsMax = LOAD_MS_MAX
  readonly #socket: Socket
  readonly #writer: FrameWriter
  readonly #handler: ConnectionHandler
  readonly #streams = new Map<number, ChannelStream>()
  /** Hooks that run, by stream: who hears the payload of HOOK_DONE. */
  readonly #hooks = new Map<number, (payload: string) => void>()
  readonly #logBudget: OutputBudget
  #lastStream = 0
  #isGreeted = false
  /** PINGs that are not answered yet. */
  #pings = 0
  #isClosed = false

  constructor(socket: Socket, handler: ConnectionHandler, clock: Clock) {
    this.#socket = socket
    this.#logBudget = new OutputBudget(socket, clock)
    this.#handler = handler
    this.#writer = new FrameWriter(socket)
    const decoder = new FrameDecoder((type, flags, stream, payload) => this.#receive(type, flags, stream, payload))
    socket.on('data', (chunk: Buffer) => {
      if (this.#isClosed) return
      try {
        decoder.push(chunk)
      } catch (error) {
        // What is no ChannelError is a defect of ours; it too ends this instance only.
        this.close(error instanceof Error ? error : new Error(String(error)))
      }
    })
    socket.on('error', (error) => this.close(error))
    socket.on('close', () => this.close(null))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  initialize(init: InitFrame): void {
    this.#writer.frame(FrameType.init, 0, Buffer.from(JSON.stringify(init)), false)
  }

  credentials(credentials: CredentialsFrame): void {
    this.#writer.frame(FrameType.credentials, 0, Buffer.from(JSON.stringify(credentials)), false)
  }

  /** Runs a lifecycle hook; `onDone` hears the JSON of its outcome, unless the channel is closed before. */
  hook(call: HookCall, onDone: (payload: string) => void): void {
    this.#hooks.set(++this.#lastStream, onDone)
    this.#writer.frame(FrameType.hook, this.#lastStream, Buffer.from(JSON.stringify(call)), false)
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#pings++
    this.#writer.frame(FrameType.ping, 0, PING_PAYLOAD, false)
  }

  /** Opens a stream. `body` holds the first bytes of the request body, at most the initial credit. */
  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): ChannelStream {
    const stream = new ChannelStream(++this.#lastStream, handler, this)
    stream.isRequestEnded = end
    if (body !== null) stream.sendCreditBytes -= body.length
    this.#streams.set(stream.id, stream)
    this.#writer.head(FrameType.invoke, stream.id, head, body, end)
    return stream
  }

  sendData(stream: ChannelStream, chunk: Buffer, end: boolean): void {
    if (stream.isRequestEnded || this.#isClosed) return
    stream.sendCreditBytes -= chunk.length
    stream.isRequestEnded = end
    this.#writer.frame(FrameType.data, stream.id, chunk, end)
  }

  grant(stream: ChannelStream, bytes: number): void {
    if (bytes === 0 || this.#isClosed || !this.#streams.has(stream.id)) return
    stream.receiveCreditBytes += bytes
    this.#writer.credit(FrameType.credit, stream.id, bytes)
  }

  /** The answer is no longer wanted; the stream's handler hears nothing more, except `onError` or the end as its close. */
  cancel(stream: ChannelStream, reason: string): void {
    if (this.#isClosed || !this.#streams.has(stream.id)) return
    stream.isRequestEnded = true
    this.#writer.frame(FrameType.cancel, stream.id, Buffer.from(reason), false)
    // What the peer still sends is dropped by the owner; it must not run dry of credit before it can end the stream.
    this.grant(stream, INITIAL_CREDIT_BYTES)
  }

  close(error: Error | null): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    this.#streams.clear()
    this.#hooks.clear()
    this.#handler.onClosed(error)
  }

  #receive(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#isClosed) return
    if (!this.#isGreeted && type !== FrameType.hello) throw new ChannelError('the first frame must be HELLO')
    if (id > this.#lastStream) throw new ChannelError(`stream ${id} was never opened`)
    const stream = this.#streams.get(id)
    switch (type) {
      case FrameType.response:
        if (stream) this.#receiveResponse(stream, payload, (flags & FLAG_END) !== 0)
        return
      case FrameType.data:
        if (stream) this.#receiveData(stream, payload, (flags & FLAG_END) !== 0)
        return
      case FrameType.log: {
        const fd = payload[0]
        if (fd !== 1 && fd !== 2) throw new ChannelError('LOG must name stdout (1) or stderr (2)')
        if (payload.length > LOG_PAYLOAD_BYTES_MAX) throw new ChannelError(`a LOG of ${payload.length} bytes`)
        const handler = stream ? stream.handler : this.#handler
        const name = fd === 1 ? 'stdout' : 'stderr'
        this.#logBudget.spend(payload.length, () => handler.onLog(name, payload.subarray(1)))
        return
      }
      case FrameType.credit: {
        if (payload.length !== 4) throw new ChannelError('CREDIT has 4 bytes')
        if (!stream) return
        stream.sendCreditBytes += payload.readUInt32BE(0)
        if (stream.sendCreditBytes > CREDIT_BYTES_MAX) throw new ChannelError('more credit than a stream can have')
        if (!stream.isRequestEnded) stream.handler.onCredit()
        return
      }
      case FrameType.error:
        if (!stream) return
        this.#end(stream)
        stream.handler.onError(payload.toString())
        return
    }
    this.#receiveControl(type, id, payload)
  }

  #receiveControl(type: number, id: number, payload: Buffer): void {
    if (payload.length > CONTROL_PAYLOAD_BYTES_MAX) throw new ChannelError(`a control frame of ${payload.length} bytes`)
    switch (type) {
      case FrameType.hello:
        if (this.#isGreeted) throw new ChannelError('HELLO comes once')
        this.#isGreeted = true
        this.#handler.onHello(payload.toString())
        return
      case FrameType.ready:
        this.#handler.onReady(payload.toString())
        return
      case FrameType.pong:
        if (this.#pings === 0 || !payload.equals(PING_PAYLOAD)) throw new ChannelError('PONG answers no PING')
        this.#pings--
        this.#handler.onPong()
        return
      case FrameType.hookDone: {
        const onDone = this.#hooks.get(id)
        if (onDone === undefined) throw new ChannelError(`stream ${id} runs no hook`)
        this.#hooks.delete(id)
        onDone(payload.toString())
        return
      }
    }
    throw new ChannelError(`frame type ${type} is not for the node`)
  }

  #receiveResponse(stream: ChannelStream, payload: Buffer, end: boolean): void {
    if (stream.isResponding) throw new ChannelError(`stream ${stream.id} answered twice`)
    if (payload.length < 4) throw new ChannelError('RESPONSE without a head')
    const headBytes = payload.readUInt32BE(0)
    if (headBytes > payload.length - 4) throw new ChannelError('a head longer than its frame')
    stream.isResponding = true
    // A header value beyond ASCII thus keeps the bytes the function gave it: node:http writes header text as latin1 again.
    const head = payload.toString('latin1', 4, 4 + headBytes)
    const body = payload.length === 4 + headBytes ? EMPTY : payload.subarray(4 + headBytes)
    this.#spend(stream, body.length)
    if (end) this.#end(stream)
    stream.handler.onResponse(head, body, end)
  }

  #receiveData(stream: ChannelStream, payload: Buffer, end: boolean): void {
    if (!stream.isResponding) throw new ChannelError(`stream ${stream.id} sent a body before its head`)
    if (payload.length === 0 && !end) throw new ChannelError(`stream ${stream.id} sent an empty DATA`)
    this.#spend(stream, payload.length)
    if (end) this.#end(stream)
    stream.handler.onData(payload, end)
  }

  #spend(stream: ChannelStream, bytes: number): void {
    stream.receiveCreditBytes -= bytes
    if (stream.receiveCreditBytes < 0) throw new ChannelError(`stream ${stream.id} sent beyond its credit`)
  }

  #end(stream: ChannelStream): void {
    this.#streams.delete(stream.id)
    if (!stream.isRequestEnded) {
      // The answer came before the whole request: the runtime hears that no more of it follows.
      stream.isRequestEnded = true
      this.#writer.frame(FrameType.data, stream.id, null, true)
    }
  }
}
