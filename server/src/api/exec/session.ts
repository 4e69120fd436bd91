/** One program inside an instance and the WebSocket of who runs it: whichever ends first ends the other. */
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../../clock.ts'
import { Channel, frame, readClientFrame } from './frames.ts'
import { BUFFERED_BYTES_MAX, PING_MS } from './limits.ts'
import type { ExecProcess } from '../../instances/port.ts'
import type { ExecOptions } from './request.ts'

/** WebSocket close codes. */
const CLOSE_NORMAL = 1000
const CLOSE_GOING_AWAY = 1001
const CLOSE_AGAINST_RULES = 1008
/** What shells answer for a program that a signal ended: this and its number. */
const SIGNAL_CODE = 128

export interface SessionDeps {
  clock: Clock
  /** The connection is closed and the program has ended. */
  onEnded(): void
}

export class ExecSession {
  readonly #socket: WebSocket
  readonly #process: ExecProcess
  readonly #options: ExecOptions
  readonly #clock: Clock
  #activeMs: number
  /** The client said something since the last ping. */
  #isHeard = true
  /** The program does not take its input: the client is not listened to meanwhile. */
  #isInputBlocked = false
  #isEnding = false
  #idleTimer: Timer | null = null
  #pingTimer: Timer | null = null

  constructor(socket: WebSocket, process: ExecProcess, options: ExecOptions, deps: SessionDeps) {
    this.#socket = socket
    this.#process = process
    this.#options = options
    this.#clock = deps.clock
    this.#activeMs = deps.clock.monotonicMs()
    this.#listenToProcess()
    this.#listenToClient()
    this.#watchIdle(options.idleMs)
    this.#watchClient()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    void Promise.all([closed, process.exited]).then(() => deps.onEnded())
  }

  /** The platform stops. */
  stop(): void {
    this.#end(CLOSE_GOING_AWAY, 'the platform is stopping')
  }

  /** Without waiting for the client. */
  terminate(): void {
    this.#process.kill()
    this.#socket.terminate()
  }

  // ---- the program ----

  #listenToProcess(): void {
    const { stdin, stdout, stderr, exited } = this.#process
    // What is typed after the program has ended, or closed its input, is lost, as on any terminal.
    stdin.on('error', () => {})
    stdin.on('drain', () => this.#unblockInput())
    stdin.on('close', () => this.#unblockInput())
    if (!this.#options.stdin) stdin.end()
    this.#deliver(stdout, this.#options.stdout ? Channel.stdout : null)
    this.#deliver(stderr, this.#options.stderr ? Channel.stderr : null)
    void exited.then(({ code, signal }) => {
      this.#unblockInput()
      if (this.#isEnding) return
      const exitCode = code ?? SIGNAL_CODE + (constants.signals[signal as NodeJS.Signals] ?? 0)
      this.#send(Channel.close, JSON.stringify({ ExitCode: exitCode, ...(signal === null ? {} : { Signal: signal }) }))
      this.#close(CLOSE_NORMAL, `exit code ${exitCode}`)
    })
  }

  /** Null: read and dropped, so that the program does not stand still. */
  #deliver(stream: Readable, channel: number | null): void {
    stream.on('error', () => {})
    if (channel === null) {
      stream.resume()
      return
    }
    stream.on('data', (chunk: Buffer) => {
      this.#activeMs = this.#clock.monotonicMs()
      this.#send(channel, chunk, () => this.#resumeOutput())
      if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) stream.pause()
    })
  }

  /** Both wait for the same connection. */
  #resumeOutput(): void {
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX / 2) return
    this.#process.stdout.resume()
    this.#process.stderr.resume()
  }

  #send(channel: number, payload: Buffer | string, onSent?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(frame(channel, payload), { binary: true }, onSent)
  }

  // ---- the client ----

  #listenToClient(): void {
    const socket = this.#socket
    socket.on('message', (data: RawData, isBinary) => {
      this.#isHeard = true
      this.#onFrame(data as Buffer, isBinary)
    })
    socket.on('pong', () => (this.#isHeard = true))
    socket.on('ping', () => {
      this.#isHeard = true
      // Each is answered: who asks without end and takes no answer fills the memory.
      if (socket.bufferedAmount > 2 * BUFFERED_BYTES_MAX) this.terminate()
    })
    // Frames that are too large or broken: the library has closed the connection with the reason.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isEnding = true
      this.#idleTimer?.cancel()
      this.#pingTimer?.cancel()
      this.#process.kill()
      // Nobody reads any more: what is paused must not hold the program's end.
      this.#process.stdout.resume()
      this.#process.stderr.resume()
    })
  }

  #onFrame(data: Buffer, isBinary: boolean): void {
    if (this.#isEnding) return
    const read = readClientFrame(data, isBinary)
    switch (read.kind) {
      case 'stdin':
        this.#type(read.data)
        return
      case 'endOfStdin':
        this.#process.stdin.end()
        return
      case 'resize':
        this.#process.resize(read.columns, read.rows)
        return
      case 'broken':
        this.#end(CLOSE_AGAINST_RULES, read.reason)
        return
    }
  }

  #type(data: Buffer): void {
    const { stdin } = this.#process
    if (!this.#options.stdin || !stdin.writable || data.length === 0) return
    this.#activeMs = this.#clock.monotonicMs()
    if (stdin.write(data)) return
    this.#isInputBlocked = true
    this.#socket.pause()
  }

  #unblockInput(): void {
    if (!this.#isInputBlocked) return
    this.#isInputBlocked = false
    this.#isHeard = true
    this.#socket.resume()
  }

  // ---- the end ----

  #watchIdle(afterMs: number): void {
    this.#idleTimer = this.#clock.setTimer(afterMs, () => {
      const leftMs = this.#activeMs + this.#options.idleMs - this.#clock.monotonicMs()
      if (leftMs > 0) this.#watchIdle(leftMs)
      else this.#end(CLOSE_NORMAL, `nothing was typed or printed for ${this.#options.idleMs / 1000} seconds`)
    })
  }

  /** While the client is not listened to it cannot be heard: then only the idle time-out ends it. */
  #watchClient(): void {
    this.#pingTimer = this.#clock.setTimer(PING_MS, () => {
      if (!this.#isHeard && !this.#isInputBlocked) return this.terminate()
      this.#isHeard = false
      this.#socket.ping()
      this.#watchClient()
    })
  }

  /** Ends both, and tells the client why. */
  #end(code: number, reason: string): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#send(Channel.error, reason)
    this.#process.kill()
    this.#close(code, reason)
  }

  #close(code: number, reason: string): void {
    this.#isEnding = true
    this.#unblockInput()
    // A close frame holds 123 bytes of reason.
    this.#socket.close(code, reason.slice(0, 100))
  }
}
