/** One live sandbox with one function version loaded: started, given requests, ended. */
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { createLineSplitter, type ColdStartPhases, type LogLine } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import type { Sandbox, SandboxExit } from '../sandbox/port.ts'
import { ChannelConnection } from './channel/connection.ts'
import { ChannelError } from './channel/frames.ts'
import type { ChannelStream, InstanceExit, Slot, SlotHolder, StreamHandler } from './port.ts'
import { failureOf, parseObject, StartFailure } from './failure.ts'
import { nextState, type InstanceEvent, type InstanceState } from './states.ts'

/** Between two readings of an instance's memory. */
const MEMORY_SAMPLE_MS = 100
/** Credentials of an instance are renewed after this long: a third of what they are valid for. */
const CREDENTIALS_MS_MAX = 12 * 60 * 60 * 1000
/** From a sandbox that runs to a runtime that says HELLO. */
const RUNTIME_START_MS_MAX = 20_000
/** Loading the handler, beside the initializer's own timeout. */
const LOAD_MS_MAX = 60_000
/** From the channel closing to the process being gone by itself; then it is killed. */
const EXIT_MS_MAX = 500
const MB = 1024 * 1024

/** What is decided before an instance starts, by the runtime of its function. */
export interface LaunchPlan {
  createSandbox(
    instanceId: string,
    channelSocket: string,
    codeFolder: string,
    onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void,
  ): Promise<Sandbox>
  codeFolder(): Promise<string>
  initFrame(instanceId: string, requestId: string, codePath: string): object
  /** Fresh short-lived credentials, as the CREDENTIALS frame has them. */
  credentials(): object
}

export interface InstanceOwner {
  onSlotFreed(instance: Instance): void
  /** A request on it ran out of time: it must get no other. */
  onAbandoned(instance: Instance): void
  onGone(instance: Instance): void
}

interface InstanceDeps {
  clock: Clock
  appendLine(line: LogLine): void
  /** Hears of a defect of ours that ended an instance. */
  onDefect(error: Error): void
}

export class Instance {
  readonly id: string
  readonly version: FunctionVersion
  readonly createdMs: number
  readonly concurrency: number
  readonly phases: ColdStartPhases = { scheduleMs: 0, packageMs: 0, sandboxMs: 0, runtimeMs: 0, initializerMs: 0 }
  /** Monotonic time since when no request runs on it. */
  idleSinceMs = 0
  readonly #owner: InstanceOwner
  readonly #deps: InstanceDeps
  readonly #holders = new Set<SlotHolder>()
  #state: InstanceState = 'starting'
  #coldStart: ColdStartPhases | null = null
  #sandbox: Sandbox | null = null
  #connection: ChannelConnection | null = null
  #listener: Server | null = null
  #startRequestId: string
  #peakMemoryMB = 0
  #sampledMs = -Infinity
  #plan: LaunchPlan | null = null
  #credentialsMs = 0
  #protocolError: ChannelError | null = null
  #settleStart: { hello(socketError: Error | null): void; ready(payload: string | null): void } | null = null
  readonly #strayLines: { stdout: ReturnType<typeof createLineSplitter>; stderr: ReturnType<typeof createLineSplitter> }

  constructor(id: string, version: FunctionVersion, requestId: string, owner: InstanceOwner, deps: InstanceDeps) {
    this.id = id
    this.version = version
    this.concurrency = version.function.config.instanceConcurrency
    this.createdMs = deps.clock.nowMs()
    this.#startRequestId = requestId
    this.#owner = owner
    this.#deps = deps
    const lines = (stream: 'stdout' | 'stderr') => createLineSplitter((text) => this.#appendLine(stream, text))
    this.#strayLines = { stdout: lines('stdout'), stderr: lines('stderr') }
  }

  get state(): InstanceState {
    return this.#state
  }

  get inFlight(): number {
    return this.#holders.size
  }

  get hasFreeSlot(): boolean {
    const { state } = this
    return (state === 'ready' || state === 'busy' || state === 'frozen') && this.#holders.size < this.concurrency
  }

  /**
   * Brings it up; resolves when it can serve. Rejects with StartFailure (the function's fault) or the platform's error;
   * nothing is left of it then.
   */
  async start(plan: LaunchPlan, channelSocket: string, scheduledMs: number): Promise<void> {
    const { clock } = this.#deps
    let lastMs = clock.monotonicMs()
    this.phases.scheduleMs = lastMs - scheduledMs
    const lap = () => {
      const nowMs = clock.monotonicMs()
      const elapsedMs = nowMs - lastMs
      lastMs = nowMs
      return elapsedMs
    }
    try {
      const codeFolder = await plan.codeFolder()
      this.phases.packageMs = lap()
      const hello = this.#awaitHello(channelSocket)
      hello.catch(() => {})
      await hello.listening
      const sandbox = await plan.createSandbox(this.id, channelSocket, codeFolder, (stream, chunk) =>
        this.#onOutput(stream, chunk),
      )
      this.#sandbox = sandbox
      if (this.state === 'gone') throw new Error('stopped while it started')
      void sandbox.exited.then((exit) => this.#onExited(exit))
      this.phases.sandboxMs = lap()
      await hello
      this.#to('connected')
      this.phases.runtimeMs = lap()
      this.#plan = plan
      this.#credentialsMs = clock.monotonicMs()
      this.#connection!.initialize(plan.initFrame(this.id, this.#startRequestId, sandbox.paths.code))
      const loadMs = await this.#awaitReady()
      const readyMs = lap()
      this.phases.initializerMs = Math.max(0, readyMs - (loadMs ?? readyMs))
      this.phases.runtimeMs += readyMs - this.phases.initializerMs
      this.#to('loaded')
      this.#startRequestId = ''
      this.#coldStart = this.phases
      this.idleSinceMs = clock.monotonicMs()
    } catch (error) {
      await this.stop(0)
      throw error
    } finally {
      this.#settleStart = null
      this.#listener?.close()
    }
  }

  /** Takes a free slot for `holder`; the caller saw `hasFreeSlot`. */
  assign(holder: SlotHolder): Slot {
    this.thaw()
    this.#to('assigned')
    this.#holders.add(holder)
    const coldStart = this.#coldStart
    this.#coldStart = null
    return new InstanceSlot(this, holder, coldStart)
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): ChannelStream {
    return this.#connection!.invoke(head, body, end, handler)
  }

  release(holder: SlotHolder): void {
    if (!this.#holders.delete(holder) || this.#state === 'gone') return
    if (this.#holders.size > 0) {
      this.#to('freed')
    } else {
      this.#to('emptied')
      this.idleSinceMs = this.#deps.clock.monotonicMs()
    }
    if (this.#state !== 'draining') this.#owner.onSlotFreed(this)
    else if (this.#holders.size === 0) void this.stop(0)
  }

  freeze(): boolean {
    if (this.#state !== 'ready') return false
    this.#to('freeze')
    return true
  }

  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#to('thaw')
    this.renewCredentials()
  }

  /** CPU time of its process tree so far; null when it has none. */
  cpuMs(): number | null {
    return this.#sandbox?.stats()?.cpuMs ?? null
  }

  /** Replaces credentials that have been in use for long; called now and then. */
  renewCredentials(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (!this.#plan || nowMs - this.#credentialsMs < CREDENTIALS_MS_MAX) return
    this.#credentialsMs = nowMs
    this.#connection?.credentials(this.#plan.credentials())
  }

  abandon(holder: SlotHolder): void {
    this.#owner.onAbandoned(this)
    this.release(holder)
  }

  /** Serves what runs on it and then ends. */
  drain(): void {
    if (this.#state === 'starting' || this.#state === 'initializing' || this.#state === 'gone') {
      void this.stop(0)
      return
    }
    this.#to('drain')
    if (this.#holders.size === 0) void this.stop(0)
  }

  async stop(graceMs: number): Promise<void> {
    this.#listener?.close()
    if (this.#sandbox) await this.#sandbox.stop(graceMs)
    else this.#end({ cause: 'stopped', outOfMemory: false, peakMemoryMB: 0 })
  }

  peakMemoryMB(): number {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs - this.#sampledMs >= MEMORY_SAMPLE_MS) {
      this.#sampledMs = nowMs
      const stats = this.#sandbox?.stats()
      if (stats) this.#peakMemoryMB = stats.peakMemoryBytes / MB
    }
    return this.#peakMemoryMB
  }

  #to(event: InstanceEvent): void {
    this.#state = nextState(this.#state, event)
  }

  /** Resolves when the runtime has connected and greeted; `listening` when it may connect. */
  #awaitHello(channelSocket: string): Promise<void> & { listening: Promise<void> } {
    const server = createServer((socket) => this.#onConnection(socket))
    this.#listener = server
    const listening = new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(channelSocket, resolve)
    })
    const greeted = new Promise<void>((resolve, reject) => {
      const timer = this.#deps.clock.setTimer(RUNTIME_START_MS_MAX, () =>
        reject(new Error(`the runtime did not connect within ${RUNTIME_START_MS_MAX / 1000} seconds`)),
      )
      this.#settleStart = {
        hello: (error) => {
          timer.cancel()
          if (error) reject(error)
          else resolve()
        },
        ready: () => {},
      }
    })
    return Object.assign(greeted, { listening })
  }

  #onConnection(socket: Socket): void {
    this.#listener?.close()
    if (this.#connection) {
      socket.destroy()
      return
    }
    this.#connection = new ChannelConnection(socket, {
      onHello: () => this.#settleStart?.hello(null),
      onReady: (payload) => this.#settleStart?.ready(payload),
      // The runtime knows whose output it is, and says that this is no request's.
      onLog: (stream, chunk) => this.#strayLines[stream].push(chunk),
      onClosed: (error) => {
        if (error instanceof ChannelError) this.#protocolError = error
        else if (error && !('syscall' in error)) this.#deps.onDefect(error)
        if (this.#state === 'gone') return
        // A process that ends closes the channel first: given a moment, its own exit code tells why.
        if (this.#protocolError) void this.stop(0)
        else this.#deps.clock.setTimer(EXIT_MS_MAX, () => void this.stop(0))
      },
    })
  }

  /** Resolves to how long the runtime loaded, in ms, before it ran the initializer; null when none ran. */
  #awaitReady(): Promise<number | null> {
    const { initializer } = this.version.function.config
    const limitMs = LOAD_MS_MAX + (initializer ? initializer.timeoutSeconds * 1000 : 0)
    return new Promise((resolve, reject) => {
      const timer = this.#deps.clock.setTimer(limitMs, () => {
        const errorMessage = initializer
          ? `Function initialization timed out after ${initializer.timeoutSeconds} seconds`
          : `Loading the handler took more than ${LOAD_MS_MAX / 1000} seconds`
        reject(new StartFailure({ errorType: 'FunctionTimeoutError', errorMessage, handled: false }))
      })
      this.#settleStart = {
        hello: (error) => {
          timer.cancel()
          reject(error ?? new Error('HELLO came twice'))
        },
        ready: (payload) => {
          timer.cancel()
          const answer = parseObject(payload ?? '')
          if (!answer)
            reject(
              new StartFailure({
                errorType: 'RuntimeError',
                errorMessage: 'the runtime answered INIT with something that is no JSON object',
                handled: false,
              }),
            )
          else if (answer['error']) reject(new StartFailure(failureOf(answer['error'])))
          else resolve(typeof answer['loadMs'] === 'number' ? Math.max(0, answer['loadMs']) : null)
        },
      }
    })
  }

  #onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const only = this.#holders.size === 1 ? this.#holders.values().next().value : undefined
    if (only) only.onOutput(stream, chunk)
    else this.#strayLines[stream].push(chunk)
  }

  #appendLine(stream: LogLine['stream'], text: string): void {
    this.#deps.appendLine({
      functionKey: this.version.key,
      versionId: this.version.versionId,
      requestId: this.#startRequestId,
      instanceId: this.id,
      timeMs: this.#deps.clock.nowMs(),
      stream,
      text,
    })
  }

  #onExited(exit: SandboxExit): void {
    const { config } = this.version.function
    const cause = this.#protocolError
      ? `the runtime broke the channel: ${this.#protocolError.message}`
      : exit.outOfMemory
        ? `killed for using more than its ${config.memoryMB} MB of memory`
        : exit.signal !== null
          ? `ended by signal ${exit.signal}`
          : `exit code ${exit.code}`
    this.#end({
      cause,
      outOfMemory: exit.outOfMemory,
      peakMemoryMB: Math.max(exit.peakMemoryBytes / MB, this.#peakMemoryMB),
    })
  }

  #end(exit: InstanceExit): void {
    if (this.#state === 'gone') return
    const wasStarting = this.#state === 'starting' || this.#state === 'initializing'
    const wasDraining = this.#state === 'draining'
    this.#to('ended')
    this.#strayLines.stdout.end()
    this.#strayLines.stderr.end()
    if (wasStarting && this.#settleStart) {
      this.#appendLine('system', `Process exited before it could serve: ${exit.cause}`)
      this.#settleStart.hello(
        new StartFailure({
          errorType: exit.outOfMemory ? 'FunctionOOMError' : 'FunctionUnhandledError',
          errorMessage: `Process exited unexpectedly before completing request (duration: 0ms, maxMemoryUsage: ${exit.peakMemoryMB.toFixed(2)}MB)`,
          cause: exit.cause,
          handled: false,
        }),
      )
    } else if (!wasDraining && this.#holders.size === 0 && !wasStarting) {
      this.#appendLine('system', `Instance ended while idle: ${exit.cause}`)
    }
    this.#connection?.close(null)
    for (const holder of [...this.#holders]) holder.onInstanceGone(exit)
    this.#holders.clear()
    this.#owner.onGone(this)
  }
}

class InstanceSlot implements Slot {
  readonly #instance: Instance
  readonly #holder: SlotHolder
  readonly coldStart: ColdStartPhases | null

  constructor(instance: Instance, holder: SlotHolder, coldStart: ColdStartPhases | null) {
    this.#instance = instance
    this.#holder = holder
    this.coldStart = coldStart
  }

  get instanceId(): string {
    return this.#instance.id
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): ChannelStream {
    return this.#instance.invoke(head, body, end, handler)
  }

  peakMemoryMB(): number {
    return this.#instance.peakMemoryMB()
  }

  release(): void {
    this.#instance.release(this.#holder)
  }

  abandon(): void {
    this.#instance.abandon(this.#holder)
  }
}
