/** The instances of one function version, and the requests that wait for one. */
import { backoffMs } from '../backoff.ts'
import { FcError } from '../errors.ts'
import type { InstanceMeter } from '../meter/port.ts'
import { uuidV7, type Clock, type Timer } from '../clock.ts'
import type { FunctionVersion } from '../model.ts'
import { attendIdle, FREEZE_MS, startsWanted, type FunctionHistory, type KeepAliveRange } from '../scheduler/port.ts'
import { reasonOf, StartFailure } from './failure.ts'
import { Member, type PooledInstance } from './member.ts'
import type { ExecProcess, ExecSpec, SlotHolder } from './port.ts'
import type { Provision } from './provision.ts'
import { Roster } from './roster.ts'
import { IDLE_TOLD_MS, UsageWatch } from './usage-watch.ts'
import { WaitQueue } from './wait-queue.ts'

export interface PoolSettings {
  queueLengthMax: number
  queueMsMax: number
  keepAlive: KeepAliveRange
}

export interface PoolHost {
  /** Greedy-dual clock, see scheduler/evict.ts. */
  readonly evictionClock: number
  readonly meter: InstanceMeter
  /** The pool needs a start: `start` is called on it as soon as there is room, at once or later. */
  ask(pool: Pool): void
  /** Have `look` called at this monotonic time or soon after. */
  lookBy(atMs: number): void
  /** Begins a start: returns the instance, and a promise that settles as Instance.start does. */
  launch(pool: Pool, qualifier: string, requestId: string): { instance: PooledInstance; started: Promise<void> }
  /** A start has come to its end, good or bad. */
  onStartSettled(pool: Pool): void
  /** An instance is gone; what it took is free. */
  onGone(pool: Pool): void
  /** Nothing waits any more. */
  onQueueEmptied(pool: Pool): void
  /** Which limit keeps the pool from another instance, in words; null: none does. */
  shortage(pool: Pool): string | null
  onPlatformFailure(error: unknown): void
}

/** What the next start of a pool is for. */
export type Need = { kind: 'onDemand' } | { kind: 'provisioned'; provision: Provision }
const ON_DEMAND: Need = { kind: 'onDemand' }

/** Between two looks at a queue. */
const QUEUE_LOOK_MS_MIN = 200
/** After a start that failed by the platform's own fault: requests must not turn a broken host into a busy one. */
const RETRY_MS_MIN = 100
const RETRY_MS_MAX = 5000
/** Between two tries for room that provisioned instances do not get. */
const PROVISION_RETRY_MS = 1000
/** After an instance could not be frozen. */
const FREEZE_AGAIN_MS = 10_000
/** Between two looks at instances that run, for their credentials. */
const RUNNING_LOOK_MS = 30_000

export class Pool {
  readonly version: FunctionVersion
  readonly #settings: PoolSettings
  readonly #history: FunctionHistory
  readonly #host: PoolHost
  readonly #clock: Clock
  readonly #roster = new Roster()
  readonly #provisions = new Map<string, Provision>()
  readonly #queue = new WaitQueue()
  readonly #usage: UsageWatch
  #starting = 0
  #platformFailures = 0
  #retryAtMs = -Infinity
  #queueTimer: Timer | null = null
  #nextLookMs = Infinity
  #isRetired = false

  constructor(
    version: FunctionVersion,
    settings: PoolSettings,
    history: FunctionHistory,
    host: PoolHost,
    clock: Clock,
  ) {
    this.version = version
    this.#settings = settings
    this.#history = history
    this.#host = host
    this.#clock = clock
    this.#usage = new UsageWatch(version, host.meter, clock)
  }

  get members(): ReadonlyMap<PooledInstance, Member> {
    return this.#roster.all
  }

  get waitingCount(): number {
    return this.#queue.length
  }

  /** Instances that are not provisioned. */
  get onDemandCount(): number {
    return this.#roster.onDemandCount
  }

  /** How long the first in line has waited, in ms; 0 when nobody waits. */
  get waitedMs(): number {
    return this.#queue.first === undefined ? 0 : this.#clock.monotonicMs() - this.#queue.first.sinceMs
  }

  /** Whether instances are to be kept ready here. */
  get isProvisioned(): boolean {
    return [...this.#provisions.values()].some(({ target }) => target > 0)
  }

  /** Something serves its queue, now or soon. */
  get isServed(): boolean {
    return this.#starting > 0 || this.#roster.servingCount > 0
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.#queue.length === 0 && this.#provisions.size === 0
  }

  get history(): FunctionHistory {
    return this.#history
  }

  acquire(qualifier: string, holder: SlotHolder): void {
    const instance = this.#queue.length === 0 ? this.#roster.nextFree : undefined
    if (instance !== undefined) {
      this.#assign(instance, holder)
      return
    }
    if (this.#queue.length >= this.#settings.queueLengthMax) {
      holder.onRefused(this.exhausted(`${this.#queue.length} requests wait already`))
      return
    }
    this.#queue.push({ holder, qualifier, sinceMs: this.#clock.monotonicMs() })
    this.scale()
    this.#watchQueue()
  }

  withdraw(holder: SlotHolder): void {
    this.#queue.withdraw(holder)
  }

  /** Serves what waits and then ends; takes nothing new once its queue is empty. */
  retire(): void {
    this.#isRetired = true
    this.#provisions.clear()
    if (this.#queue.length > 0) return
    for (const instance of [...this.members.keys()]) this.end(instance)
  }

  /** Refuses what waits. */
  refuseAll(error: FcError): void {
    for (const { holder } of this.#queue.take(this.#queue.length)) holder.onRefused(error)
  }

  /** Keeps instances ready as the provision says from now on, also when it is one that is known and has changed. */
  provide(provision: Provision): void {
    if (this.#isRetired) return
    this.#provisions.set(provision.qualifier, provision)
    this.#balance(provision)
  }

  /** Keeps no more instances ready for it; those that are there end, busy ones when done. */
  unprovide(provision: Provision): void {
    if (this.#provisions.get(provision.qualifier) === provision) this.#provisions.delete(provision.qualifier)
    for (const member of this.#roster.providedFor(provision)) this.end(member.instance)
  }

  /** Instances that stand ready for it. */
  readyFor(provision: Provision): PooledInstance[] {
    return this.#roster
      .providedFor(provision)
      .filter(({ isServing }) => isServing)
      .map(({ instance }) => instance)
  }

  /** What should be started next, limits apart; null: nothing. */
  need(): Need | null {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#retryAtMs && this.#wanted() > 0) return ON_DEMAND
    for (const provision of this.#provisions.values()) {
      if (this.#missing(provision) > 0 && nowMs >= Math.max(provision.retryAtMs, this.#retryAtMs)) {
        return { kind: 'provisioned', provision }
      }
    }
    return null
  }

  /** There is no room for an instance to keep ready, and nothing to make some with: asks again in a while. */
  postpone(provision: Provision): void {
    provision.retryAtMs = this.#clock.monotonicMs() + PROVISION_RETRY_MS
    this.#lookBy(provision.retryAtMs)
  }

  /** Starts an instance; the host calls it when there is room. */
  start(need: Need): void {
    const provision = need.kind === 'provisioned' ? need.provision : null
    const first = provision === null ? this.#queue.first : undefined
    const beganMs = this.#clock.monotonicMs()
    const { instance, started } = this.#host.launch(
      this,
      provision?.qualifier ?? first!.qualifier,
      first?.holder.requestId ?? uuidV7(this.#clock.nowMs()),
    )
    const member = new Member(instance, provision?.qualifier ?? first!.qualifier, provision)
    this.#roster.add(member)
    this.#starting++
    if (provision === null) this.#history.observeStart(beganMs)
    started.then(
      () => this.#onStarted(member, beganMs),
      (error: unknown) => this.#onStartFailed(member, error),
    )
  }

  /**
   * The regular look: idle instances are frozen, and leave when their time is over; running ones keep valid credentials,
   * and show that they live.
   */
  look(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs < this.#nextLookMs) return
    this.#nextLookMs = Infinity
    const keptMs = this.#history.keepAliveMs(this.#settings.keepAlive)
    for (const member of [...this.members.values()]) {
      const { instance } = member
      this.#usage.tellLong(member)
      if (member.isIdle && !member.isEnding) this.#attend(member, nowMs, keptMs)
      // One that is frozen could not take them in: it gets them when it is thawed.
      if (member.isServing && instance.state !== 'frozen') {
        instance.renewCredentials()
        instance.ping()
        this.#lookBy(nowMs + RUNNING_LOOK_MS)
      }
      if (member.idleness !== null) this.#lookBy(member.idleness.sinceMs + IDLE_TOLD_MS)
    }
    for (const { retryAtMs } of this.#provisions.values()) if (retryAtMs > nowMs) this.#lookBy(retryAtMs)
    if (this.#retryAtMs > nowMs) this.#lookBy(this.#retryAtMs)
    if (this.need() !== null) this.#host.ask(this)
  }

  #attend(member: Member, nowMs: number, keptMs: number): void {
    const { instance, provision } = member
    const { action, againMs } = attendIdle({
      idleMs: nowMs - instance.idleSinceMs,
      isFrozen: instance.state === 'frozen',
      keepAliveMs: provision === null ? keptMs : Infinity,
      alwaysAllocateCpu: provision?.alwaysAllocateCpu ?? false,
    })
    this.#lookBy(nowMs + againMs)
    if (action === 'end') this.evict(member)
    else if (action === 'thaw') instance.thaw()
    else if (action === 'freeze' && !instance.freeze()) this.#lookBy(nowMs + FREEZE_AGAIN_MS)
    // Its preFreeze hook may run now, which is paid as work.
    this.#see(member)
  }

  /** Runs a program in one of the instances; when it has ended, the instance may be frozen again. */
  async exec(instance: PooledInstance, spec: ExecSpec): Promise<ExecProcess> {
    const process = await instance.exec(spec)
    const ended = () => this.#lookBy(this.#clock.monotonicMs() + FREEZE_MS)
    process.exited.then(ended, ended)
    return process
  }

  /** When `look` has something to do next, monotonic; Infinity: never. */
  get nextLookMs(): number {
    return this.#nextLookMs
  }

  /** Ends an idle instance that could still have been used. */
  evict({ instance }: Member): void {
    this.#history.observeDeparture(instance.idleSinceMs)
    this.end(instance)
  }

  /** Takes it out of use: it ends now if it is idle, else when its requests have ended. */
  end(instance: PooledInstance): void {
    const member = this.members.get(instance)
    if (member) {
      member.isEnding = true
      this.#roster.unfree(member)
      this.#see(member)
    }
    instance.drain()
  }

  onSlotFreed(instance: PooledInstance): void {
    const member = this.members.get(instance)
    if (member === undefined || member.isEnding) return
    this.#roster.free(member)
    this.#serveQueue(instance)
    this.#see(member)
    if (instance.inFlight === 0 && !this.#isRetired) this.#lookBy(this.#clock.monotonicMs() + FREEZE_MS)
  }

  onIdleAgain(instance: PooledInstance): void {
    const member = this.members.get(instance)
    if (member === undefined || member.isEnding) return
    this.#roster.restore(member)
    this.#serveQueue(instance)
    this.#see(member)
  }

  /** Gives it as many of the waiting as it has slots. */
  #serveQueue(instance: PooledInstance): void {
    while (this.#queue.length > 0 && instance.hasFreeSlot) this.#assign(instance, this.#queue.shift()!.holder)
    if (instance.inFlight === 0 && this.#isRetired) this.end(instance)
  }

  onGone(instance: PooledInstance): void {
    const member = this.#roster.remove(instance)
    if (member === undefined) return
    this.#see(member)
    const { provision } = member
    if (provision !== null && member.readyMs !== null && !member.isEnding) {
      const nowMs = this.#clock.monotonicMs()
      provision.onDied(nowMs, nowMs - member.readyMs)
      this.#lookBy(provision.retryAtMs)
    }
    this.#host.onGone(this)
    this.scale()
  }

  /** Asks for what the scheduler wants started; called on every event that may change its mind. */
  scale(): void {
    if (this.need() !== null) this.#host.ask(this)
  }

  exhausted(reason: string): FcError {
    return new FcError('ResourceExhausted', `function '${this.version.key}' has no free instance: ${reason}`, {
      'Retry-After': '1',
    })
  }

  #wanted(): number {
    if (this.#queue.length === 0) return 0
    return startsWanted({
      waiting: this.#queue.length,
      waitedMs: this.waitedMs,
      live: this.#roster.servingCount,
      starting: this.#starting,
      instanceConcurrency: this.version.function.config.instanceConcurrency,
      serviceMs: this.#history.serviceMs,
      coldStartMs: this.#history.coldStartMs,
    })
  }

  #missing(provision: Provision): number {
    return provision.isLeaving ? 0 : provision.target - this.#roster.providedFor(provision).length
  }

  /** Brings the number of instances for it to its target: idle ones go first, and what is there is not started anew. */
  #balance(provision: Provision): void {
    const surplus = provision.isLeaving ? 0 : -this.#missing(provision)
    const idleFirst = this.#roster.providedFor(provision).toSorted((a, b) => a.instance.inFlight - b.instance.inFlight)
    for (const { instance } of idleFirst.slice(0, Math.max(0, surplus))) this.end(instance)
    this.#roster.promote(this.#missing(provision), provision)
    for (const member of this.members.values()) this.#see(member)
    // What may be frozen can have changed.
    this.#lookBy(this.#clock.monotonicMs())
    this.scale()
  }

  #onStarted(member: Member, beganMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#starting--
    this.#history.observeColdStartMs(nowMs - beganMs)
    this.#platformFailures = 0
    this.#retryAtMs = -Infinity
    member.readyMs = nowMs
    member.provision?.onStarted()
    // It takes as many of the waiting as it has slots.
    if (this.members.has(member.instance)) {
      this.onSlotFreed(member.instance)
      this.#balanceSurplus(member)
    }
    this.#host.onStartSettled(this)
    this.scale()
  }

  /** The target may have been lowered while it started. */
  #balanceSurplus({ provision, instance }: Member): void {
    if (provision === null) return
    const isWanted = this.#provisions.get(provision.qualifier) === provision && this.#missing(provision) >= 0
    if (!isWanted && !provision.isLeaving) this.end(instance)
  }

  /** A start that failed fails the requests it was meant for, not the whole queue: the next start may do better. */
  #onStartFailed(member: Member, error: unknown): void {
    const { instance, provision } = member
    const nowMs = this.#clock.monotonicMs()
    this.#starting--
    // One that never came to be does not tell that it is gone.
    if (this.#roster.remove(instance) !== undefined) this.#host.onGone(this)
    if (!member.isEnding) {
      if (!(error instanceof StartFailure)) this.#backOff(nowMs, error)
      if (provision !== null) {
        provision.onStartFailed(nowMs, error instanceof StartFailure ? error.failure.errorMessage : reasonOf(error))
        this.#lookBy(provision.retryAtMs)
      } else {
        for (const { holder } of this.#queue.take(instance.concurrency)) {
          if (error instanceof StartFailure) holder.onStartFailed(error.failure, instance.phases)
          else holder.onRefused(new FcError('ServiceUnavailable', `no instance could be started: ${reasonOf(error)}`))
        }
      }
    }
    this.#host.onStartSettled(this)
    this.scale()
  }

  #backOff(nowMs: number, error: unknown): void {
    this.#platformFailures++
    this.#retryAtMs = nowMs + backoffMs(this.#platformFailures, RETRY_MS_MIN, RETRY_MS_MAX)
    this.#lookBy(this.#retryAtMs)
    this.#host.onPlatformFailure(error)
  }

  #assign(instance: PooledInstance, holder: SlotHolder): void {
    const member = this.members.get(instance)!
    const nowMs = this.#clock.monotonicMs()
    if (instance.inFlight === 0 && member.wasUsed) this.#history.observeReuse(nowMs - instance.idleSinceMs)
    member.wasUsed = true
    member.evictionClock = this.#host.evictionClock
    this.#history.observeUse(nowMs)
    const slot = instance.assign(holder)
    if (!instance.hasFreeSlot) this.#roster.unfree(member)
    this.#see(member)
    holder.onSlot(slot)
  }

  /** What it does may have changed: the meter hears of it. */
  #see(member: Member): void {
    this.#usage.see(member)
    if (member.idleness !== null) this.#lookBy(member.idleness.sinceMs + IDLE_TOLD_MS)
  }

  #lookBy(atMs: number): void {
    if (atMs >= this.#nextLookMs) return
    this.#nextLookMs = atMs
    this.#host.lookBy(atMs)
  }

  /** One timer for the queue, armed while something waits. */
  #watchQueue(): void {
    if (this.#queueTimer !== null || this.#queue.first === undefined) return
    const { queueMsMax } = this.#settings
    // Those that an instance is being started for wait as long as that takes: loading has limits of its own.
    const promised = () => this.#starting * this.version.function.config.instanceConcurrency
    const nowMs = this.#clock.monotonicMs()
    const overdueMs = (this.#queue.behind(promised()) ?? this.#queue.first).sinceMs + queueMsMax
    // Sooner than that, to see whether the first is served as was expected: if not, more instances are called for.
    const delayMs = Math.min(overdueMs - nowMs, this.#history.coldStartMs)
    this.#queueTimer = this.#clock.setTimer(Math.max(QUEUE_LOOK_MS_MIN, delayMs), () => {
      this.#queueTimer = null
      for (const { holder } of this.#queue.takeOverdue(promised(), this.#clock.monotonicMs() - queueMsMax)) {
        const why = this.#host.shortage(this)
        const reason = `none came free within ${queueMsMax / 1000} seconds${why === null ? '' : `; ${why}`}`
        holder.onRefused(this.exhausted(reason))
      }
      if (this.#queue.length === 0) this.#host.onQueueEmptied(this)
      this.scale()
      this.#watchQueue()
    })
  }
}
