/** A sandbox whose runtime has booted and connected, and that waits for its function: no code of a user has run in it. */
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Sandbox, SandboxExit, SandboxLimits, SandboxRuntime } from '../sandbox/port.ts'
import { ChannelConnection, type ConnectionHandler } from './channel/connection.ts'
import { ChannelError } from './channel/frames.ts'
import type { Interpreter } from './interpreters/interpreter.ts'
import { libraryPath, SYSTEM_PATH } from './environment.ts'

/** For the isolation mechanism to bring a process up; a mechanism that hangs then fails this start, not all that follow. */
export const SANDBOX_CREATE_MS_MAX = 20_000
/** From a sandbox that runs to a runtime that says HELLO. */
export const RUNTIME_START_MS_MAX = 20_000
/** For a stem that waited to show that it lives; a boot takes no longer. */
export const STEM_ANSWER_MS_MAX = 1000
/** Kept of what a runtime prints before it has a function: the reason, when it does not come up. */
const WORDS_BYTES_MAX = 2048
/** What every sandbox has; what is a function's own comes with INIT. */
const ENVIRONMENT = { PATH: SYSTEM_PATH, HOME: '/tmp', LANG: 'C.UTF-8' }

/** The dynamic loader knows the libraries of the function to come only by what it is told at the start of the runtime. */
function environmentIn({ folders }: SandboxRuntime): Record<string, string> {
  return folders === null ? ENVIRONMENT : { ...ENVIRONMENT, LD_LIBRARY_PATH: libraryPath(folders.code, folders.layers) }
}

/** Stems of one kind are interchangeable. */
export interface StemKind {
  /** Names it. */
  key: string
  interpreter: Interpreter
  /** What cannot be changed later, disk and open files among them. */
  limits: SandboxLimits
}

/** Who takes a stem hears from then on what happens to it. */
export interface StemOwner {
  onReady(payload: string): void
  onPong(): void
  /** By the channel: the runtime says that this is no request's. */
  onLog(stream: 'stdout' | 'stderr', chunk: Buffer): void
  /** Beside the channel. */
  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void
  onClosed(error: Error | null): void
  onExited(exit: SandboxExit): void
}

export interface StemSource {
  /** Whether `take` has one to give. */
  has(kind: StemKind): boolean
  /** One that has booted, the oldest; its place is filled again in the background. Null when there is none. */
  take(kind: StemKind): Stem | null
  /** A new one, for a start that waits for it. */
  boot(kind: StemKind): Stem
}

export interface StemDeps {
  clock: Clock
  sandboxes: SandboxRuntime
  /**
   * For the channels' sockets; listed by nobody but the platform. Its path must leave room for 24 characters within the
   * 107 of a Unix socket path.
   */
  socketDirectory: string
  /** Instead of `RUNTIME_START_MS_MAX`. */
  runtimeStartMsMax?: number
}

export class Stem {
  readonly id: string
  readonly kind: StemKind
  /** Resolves when the sandbox runs. */
  readonly created: Promise<void>
  /** Resolves when its runtime has greeted; rejects, as `created` does, with the reason when that does not come to be. */
  readonly connected: Promise<void>
  /** Resolves when nothing of it is left, to how it ended. */
  readonly gone: Promise<string>
  readonly #deps: StemDeps
  readonly #listener: Server
  readonly #greeted = Promise.withResolvers<void>()
  readonly #ended = Promise.withResolvers<string>()
  #sandbox: Sandbox | null = null
  #connection: ChannelConnection | null = null
  #owner: StemOwner | null = null
  #state: 'booting' | 'waiting' | 'taken' | 'ended' = 'booting'
  #words = ''
  #onPong = () => {}

  constructor(id: string, kind: StemKind, deps: StemDeps) {
    this.id = id
    this.kind = kind
    this.#deps = deps
    this.gone = this.#ended.promise
    this.#listener = createServer((socket) => this.#onConnection(socket))
    this.created = this.#create()
    this.connected = this.#boot()
    for (const promise of [this.created, this.connected, this.#greeted.promise]) promise.catch(() => {})
  }

  /** Booted, alive and not taken. */
  get isWaiting(): boolean {
    return this.#state === 'waiting'
  }

  /** Of a stem that was taken. */
  get sandbox(): Sandbox {
    return this.#sandbox!
  }

  get connection(): ChannelConnection {
    return this.#connection!
  }

  /**
   * Resolves when the runtime has answered: one that waited may have died just now, which would look like a failure of the
   * function that it was given. Rejects when it has ended, or does not answer.
   */
  async confirm(): Promise<void> {
    if (this.#state !== 'waiting') throw LOST
    const answer = Promise.withResolvers<void>()
    this.#onPong = answer.resolve
    const timer = this.#deps.clock.setTimer(STEM_ANSWER_MS_MAX, () => answer.reject(LOST))
    void this.gone.then(() => answer.reject(LOST))
    this.connection.ping()
    await answer.promise.finally(() => timer.cancel())
  }

  /** Takes it, once. Throws when it is no longer there. */
  take(owner: StemOwner): void {
    if (this.#state !== 'waiting') throw LOST
    this.#state = 'taken'
    this.#owner = owner
    this.#words = ''
  }

  async stop(graceMs: number): Promise<void> {
    this.#listener.close()
    if (this.#state === 'booting') this.#greeted.reject(STOPPED)
    if (this.#state !== 'taken') this.#state = 'ended'
    // One that is still being made is ended by `#create`, whenever that is.
    if (this.#sandbox) await this.#sandbox.stop(graceMs)
  }

  async #boot(): Promise<void> {
    try {
      await this.created
      const limitMs = this.#deps.runtimeStartMsMax ?? RUNTIME_START_MS_MAX
      const timer = this.#deps.clock.setTimer(limitMs, () =>
        this.#greeted.reject(new Error(`the runtime did not connect within ${limitMs / 1000} seconds`)),
      )
      await this.#greeted.promise.finally(() => timer.cancel())
      this.#state = 'waiting'
    } catch (error) {
      await this.stop(0)
      if (this.#words === '' || !(error instanceof Error)) throw error
      throw new Error(this.#withWords(error.message), { cause: error })
    } finally {
      this.#listener.close()
    }
  }

  async #create(): Promise<void> {
    const { clock, sandboxes } = this.#deps
    try {
      const channelSocket = await this.#listen()
      const { command, readOnlyPaths } = this.kind.interpreter
      const creation = sandboxes.create({
        id: this.id,
        command,
        environment: environmentIn(sandboxes),
        readOnlyPaths,
        channelSocket,
        limits: this.kind.limits,
        onOutput: (stream, chunk) => this.#onOutput(stream, chunk),
      })
      const late = Promise.withResolvers<never>()
      const timer = clock.setTimer(SANDBOX_CREATE_MS_MAX, () =>
        late.reject(new Error(`the sandbox was not created within ${SANDBOX_CREATE_MS_MAX / 1000} seconds`)),
      )
      // Also one that is made too late, or for nobody, is known from here on, and ended.
      void creation.then((sandbox) => this.#onCreated(sandbox)).catch(() => {})
      await Promise.race([creation, late.promise, this.#greeted.promise.then(() => creation)]).finally(() =>
        timer.cancel(),
      )
    } catch (error) {
      this.#state = 'ended'
      this.#ended.resolve('it was never created')
      throw error
    }
  }

  #onCreated(sandbox: Sandbox): void {
    this.#sandbox = sandbox
    void sandbox.exited.then((exit) => this.#onExited(exit))
    if (this.#state === 'ended') void sandbox.stop(0)
  }

  async #listen(): Promise<string> {
    const path = join(this.#deps.socketDirectory, `${this.id}.sock`)
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject)
      this.#listener.once('close', () => reject(STOPPED))
      this.#listener.listen(path, resolve)
    })
    return path
  }

  #onConnection(socket: Socket): void {
    this.#listener.close()
    if (this.#connection) {
      socket.destroy()
      return
    }
    const handler: ConnectionHandler = {
      onHello: () => this.#greeted.resolve(),
      // What belongs to a function has no place before it.
      onReady: (payload) => (this.#owner ? this.#owner.onReady(payload) : this.#connection!.close(NOT_ASKED)),
      onPong: () => (this.#owner ? this.#owner.onPong() : this.#onPong()),
      onLog: (stream, chunk) => (this.#owner ? this.#owner.onLog(stream, chunk) : this.#keepWords(chunk)),
      onClosed: (error) => this.#onClosed(error),
    }
    this.#connection = new ChannelConnection(socket, handler, this.#deps.clock)
  }

  #onClosed(error: Error | null): void {
    if (this.#owner) {
      this.#owner.onClosed(error)
      return
    }
    if (error instanceof ChannelError) {
      this.#greeted.reject(new Error(`the runtime broke the channel: ${error.message}`))
      void this.stop(0)
    } else if (this.#state === 'waiting') void this.stop(0)
    // Else it ends by itself and its exit tells why, or the time for its greeting runs out.
  }

  #onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.#owner) this.#owner.onOutput(stream, chunk)
    else this.#keepWords(chunk)
  }

  #keepWords(chunk: Buffer): void {
    this.#words = (this.#words + chunk.toString()).slice(-WORDS_BYTES_MAX)
  }

  #withWords(reason: string): string {
    const words = this.#words.trim()
    return words === '' ? reason : `${reason}; it said: ${words}`
  }

  #onExited(exit: SandboxExit): void {
    this.#state = 'ended'
    const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`
    this.#greeted.reject(new Error(`the runtime ended before it connected: ${how}`))
    this.#connection?.close(null)
    this.#ended.resolve(this.#withWords(how))
    this.#owner?.onExited(exit)
  }
}

const STOPPED = new Error('stopped while it started')
const LOST = new Error('the prepared sandbox has ended')
const NOT_ASKED = new ChannelError('an answer to nothing that was asked')
