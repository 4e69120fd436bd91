/** Instances that do nothing but keep their state, and who hosts and uses them. */
import { FcError } from '../errors.ts'
import type { ColdStartPhases } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import type { StartLimits } from '../scheduler/port.ts'
import { Pool, type PooledInstance, type PoolHost, type PoolSettings } from './pool.ts'
import type { Slot, SlotHolder } from './port.ts'
import { nextState, type InstanceState } from './states.ts'

export class FakeInstance implements PooledInstance {
  readonly id: string
  readonly concurrency: number
  readonly phases: ColdStartPhases = { scheduleMs: 0, packageMs: 0, sandboxMs: 0, runtimeMs: 0, initializerMs: 0 }
  readonly createdMs = 0
  idleSinceMs = 0
  state: InstanceState = 'starting'
  inFlight = 0
  renewals = 0
  #world: PoolWorld

  constructor(id: string, concurrency: number, world: PoolWorld) {
    this.id = id
    this.concurrency = concurrency
    this.#world = world
  }

  get hasFreeSlot(): boolean {
    return (this.state === 'ready' || this.state === 'busy') && this.inFlight < this.concurrency
  }

  becomeReady(): void {
    this.state = nextState(nextState(this.state, 'connected'), 'loaded')
    this.idleSinceMs = this.#world.clock.monotonicMs()
  }

  assign(): Slot {
    this.state = nextState(this.state, 'assigned')
    this.inFlight++
    const release = () => this.#release()
    return {
      instanceId: this.id,
      coldStart: null,
      invoke: () => {
        throw new Error('nothing runs here')
      },
      peakMemoryMB: () => 0,
      release,
      abandon: () => {
        this.drain()
        release()
      },
    }
  }

  renewCredentials(): void {
    this.renewals++
  }

  ping(): void {}

  drain(): void {
    if (this.state === 'gone') return
    if (this.state === 'starting') {
      this.end()
      return
    }
    this.state = nextState(this.state, 'drain')
    if (this.inFlight === 0) this.end()
  }

  stop(): Promise<void> {
    this.end()
    return Promise.resolve()
  }

  end(): void {
    if (this.state === 'gone') return
    this.state = nextState(this.state, 'ended')
    this.#world.pool.onGone(this)
  }

  #release(): void {
    this.inFlight--
    if (this.state === 'gone') return
    this.state = nextState(this.state, this.inFlight > 0 ? 'freed' : 'emptied')
    this.idleSinceMs = this.#world.clock.monotonicMs()
    if (this.state !== 'draining') this.#world.pool.onSlotFreed(this)
    else if (this.inFlight === 0) this.end()
  }
}

export interface Started {
  instance: FakeInstance
  /** The start succeeds; resolves when the pool has seen it. */
  ready(): Promise<void>
  fail(error: Error): Promise<void>
}

/** A pool on a host whose limits a test sets. */
export class PoolWorld {
  readonly clock = new SimulatedClock()
  readonly starts: Started[] = []
  readonly pool: Pool
  limits: StartLimits = { instancesLeft: 100, memoryLeft: 100, startsLeft: 100 }
  readonly failures: unknown[] = []

  constructor(instanceConcurrency: number, settings: Partial<PoolSettings> = {}) {
    const version = {
      id: 'f@LATEST#1',
      key: 'f',
      service: null,
      versionId: 'LATEST',
      function: { config: { instanceConcurrency, memoryMB: 128 } },
    } as unknown as FunctionVersion
    const host: PoolHost = {
      limits: () => {
        const used = this.pool.instances.size
        const { instancesLeft, memoryLeft, startsLeft } = this.limits
        return { instancesLeft: instancesLeft - used, memoryLeft: memoryLeft - used, startsLeft }
      },
      launch: () => this.#launch(instanceConcurrency),
      onGone: () => {},
      onPlatformFailure: (error) => this.failures.push(error),
    }
    this.pool = new Pool(
      version,
      { queueLengthMax: 10, queueMsMax: 1000, keepAliveMs: 60_000, ...settings },
      host,
      this.clock,
    )
  }

  #launch(concurrency: number) {
    const instance = new FakeInstance(`c-${this.starts.length}`, concurrency, this)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const seen = () =>
      promise.then(
        () => {},
        () => {},
      )
    this.starts.push({
      instance,
      ready() {
        instance.becomeReady()
        resolve()
        return seen()
      },
      fail(error) {
        reject(error)
        return seen()
      },
    })
    return { instance, started: promise }
  }

  /** Asks for a slot. */
  acquire(name: string): Asked {
    const asked = new Asked(name)
    this.pool.acquire('LATEST', asked)
    return asked
  }
}

/** One request and what it was told. */
export class Asked implements SlotHolder {
  readonly requestId: string
  slot: Slot | null = null
  refusal: FcError | null = null
  startFailure: string | null = null

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

  onInstanceGone(): void {}
  onOutput(): void {}
}
