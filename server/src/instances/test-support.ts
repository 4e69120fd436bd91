/** Instances that do nothing but keep their state, and who hosts and uses them. */
import { PassThrough, Readable } from 'node:stream'
import { FcError } from '../errors.ts'
import type { ColdStartPhases } from '../logs/port.ts'
import { noMeter, type IdleSpan, type InstanceMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { FunctionHistory, type KeepAliveRange } from '../scheduler/port.ts'
import { Fleet, type FleetOptions, type InstanceEvents } from './fleet.ts'
import type { PooledInstance } from './member.ts'
import { Pool, type Need, type PoolHost, type PoolSettings } from './pool.ts'
import type { ExecProcess, ScalingRules, Slot, SlotHolder } from './port.ts'
import { nextState, type InstanceEvent, type InstanceState } from './states.ts'

export class FakeInstance implements PooledInstance {
  readonly id: string
  readonly concurrency: number
  readonly phases: ColdStartPhases = { scheduleMs: 0, packageMs: 0, sandboxMs: 0, runtimeMs: 0, initializerMs: 0 }
  readonly createdMs = 0
  idleSinceMs = 0
  state: InstanceState = 'starting'
  renewals = 0
  usedCpuMs = 0
  /** Something other than a request keeps it from being frozen. */
  isHeld = false
  /** It has these hooks: `endPreFreeze` and `end` are their ends. */
  hooks = { preFreeze: false, preStop: false }
  endExec: (() => Promise<void>) | null = null
  /** Called when it ends before it was ready. */
  onStoppedEarly: (() => void) | null = null
  readonly #holders = new Set<SlotHolder>()
  readonly #clock: SimulatedClock
  readonly #events: InstanceEvents

  constructor(id: string, concurrency: number, clock: SimulatedClock, events: InstanceEvents) {
    this.id = id
    this.concurrency = concurrency
    this.#clock = clock
    this.#events = events
  }

  get inFlight(): number {
    return this.#holders.size
  }

  get hasFreeSlot(): boolean {
    return ['ready', 'busy', 'frozen'].includes(this.state) && this.inFlight < this.concurrency
  }

  becomeReady(): void {
    this.#to('connected')
    this.#to('loaded')
    this.idleSinceMs = this.#clock.monotonicMs()
  }

  cpuMs(): number {
    return this.usedCpuMs
  }

  usedMemoryMB(): number {
    return 0
  }

  assign(holder: SlotHolder): Slot {
    this.thaw()
    this.#to('assigned')
    this.#holders.add(holder)
    return {
      instanceId: this.id,
      coldStart: null,
      invoke: () => {
        throw new Error('nothing runs here')
      },
      peakMemoryMB: () => 0,
      release: () => this.#release(holder),
      abandon: () => {
        this.#events.onAbandoned(this)
        this.#release(holder)
      },
    }
  }

  renewCredentials(): void {
    if (this.state === 'frozen') throw new Error('a frozen instance reads nothing')
    this.renewals++
  }

  ping(): void {}

  freeze(): boolean {
    if (this.isHeld || this.state !== 'ready') return false
    this.#to(this.hooks.preFreeze ? 'prepare' : 'freeze')
    return true
  }

  endPreFreeze(): void {
    this.#to('prepared')
    this.#events.onIdleAgain(this)
    if (this.state === 'ready') this.#to('freeze')
  }

  thaw(): void {
    if (this.state !== 'frozen') return
    this.#to('thaw')
    this.renewCredentials()
  }

  /** Runs nothing; ends when the test says so. */
  exec(): Promise<ExecProcess> {
    this.thaw()
    this.isHeld = true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.endExec = () => {
      this.isHeld = false
      resolve()
      return promise
    }
    const exited = promise.then(() => ({ code: 0, signal: null }))
    const none = () => Readable.from([])
    return Promise.resolve({ stdin: new PassThrough(), stdout: none(), stderr: none(), resize() {}, kill() {}, exited })
  }

  drain(): void {
    if (this.state === 'gone') return
    if (this.state === 'starting') {
      this.end()
      return
    }
    this.#to('drain')
    if (this.inFlight === 0) this.#leave()
  }

  #leave(): void {
    if (!this.hooks.preStop) this.end()
  }

  stop(): Promise<void> {
    this.end()
    return Promise.resolve()
  }

  end(): void {
    if (this.state === 'gone') return
    const wasStarting = this.state === 'starting'
    this.#to('ended')
    if (wasStarting) this.onStoppedEarly?.()
    for (const holder of [...this.#holders]) {
      holder.onInstanceGone({ cause: 'ended', outOfMemory: false, peakMemoryMB: 0 })
    }
    this.#holders.clear()
    this.#events.onGone(this)
  }

  #release(holder: SlotHolder): void {
    if (!this.#holders.delete(holder) || this.state === 'gone') return
    this.#to(this.inFlight > 0 ? 'freed' : 'emptied')
    if (this.inFlight === 0) this.idleSinceMs = this.#clock.monotonicMs()
    if (this.state !== 'draining') this.#events.onSlotFreed(this)
    else if (this.inFlight === 0) this.#leave()
  }

  #to(event: InstanceEvent): void {
    this.state = nextState(this.state, event)
  }
}

/** A start under way, which a test brings to its end. */
export class FakeStart {
  readonly instance: FakeInstance
  readonly qualifier: string
  readonly version: FunctionVersion
  readonly #outcome = Promise.withResolvers<void>()

  constructor(instance: FakeInstance, version: FunctionVersion, qualifier: string) {
    this.instance = instance
    this.version = version
    this.qualifier = qualifier
    instance.onStoppedEarly = () => this.#outcome.reject(new Error('stopped while it started'))
  }

  get started(): Promise<void> {
    return this.#outcome.promise
  }

  /** It succeeds; resolves when the pool has seen it. */
  ready(): Promise<void> {
    this.instance.becomeReady()
    this.#outcome.resolve()
    return this.#seen()
  }

  fail(error: Error): Promise<void> {
    this.#outcome.reject(error)
    this.instance.end()
    return this.#seen()
  }

  #seen(): Promise<void> {
    return this.started.then(
      () => {},
      () => {},
    )
  }
}

/** A keep-alive that learns nothing. */
export const fixedKeepAlive = (ms: number): KeepAliveRange => ({ minMs: ms, breakEvenMs: ms, maxMs: ms })

export interface FakeFunction {
  versionId?: string
  revision?: number
  instanceConcurrency?: number
  memoryMB?: number
}

export function fakeVersion(key: string, given: FakeFunction = {}): FunctionVersion {
  const { versionId = 'LATEST', revision = 1, instanceConcurrency = 1, memoryMB = 128 } = given
  return {
    id: `${key}@${versionId}#${revision}`,
    key,
    service: null,
    versionId,
    function: { config: { instanceConcurrency, memoryMB, cpu: 1, code: null } },
  } as unknown as FunctionVersion
}

/** A pool on a host whose limits a test sets. */
export class PoolWorld {
  readonly clock = new SimulatedClock()
  readonly starts: FakeStart[] = []
  readonly pool: Pool
  readonly history = new FunctionHistory()
  limits = { instances: 100, starts: 100 }
  readonly failures: unknown[] = []
  #starting = 0

  constructor(instanceConcurrency: number, settings: Partial<PoolSettings> = {}) {
    const version = fakeVersion('f', { instanceConcurrency })
    const host: PoolHost = {
      evictionClock: 0,
      meter: noMeter,
      ask: () => this.#serve(),
      lookBy: () => {},
      launch: (pool, qualifier) => {
        const instance = new FakeInstance(`c-${this.starts.length}`, instanceConcurrency, this.clock, {
          onSlotFreed: (freed) => pool.onSlotFreed(freed),
          onIdleAgain: (idle) => pool.onIdleAgain(idle),
          onAbandoned: (left) => pool.end(left),
          onGone: (gone) => pool.onGone(gone),
        })
        const start = new FakeStart(instance, version, qualifier)
        this.starts.push(start)
        this.#starting++
        return start
      },
      onStartSettled: () => {
        this.#starting--
        this.#serve()
      },
      onGone: () => this.#serve(),
      onQueueEmptied: () => {},
      shortage: () => (this.pool.members.size < this.limits.instances ? null : 'all are in use'),
      onPlatformFailure: (error) => this.failures.push(error),
    }
    this.pool = new Pool(
      version,
      { queueLengthMax: 10, queueMsMax: 1000, keepAlive: fixedKeepAlive(60_000), ...settings },
      this.history,
      host,
      this.clock,
    )
  }

  /** Asks for a slot. */
  acquire(name: string): Asked {
    const asked = new Asked(name)
    this.pool.acquire('LATEST', asked)
    return asked
  }

  #serve(): void {
    let need: Need | null
    while (
      this.#starting < this.limits.starts &&
      this.pool.members.size < this.limits.instances &&
      (need = this.pool.need()) !== null
    ) {
      this.pool.start(need)
    }
  }
}

export const noRules: ScalingRules = { reservations: () => new Map(), onDemandMax: () => null, provisions: () => [] }

/** All pools of a host, with instances that a test brings up. */
export class FleetWorld {
  readonly clock = new SimulatedClock()
  readonly starts: FakeStart[] = []
  readonly fleet: Fleet
  readonly failures: unknown[] = []
  /** What the meter was told. */
  readonly idle: IdleSpan[] = []
  busyCount = 0
  readonly #meter: InstanceMeter = {
    recordIdle: (span) => this.idle.push(span),
    observeBusy: (_version, change) => (this.busyCount += change),
  }

  constructor(options: Partial<FleetOptions> = {}) {
    this.fleet = new Fleet(
      {
        queueLengthMax: 100,
        queueMsMax: 30_000,
        keepAlive: fixedKeepAlive(300_000),
        instancesMax: 100,
        memoryMBMax: 100_000,
        startsMax: 100,
        ...options,
      },
      {
        clock: this.clock,
        meter: this.#meter,
        launch: (version, qualifier, _requestId, events) => {
          const { instanceConcurrency } = version.function.config
          const instance = new FakeInstance(`c-${this.starts.length}`, instanceConcurrency, this.clock, events)
          const start = new FakeStart(instance, version, qualifier)
          this.starts.push(start)
          return start
        },
        onPlatformFailure: (error) => this.failures.push(error),
      },
    )
  }

  acquire(version: FunctionVersion, name = 'r', qualifier = 'LATEST'): Asked {
    const asked = new Asked(name)
    this.fleet.acquire(version, qualifier, asked)
    return asked
  }

  rules(rules: Partial<ScalingRules>): void {
    this.fleet.rulesChanged({ ...noRules, ...rules })
  }

  /** Starts that have not come to their end. */
  pending(): FakeStart[] {
    return this.starts.filter(({ instance }) => instance.state === 'starting')
  }

  /** Lets every start succeed, also those that follow from it. */
  async allReady(): Promise<void> {
    for (let start = this.pending()[0]; start !== undefined; start = this.pending()[0]) await start.ready()
  }

  states(key?: string): string[] {
    return this.fleet
      .list()
      .filter((each) => key === undefined || each.functionKey === key)
      .map(({ state }) => state)
  }
}

/** One request and what it was told. */
export class Asked implements SlotHolder {
  readonly requestId: string
  slot: Slot | null = null
  refusal: FcError | null = null
  startFailure: string | null = null
  isInstanceGone = false

  constructor(requestId: string) {
    this.requestId = requestId
  }

  get told(): string {
    if (this.slot) return this.slot.instanceId
    return this.refusal?.code ?? this.startFailure ?? 'nothing'
  }

  onSlot(slot: Slot): void {
    this.slot = slot
  }

  onRefused(error: FcError): void {
    this.refusal = error
  }

  onStartFailed(failure: { errorMessage: string }): void {
    this.startFailure = failure.errorMessage
  }

  onInstanceGone(): void {
    this.isInstanceGone = true
  }

  onOutput(): void {}
}
