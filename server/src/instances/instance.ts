/** One live sandbox with one function version loaded: started, given requests, ended. */
import { FcError } from '../errors.ts'
import { createLineSplitter, type ColdStartPhases, type LogLine } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import type { ExecProcess, ExecSpec, SandboxExit, SandboxFolders, SandboxLimits } from '../sandbox/port.ts'
import { ChannelError } from './channel/frames.ts'
import type { CredentialsFrame, InitFrame } from './environment.ts'
import type { Link } from './link.ts'
import type { InstanceExit, LinkStream, Slot, SlotHolder, StreamHandler } from './port.ts'
import { StartFailure } from './failure.ts'
import { InstanceSlot } from './instance-slot.ts'
import { HookRun, runHook, type LifecycleDeps } from './lifecycle.ts'
import { Liveness, PONG_MS_MAX } from './liveness.ts'
import { ReadinessWait, type Readiness } from './readiness.ts'
import type { Stem, StemOwner } from './stem.ts'
import { nextState, type InstanceEvent, type InstanceState } from './states.ts'

/** Between two readings of an instance's memory. */
const MEMORY_SAMPLE_MS = 100
/** Credentials of an instance are renewed after this long: a third of what they are valid for. */
const CREDENTIALS_MS_MAX = 12 * 60 * 60 * 1000
/** From the channel closing to the process being gone by itself; then it is killed. */
const EXIT_MS_MAX = 500
const MB = 1024 * 1024

/** What an instance needs of the stem that it takes, or of the container that is made for it. */
export type Body = Pick<Stem, 'created' | 'connected' | 'sandbox' | 'confirm' | 'stop'>

/** What is decided before an instance starts, by the runtime of its function. */
export interface LaunchPlan {
  /** Whether a stem is ready for it. */
  hasStem(): boolean
  takeStem(): Body | null
  bootStem(instanceId: string): Body
  /** On the host. */
  folders(): Promise<SandboxFolders>
  limits: SandboxLimits
  /** As a LinkFactory, for what `takeStem` or `bootStem` gave. */
  link(body: Body, owner: StemOwner): Link
  /** `paths`: the folders as the program sees them. */
  initFrame(instanceId: string, requestId: string, paths: SandboxFolders): InitFrame
  /** Fresh short-lived credentials, as the CREDENTIALS frame has them. */
  credentials(): CredentialsFrame
}

export interface InstanceOwner {
  onSlotFreed(instance: Instance): void
  /** It takes requests again after a hook: those that came meanwhile now, before it is frozen. */
  onIdleAgain(instance: Instance): void
  /** A request on it ran out of time: it must get no other. */
  onAbandoned(instance: Instance): void
  onGone(instance: Instance): void
}

interface InstanceDeps extends LifecycleDeps {
  /** Instead of the link's own limit. */
  loadMsMax?: number
  /** Hears of a defect of ours that ended an instance. */
  onDefect(error: Error): void
}

export class Instance implements StemOwner {
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
  /** What it runs in: while it starts, perhaps still booting. */
  #stem: Body | null = null
  /** How its program is spoken with; null before the function is in it. */
  #link: Link | null = null
  #startRequestId: string
  #peakMemoryMB = 0
  #sampledMs = -Infinity
  #plan: LaunchPlan | null = null
  #credentialsMs = 0
  #protocolError: ChannelError | null = null
  #readiness: ReadinessWait | null = null
  #execs = 0
  /** The hook that runs: while one does, no request does. */
  #hook: HookRun | null = null
  /** A request ran out of time on it, or it is stuck: it ends without ceremony. */
  #isBroken = false
  readonly #liveness: Liveness
  readonly #strayLines: { stdout: ReturnType<typeof createLineSplitter>; stderr: ReturnType<typeof createLineSplitter> }

  constructor(id: string, version: FunctionVersion, requestId: string, owner: InstanceOwner, deps: InstanceDeps) {
    this.id = id
    this.version = version
    this.concurrency = version.function.config.instanceConcurrency
    this.createdMs = deps.clock.nowMs()
    this.#startRequestId = requestId
    this.#owner = owner
    this.#deps = deps
    this.#liveness = new Liveness(deps.clock, () => this.#onSilent())
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
    const serves = this.#state === 'ready' || this.#state === 'busy' || this.#state === 'frozen'
    return serves && this.#holders.size < this.concurrency
  }

  /**
   * Brings it up; resolves when it can serve. Rejects with StartFailure (the function's fault) or the platform's error;
   * nothing is left of it then.
   */
  async start(plan: LaunchPlan, scheduledMs: number): Promise<void> {
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
      const unpacking = plan.folders()
      unpacking.catch(() => {})
      // Without a stem the sandbox boots while the package is unpacked; phases tell what was waited for, in this order.
      if (!plan.hasStem()) this.#stem = plan.bootStem(this.id)
      const folders = await unpacking
      this.phases.packageMs = lap()
      const paths = await this.#specialise(plan, folders, lap)
      this.#to('connected')
      this.#plan = plan
      this.#credentialsMs = clock.monotonicMs()
      const { initializer } = this.version.function.config
      if (initializer) this.#hook = new HookRun('initialize', this.#startRequestId, this, this.#deps)
      this.#link!.initialize(plan.initFrame(this.id, this.#startRequestId, paths))
      const { loadMs, failure } = await this.#awaitReady()
      const readyMs = lap()
      this.phases.initializerMs = Math.max(0, readyMs - (loadMs ?? readyMs))
      this.phases.runtimeMs += readyMs - this.phases.initializerMs
      this.#hook?.end(failure, readyMs - this.phases.initializerMs)
      if (failure) throw new StartFailure(failure)
      this.#hook = null
      this.#to('loaded')
      this.#startRequestId = ''
      this.#coldStart = this.phases
      this.idleSinceMs = clock.monotonicMs()
    } catch (error) {
      if (error instanceof StartFailure) this.#hook?.end(error.failure)
      this.#hook = null
      // The end that follows is ours.
      this.#readiness = null
      await this.stop(0)
      throw error
    } finally {
      this.#readiness = null
    }
  }

  /** Returns where the program sees its folders. A stem from the stock that fails is replaced by a new one, once. */
  async #specialise(plan: LaunchPlan, folders: SandboxFolders, lap: () => number): Promise<SandboxFolders> {
    for (;;) {
      this.#checkNotStopped()
      const stocked = this.#stem === null ? plan.takeStem() : null
      try {
        const stem = (this.#stem ??= stocked ?? plan.bootStem(this.id))
        await stem.created
        this.phases.sandboxMs += lap()
        await stem.connected
        this.phases.runtimeMs += lap()
        this.#checkNotStopped()
        const specialised = stem.sandbox.specialise(folders, plan.limits)
        const [paths] = await Promise.all([specialised, stocked?.confirm()])
        this.#checkNotStopped()
        this.#link = plan.link(stem, this)
        this.phases.sandboxMs += lap()
        return paths
      } catch (error) {
        // No code of the function has run in it. A new one that fails tells a reason that holds for the next, too.
        if (stocked === null || this.state === 'gone') throw error
        this.#stem = null
        await stocked.stop(0)
      }
    }
  }

  #checkNotStopped(): void {
    if (this.#state === 'gone') throw new Error('stopped while it started')
  }

  /** Takes a free slot for `holder`; the caller saw `hasFreeSlot`. */
  assign(holder: SlotHolder): Slot {
    if (this.#state === 'frozen') this.thaw()
    this.#to('assigned')
    this.#holders.add(holder)
    const coldStart = this.#coldStart
    this.#coldStart = null
    return new InstanceSlot(this, holder, coldStart)
  }

  invoke(head: string, body: Buffer | null, end: boolean, handler: StreamHandler): LinkStream {
    return this.#link!.invoke(head, body, end, handler)
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
    else if (this.#holders.size === 0) this.#leave()
  }

  /**
   * Keeps an idle instance from running, until it is assigned, thawed or ended; false when it is not idle. Its preFreeze
   * hook comes first, during which it takes no requests.
   */
  freeze(): boolean {
    if (this.#state !== 'ready' || this.#execs > 0) return false
    this.#liveness.cancel()
    const run = this.#runHook('preFreeze')
    if (run === null) {
      this.#suspend()
    } else {
      this.#to('prepare')
      void run.over.then(() => this.#onPrepared())
    }
    return true
  }

  #onPrepared(): void {
    if (this.#state !== 'freezing') return
    this.#to('prepared')
    this.#owner.onIdleAgain(this)
    if (this.state === 'ready' && this.#execs === 0) this.#suspend()
  }

  #suspend(): void {
    this.#to('freeze')
    this.#stem!.sandbox.freeze()
  }

  /** Null when the function has no such hook. */
  #runHook(name: 'preFreeze' | 'preStop'): HookRun | null {
    const hook = this.version.function.config[name]
    if (!hook) return null
    const link = this.#link!
    const run = runHook(name, hook, this, this.#deps, (call, onDone) => link.hook(call, onDone))
    this.#hook = run
    void run.over.then(() => (this.#hook = null))
    return run
  }

  /** No effect when it is not frozen. */
  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#stem!.sandbox.thaw()
    this.#to('thaw')
    this.renewCredentials()
  }

  /** Runs a program beside the function; it keeps the instance from being frozen, not from being ended. */
  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#link === null || this.#state === 'gone')
      throw new FcError('InstanceNotFound', 'the instance does not run')
    this.thaw()
    this.#execs++
    const ended = () => void this.#execs--
    try {
      const process = await this.#stem!.sandbox.exec(spec)
      process.exited.then(ended, ended)
      return process
    } catch (error) {
      ended()
      throw error
    }
  }

  /** Called now and then: an instance that was idle for long and does not answer is ended. */
  ping(): void {
    if (this.#state === 'ready' && this.#liveness.ask(this.idleSinceMs)) this.#link!.ping()
  }

  #onSilent(): void {
    // What it was given meanwhile may keep it busy, for as long as that request may take.
    if (this.#state !== 'ready') return
    this.#appendLine('system', `Instance is stuck: it was idle and did not answer within ${PONG_MS_MAX / 1000} seconds`)
    this.#isBroken = true
    this.#owner.onAbandoned(this)
  }

  /** Replaces credentials that have been in use for long; called now and then. */
  renewCredentials(): void {
    const nowMs = this.#deps.clock.monotonicMs()
    if (!this.#plan || this.#state === 'frozen' || nowMs - this.#credentialsMs < CREDENTIALS_MS_MAX) return
    this.#credentialsMs = nowMs
    this.#link!.credentials(this.#plan.credentials())
  }

  abandon(holder: SlotHolder): void {
    this.#isBroken = true
    this.#owner.onAbandoned(this)
    this.release(holder)
  }

  /** Serves what runs on it and then ends, by its preStop hook if it has one. */
  drain(): void {
    if (this.#state === 'starting' || this.#state === 'initializing' || this.#state === 'gone') {
      // An initializer that is cut short for a reason of ours has not failed.
      this.#hook = null
      void this.stop(0)
      return
    }
    if (this.#state === 'draining') return
    if (this.version.function.config.preStop) this.thaw()
    this.#to('drain')
    if (this.#holders.size === 0) this.#leave()
  }

  /** Nothing runs on it, nothing will: it ends after its preStop hook, and after a preFreeze that is under way. */
  #leave(): void {
    if (this.#state === 'gone') return
    const run = this.#hook ?? (this.#isBroken ? null : this.#runHook('preStop'))
    if (run === null) void this.stop(0)
    else void run.over.then(() => (run.name === 'preStop' ? this.stop(0) : this.#leave()))
  }

  async stop(graceMs: number): Promise<void> {
    // Before it has taken the stem nobody tells it of the stem's end.
    if (this.#link === null) this.#end({ cause: 'stopped', outOfMemory: false, peakMemoryMB: 0 })
    await this.#stem?.stop(graceMs)
  }

  /** CPU time of its process tree so far; null when it has none. */
  cpuMs(): number | null {
    return this.#stem?.sandbox.stats()?.cpuMs ?? null
  }

  usedMemoryMB(): number | null {
    const stats = this.#stem?.sandbox.stats()
    return stats === undefined ? null : stats.memoryBytes / MB
  }

  peakMemoryMB(): number {
    const nowMs = this.#deps.clock.monotonicMs()
    if (nowMs - this.#sampledMs >= MEMORY_SAMPLE_MS) {
      this.#sampledMs = nowMs
      const stats = this.#stem?.sandbox.stats()
      if (stats) this.#peakMemoryMB = stats.peakMemoryBytes / MB
    }
    return this.#peakMemoryMB
  }

  #to(event: InstanceEvent): void {
    this.#state = nextState(this.#state, event)
  }

  onReady(payload: string): void {
    this.#readiness?.ready(payload)
  }

  onPong(): void {
    this.#liveness.cancel()
  }

  onLog(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    if (this.#hook) this.#hook.print(stream, chunk)
    else this.#strayLines[stream].push(chunk)
  }

  onClosed(error: Error | null): void {
    if (error instanceof ChannelError) this.#protocolError = error
    else if (error && !('syscall' in error)) this.#deps.onDefect(error)
    if (this.#state === 'gone') return
    // A process that ends closes the channel first: given a moment, its own exit code tells why.
    if (this.#protocolError) void this.stop(0)
    else this.#deps.clock.setTimer(EXIT_MS_MAX, () => void this.stop(0))
  }

  #awaitReady(): Promise<Readiness> {
    const initializerSeconds = this.version.function.config.initializer?.timeoutSeconds ?? null
    const loadMsMax = this.#deps.loadMsMax ?? this.#link!.loadMsMax
    this.#readiness = new ReadinessWait({ loadMsMax, initializerSeconds }, this.#deps.clock)
    return this.#readiness.over
  }

  onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const only = this.#holders.size === 1 ? this.#holders.values().next().value : undefined
    if (only) only.onOutput(stream, chunk)
    else this.onLog(stream, chunk)
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
      hook: null,
    })
  }

  onExited(exit: SandboxExit): void {
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
    this.#liveness.cancel()
    this.#hook?.lose(exit.cause)
    if (wasStarting && this.#readiness) {
      this.#appendLine('system', `Process exited before it could serve: ${exit.cause}`)
      this.#readiness.fail(
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
    for (const holder of [...this.#holders]) holder.onInstanceGone(exit)
    this.#holders.clear()
    this.#owner.onGone(this)
  }
}
