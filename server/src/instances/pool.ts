/** The instances of one function version, and the requests that wait for one. */
import { FcError } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { FunctionVersion } from '../model.ts'
import { expired, instancesToStart, type IdleInstance, type StartLimits } from '../scheduler/port.ts'
import type { ColdStartPhases } from '../logs/port.ts'
import { StartFailure } from './failure.ts'
import type { Slot, SlotHolder } from './port.ts'
import type { InstanceState } from './states.ts'

export interface PoolSettings {
  queueLengthMax: number
  queueMsMax: number
  keepAliveMs: number
}

/** What a pool needs of an instance. */
export interface PooledInstance {
  readonly id: string
  readonly concurrency: number
  readonly phases: ColdStartPhases
  readonly state: InstanceState
  readonly inFlight: number
  readonly hasFreeSlot: boolean
  readonly idleSinceMs: number
  readonly createdMs: number
  assign(holder: SlotHolder): Slot
  renewCredentials(): void
  ping(): void
  drain(): void
  stop(graceMs: number): Promise<void>
}

export interface PoolHost {
  /** Room for more instances of this version; may free some by ending idle instances of others. */
  limits(pool: Pool): StartLimits
  /** Begins a start: returns the instance, and a promise that settles as Instance.start does. */
  launch(pool: Pool, qualifier: string, requestId: string): { instance: PooledInstance; started: Promise<void> }
  onGone(pool: Pool): void
  onPlatformFailure(error: unknown): void
}

interface Waiter {
  holder: SlotHolder
  qualifier: string
  deadlineMs: number
}

/** Weight of the newest value in the moving means. */
const MEAN_WEIGHT = 0.1
/** Between two looks at a queue whose head is overdue but promised an instance. */
const QUEUE_CHECK_MS_MIN = 100
/** Expected before the first start was measured. */
const COLD_START_MS_DEFAULT = 150

export class Pool {
  readonly version: FunctionVersion
  readonly #settings: PoolSettings
  readonly #host: PoolHost
  readonly #clock: Clock
  /** Instances with a free slot, the most recently used last. */
  readonly #free: PooledInstance[] = []
  readonly #instances = new Set<PooledInstance>()
  readonly #waiting: Waiter[] = []
  #starting = 0
  #serviceMs: number | null = null
  #coldStartMs = COLD_START_MS_DEFAULT
  #isWatchingQueue = false
  #isRetired = false

  constructor(version: FunctionVersion, settings: PoolSettings, host: PoolHost, clock: Clock) {
    this.version = version
    this.#settings = settings
    this.#host = host
    this.#clock = clock
  }

  get instances(): ReadonlySet<PooledInstance> {
    return this.#instances
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  get startingCount(): number {
    return this.#starting
  }

  acquire(qualifier: string, holder: SlotHolder): void {
    // One whose request ran out of time takes no more, though it has slots.
    while (this.#free.at(-1)?.hasFreeSlot === false) this.#free.pop()
    const instance = this.#free.at(-1)
    if (instance !== undefined && this.#waiting.length === 0) {
      this.#assign(instance, holder)
      return
    }
    if (this.#waiting.length >= this.#settings.queueLengthMax) {
      holder.onRefused(this.#exhausted(`${this.#waiting.length} requests wait already`))
      return
    }
    this.#waiting.push({ holder, qualifier, deadlineMs: this.#clock.monotonicMs() + this.#settings.queueMsMax })
    this.scale()
    this.#watchQueue()
  }

  withdraw(holder: SlotHolder): void {
    const at = this.#waiting.findIndex((waiter) => waiter.holder === holder)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  /** Serves what waits and then ends; takes nothing new once its queue is empty. */
  retire(): void {
    this.#isRetired = true
    if (this.#waiting.length > 0) return
    for (const instance of [...this.#instances]) instance.drain()
    this.#free.length = 0
  }

  get isEmpty(): boolean {
    return this.#instances.size === 0 && this.#waiting.length === 0
  }

  /** Refuses what waits. */
  refuseAll(error: FcError): void {
    for (const waiter of this.#waiting.splice(0)) waiter.holder.onRefused(error)
  }

  idle(): (IdleInstance & { instance: PooledInstance })[] {
    return [...this.#instances]
      .filter((instance) => instance.state === 'ready')
      .map((instance) => ({
        id: instance.id,
        idleSinceMs: instance.idleSinceMs,
        memoryMB: this.version.function.config.memoryMB,
        instance,
      }))
  }

  /** The regular look: idle instances whose time is over leave, the others keep valid credentials and show that they live. */
  look(): void {
    const ids = new Set(expired(this.idle(), this.#settings.keepAliveMs, this.#clock.monotonicMs()).map(({ id }) => id))
    for (const instance of [...this.#instances]) {
      if (ids.has(instance.id)) {
        this.end(instance)
        continue
      }
      instance.renewCredentials()
      instance.ping()
    }
  }

  end(instance: PooledInstance): void {
    this.#removeFree(instance)
    instance.drain()
  }

  onSlotFreed(instance: PooledInstance): void {
    const waiter = this.#waiting.shift()
    if (waiter) {
      if (!this.#free.includes(instance)) this.#free.push(instance)
      this.#assign(instance, waiter.holder)
      return
    }
    if (this.#isRetired) {
      this.end(instance)
      return
    }
    // The most recently used is handed out first, so that the others can age and go.
    if (this.#free.at(-1) !== instance) {
      this.#removeFree(instance)
      this.#free.push(instance)
    }
  }

  onGone(instance: PooledInstance): void {
    this.#removeFree(instance)
    this.#instances.delete(instance)
    this.#host.onGone(this)
    if (this.#waiting.length > 0) this.scale()
  }

  /** A request held a slot for `ms`. */
  observeServiceMs(ms: number): void {
    this.#serviceMs = this.#serviceMs === null ? ms : this.#serviceMs + (ms - this.#serviceMs) * MEAN_WEIGHT
  }

  /** Starts what the scheduler decides; called on every event that may change its mind. */
  scale(): void {
    if (this.#waiting.length === 0) return
    const load = {
      waiting: this.#waiting.length,
      live: this.#serving(),
      starting: this.#starting,
      instanceConcurrency: this.version.function.config.instanceConcurrency,
      serviceMs: this.#serviceMs,
      coldStartMs: this.#coldStartMs,
    }
    if (load.waiting <= load.starting * load.instanceConcurrency) return
    const limits = this.#host.limits(this)
    const count = instancesToStart(load, limits)
    for (let i = 0; i < count; i++) this.#start()
    if (count === 0 && this.#instances.size === 0 && limits.startsLeft > 0) {
      const reason =
        limits.instancesLeft <= 0 ? 'the account has no instance left' : 'the host has no memory left for it'
      this.refuseAll(this.#exhausted(reason))
    }
  }

  #serving(): number {
    let count = 0
    for (const { state } of this.#instances) if (state === 'ready' || state === 'busy') count++
    return count
  }

  #start(): void {
    const first = this.#waiting[0]!
    const beganMs = this.#clock.monotonicMs()
    const { instance, started } = this.#host.launch(this, first.qualifier, first.holder.requestId)
    this.#instances.add(instance)
    this.#starting++
    started.then(
      () => {
        this.#starting--
        this.#coldStartMs += (this.#clock.monotonicMs() - beganMs - this.#coldStartMs) * MEAN_WEIGHT * 3
        this.#serve(instance)
      },
      (error: unknown) => {
        this.#starting--
        this.#instances.delete(instance)
        this.#fail(instance, error)
        this.#host.onGone(this)
        this.scale()
      },
    )
  }

  /** A new instance takes as many of the waiting as it has slots. */
  #serve(instance: PooledInstance): void {
    if (!instance.hasFreeSlot) return
    this.#free.push(instance)
    while (this.#waiting.length > 0 && instance.hasFreeSlot) this.#assign(instance, this.#waiting.shift()!.holder)
    if (this.#isRetired && this.#waiting.length === 0 && instance.inFlight === 0) this.end(instance)
    this.scale()
  }

  /** A start that failed fails the requests it was meant for, not the whole queue: the next start may do better. */
  #fail(instance: PooledInstance, error: unknown): void {
    const meant = this.#waiting.splice(0, instance.concurrency)
    if (error instanceof StartFailure) {
      for (const { holder } of meant) holder.onStartFailed(error.failure, instance.phases)
      return
    }
    this.#host.onPlatformFailure(error)
    for (const { holder } of meant) {
      holder.onRefused(new FcError('ServiceUnavailable', `no instance could be started: ${reasonOf(error)}`))
    }
  }

  #assign(instance: PooledInstance, holder: SlotHolder): void {
    const slot = instance.assign(holder)
    if (!instance.hasFreeSlot) this.#removeFree(instance)
    holder.onSlot(slot)
  }

  #removeFree(instance: PooledInstance): void {
    if (this.#free.at(-1) === instance) {
      this.#free.pop()
      return
    }
    const at = this.#free.indexOf(instance)
    if (at >= 0) this.#free.splice(at, 1)
  }

  #exhausted(reason: string): FcError {
    return new FcError('ResourceExhausted', `function '${this.version.key}' has no free instance: ${reason}`, {
      'Retry-After': '1',
    })
  }

  /** One timer for the queue, armed while something waits. */
  #watchQueue(): void {
    if (this.#isWatchingQueue || this.#waiting.length === 0) return
    this.#isWatchingQueue = true
    const delayMs = Math.max(QUEUE_CHECK_MS_MIN, this.#waiting[0]!.deadlineMs - this.#clock.monotonicMs())
    this.#clock.setTimer(delayMs, () => {
      this.#isWatchingQueue = false
      const nowMs = this.#clock.monotonicMs()
      // Those that an instance is being started for wait as long as that takes: loading has limits of its own.
      const promised = this.#starting * this.version.function.config.instanceConcurrency
      while (this.#waiting.length > promised && this.#waiting[promised]!.deadlineMs <= nowMs) {
        const [waiter] = this.#waiting.splice(promised, 1)
        waiter!.holder.onRefused(this.#exhausted(`none came free within ${this.#settings.queueMsMax / 1000} seconds`))
      }
      this.scale()
      this.#watchQueue()
    })
  }
}

/** What a caller is told of a platform's own failure: the reason, but no path of this host, which system errors name. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error'
  const { code, syscall } = error as NodeJS.ErrnoException
  return code === undefined ? error.message : `${code}${syscall === undefined ? '' : ` (${syscall})`}`
}
