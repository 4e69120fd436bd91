/** All pools on this host: who may start next, what gives way, and one timer for everything that is due by time. */
import type { Clock, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import type { InstanceMeter } from '../meter/port.ts'
import type { FunctionKey, FunctionVersion } from '../model.ts'
import { packagesOf } from '../packages/port.ts'
import { Histories } from '../scheduler/port.ts'
import { Limits, type HostLimits } from './limits.ts'
import type { Member, PooledInstance } from './member.ts'
import { Pool, type Need, type PoolHost, type PoolSettings } from './pool.ts'
import type {
  ExecProcess,
  ExecSpec,
  InstanceInfo,
  InstanceUsage,
  Instances,
  ProvisionStatus,
  ScalingRules,
  SlotHolder,
} from './port.ts'
import { Provisions } from './provisions.ts'
import { findVictims } from './victims.ts'

export type FleetOptions = PoolSettings & HostLimits

/** Who hears of an instance from itself. */
export interface InstanceEvents {
  onSlotFreed(instance: PooledInstance): void
  /** It takes requests again after a hook. */
  onIdleAgain(instance: PooledInstance): void
  /** A request on it ran out of time: it must get no other. */
  onAbandoned(instance: PooledInstance): void
  onGone(instance: PooledInstance): void
}

export interface FleetDeps {
  clock: Clock
  meter: InstanceMeter
  /** Begins a start; the promise settles as Instance.start does. */
  launch(
    version: FunctionVersion,
    qualifier: string,
    requestId: string,
    events: InstanceEvents,
  ): { instance: PooledInstance; started: Promise<void> }
  onPlatformFailure(error: unknown): void
}

/** Between two looks; what is due earlier is done then. */
const LOOK_MS_MIN = 200
/** Functions whose rhythm is remembered: some 300 bytes each. */
const HISTORIES_MAX = 20_000

export class Fleet implements Instances, PoolHost {
  readonly #options: FleetOptions
  readonly #deps: FleetDeps
  readonly #pools = new Map<FunctionVersion['id'], Pool>()
  readonly #histories = new Histories(HISTORIES_MAX)
  readonly #limits: Limits
  readonly #provisions: Provisions
  /** Pools that need a start, in turn: each gets one and goes to the end. */
  readonly #line = new Set<Pool>()
  #evictionClock = 0
  #isServingLine = false
  #isLineStale = false
  #look: { atMs: number; timer: Timer } | null = null
  #isClosing = false
  #onEmpty: (() => void) | null = null

  constructor(options: FleetOptions, deps: FleetDeps) {
    this.#options = options
    this.#deps = deps
    this.#limits = new Limits(options)
    this.#provisions = new Provisions(
      deps.clock,
      (version) => this.#poolOf(version),
      (error) => this.onPlatformFailure(error),
    )
  }

  get meter(): InstanceMeter {
    return this.#deps.meter
  }

  get evictionClock(): number {
    return this.#evictionClock
  }

  // ---- asked by those who run requests ----

  acquire(version: FunctionVersion, qualifier: string, holder: SlotHolder): void {
    if (this.#isClosing) {
      holder.onRefused(stopping())
      return
    }
    const pool = this.#poolOf(version)
    const reason = this.#limits.hopelessness(pool)
    if (reason === null) pool.acquire(qualifier, holder)
    else holder.onRefused(pool.exhausted(reason))
    this.#prune(pool)
  }

  withdraw(version: FunctionVersion, holder: SlotHolder): void {
    const pool = this.#pools.get(version.id)
    pool?.withdraw(holder)
    if (pool) this.#prune(pool)
  }

  observeServiceMs(version: FunctionVersion, ms: number): void {
    this.#pools.get(version.id)?.history.observeServiceMs(ms)
  }

  retire(versionId: FunctionVersion['id']): void {
    const pool = this.#pools.get(versionId)
    pool?.retire()
    if (pool) this.#prune(pool)
  }

  list(): InstanceInfo[] {
    return [...this.#pools.values()].flatMap((pool) =>
      [...pool.members.values()].map((member) => infoOf(pool.version, member)),
    )
  }

  usage(of: 'all' | 'those with metrics of their own'): InstanceUsage[] {
    const { clock } = this.#deps
    const times = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
    return [...this.#pools.values()]
      .filter(({ version }) => of === 'all' || hasOwnMetrics(version))
      .flatMap(({ version, members }) => [...members.values()].map((member) => usageOf(version, member, times)))
  }

  runningCode(): Set<string> {
    const busy = [...this.#pools.values()].filter((pool) => pool.members.size > 0)
    return new Set(busy.flatMap((pool) => packagesOf(pool.version.function.config)))
  }

  waiting(): { functionKey: string; requests: number }[] {
    return [...this.#pools.values()]
      .filter((pool) => pool.waitingCount > 0)
      .map((pool) => ({ functionKey: pool.version.key, requests: pool.waitingCount }))
  }

  rulesChanged(rules: ScalingRules): void {
    if (this.#isClosing) return
    this.#limits.rules = rules
    this.#provisions.set(rules.provisions())
    for (const pool of [...this.#pools.values()]) this.#shed(pool)
    this.#provisions.evaluate()
    for (const pool of [...this.#pools.values()]) {
      pool.scale()
      this.#prune(pool)
    }
    this.#serveLine()
    this.lookBy(this.#provisions.nextLookMs)
  }

  provisionStatus(functionKey: FunctionKey, qualifier: string): ProvisionStatus | undefined {
    const found = this.#provisions.find(functionKey, qualifier)
    if (found === undefined) return undefined
    const { provision, pool } = found
    const current = pool.readyFor(provision).length
    const isShort = current < provision.target
    const missing: Need = { kind: 'provisioned', provision }
    const shortage = isShort ? this.#limits.shortage(pool, missing) : null
    const limit = shortage === null || shortage === 'starts' ? null : this.#limits.inWords(shortage, pool)
    return { current, target: provision.target, currentError: isShort ? (provision.error ?? limit) : null }
  }

  async exec(instanceId: string, spec: ExecSpec): Promise<ExecProcess> {
    for (const pool of this.#pools.values()) {
      for (const { instance, isServing } of pool.members.values()) {
        if (instance.id !== instanceId) continue
        if (!isServing) throw new FcError('InstanceNotFound', `the instance is ${instance.state}`)
        return pool.exec(instance, spec)
      }
    }
    throw new FcError('InstanceNotFound', 'there is no such instance')
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    this.#look?.timer.cancel()
    for (const pool of this.#pools.values()) {
      pool.refuseAll(stopping())
      for (const instance of [...pool.members.keys()]) pool.end(instance)
    }
    if (this.#limits.quota.instances === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      this.#deps.clock.setTimer(graceMs, () => {
        const all = [...this.#pools.values()].flatMap((pool) => [...pool.members.keys()])
        void Promise.allSettled(all.map((instance) => instance.stop(0))).then(() => resolve())
      })
    })
  }

  // ---- asked by the pools ----

  ask(pool: Pool): void {
    if (this.#isClosing || this.#line.has(pool)) return
    this.#line.add(pool)
    this.#serveLine()
  }

  lookBy(atMs: number): void {
    if (this.#isClosing || atMs === Infinity || (this.#look !== null && this.#look.atMs <= atMs)) return
    this.#look?.timer.cancel()
    const delayMs = Math.max(LOOK_MS_MIN, atMs - this.#deps.clock.monotonicMs())
    this.#look = { atMs, timer: this.#deps.clock.setTimer(delayMs, () => this.#onLook()) }
  }

  launch(pool: Pool, qualifier: string, requestId: string): { instance: PooledInstance; started: Promise<void> } {
    this.#limits.starting++
    const { key, function: definition } = pool.version
    this.#limits.quota.add(key, definition.config.memoryMB)
    return this.#deps.launch(pool.version, qualifier, requestId, {
      onSlotFreed: (freed) => pool.onSlotFreed(freed),
      onIdleAgain: (idle) => pool.onIdleAgain(idle),
      onAbandoned: (left) => pool.end(left),
      onGone: (gone) => pool.onGone(gone),
    })
  }

  onStartSettled(pool: Pool): void {
    this.#limits.starting--
    if (this.#provisions.settle()) this.lookBy(this.#deps.clock.monotonicMs())
    this.#serveLine()
    this.#prune(pool)
  }

  onGone(pool: Pool): void {
    const { key, function: definition } = pool.version
    this.#limits.quota.remove(key, definition.config.memoryMB)
    this.#serveLine()
    this.#prune(pool)
    if (this.#limits.quota.instances === 0) this.#onEmpty?.()
  }

  onQueueEmptied(pool: Pool): void {
    this.#prune(pool)
  }

  shortage(pool: Pool): string | null {
    const shortage = this.#limits.shortage(pool, { kind: 'onDemand' })
    return shortage === null ? null : this.#limits.inWords(shortage, pool)
  }

  onPlatformFailure(error: unknown): void {
    this.#deps.onPlatformFailure(error)
  }

  // ---- inside ----

  #poolOf(version: FunctionVersion): Pool {
    let pool = this.#pools.get(version.id)
    if (pool === undefined) {
      pool = new Pool(version, this.#options, this.#histories.of(version.key), this, this.#deps.clock)
      this.#pools.set(version.id, pool)
    }
    return pool
  }

  #prune(pool: Pool): void {
    if (!pool.isEmpty) return
    this.#line.delete(pool)
    // A timer of one that was emptied before can come when another has its place.
    if (this.#pools.get(pool.version.id) === pool) this.#pools.delete(pool.version.id)
  }

  /**
   * Gives each pool in line a start in its turn, as long as there is room. Who is short of memory holds up all behind
   * it, unless it has instances already: a large function would otherwise wait for ever while small ones take what comes
   * free. Instances that are to be kept ready hold up nobody.
   */
  #serveLine(): void {
    if (this.#isServingLine) {
      this.#isLineStale = true
      return
    }
    this.#isServingLine = true
    do {
      this.#isLineStale = false
      this.#goAlongLine()
    } while (this.#isLineStale)
    this.#isServingLine = false
    if (this.#line.size > 0) this.lookBy(this.#deps.clock.monotonicMs() + LOOK_MS_MIN)
  }

  #goAlongLine(): void {
    let isAccountFull = false
    // A set goes on to what is added during the loop, so that each pool comes again after all others had their turn.
    for (const pool of this.#line) {
      const need = pool.need()
      if (need === null || this.#isClosing) {
        this.#line.delete(pool)
        continue
      }
      const shortage = this.#limits.shortage(pool, need)
      if (shortage === null) {
        this.#line.delete(pool)
        this.#line.add(pool)
        pool.start(need)
      } else if (shortage === 'starts') {
        return
      } else if (shortage !== 'onDemand') {
        // Without reservations of their own all are short of the same, and the first has seen to it.
        const isSeenTo =
          isAccountFull && shortage === 'account' && this.#limits.quota.reservation(pool.version.key) === undefined
        const isComing = isSeenTo || this.#makeRoom(pool, shortage)
        isAccountFull ||= shortage === 'account'
        if (need.kind === 'provisioned') {
          if (!isComing) pool.postpone(need.provision)
        } else if (shortage === 'memory' && !pool.isServed) {
          return
        }
      }
    }
  }

  /** Ends idle instances of others; false when not even that makes room. */
  #makeRoom(pool: Pool, shortage: 'reservation' | 'account' | 'memory'): boolean {
    const nowMs = this.#deps.clock.monotonicMs()
    const { quota } = this.#limits
    const { chosen, isEnough, clock } = findVictims(
      this.#pools.values(),
      pool,
      shortage,
      quota,
      this.#evictionClock,
      nowMs,
    )
    this.#evictionClock = clock
    for (const victim of chosen) victim.pool.evict(victim.member)
    return isEnough
  }

  /** Ends idle instances that new rules leave no place for. */
  #shed(pool: Pool): void {
    const excess = this.#limits.excess(pool)
    if (excess === 0) return
    const ending = [...this.#pools.values()]
      .filter(({ version }) => version.key === pool.version.key)
      .flatMap(({ members }) => [...members.values()])
      .filter(({ isEnding }) => isEnding)
    const idle = [...pool.members.values()].filter((member) => member.isEvictable)
    for (const { instance } of idle.slice(0, Math.max(0, excess - ending.length))) pool.end(instance)
  }

  #onLook(): void {
    this.#look = null
    const nowMs = this.#deps.clock.monotonicMs()
    if (this.#provisions.nextLookMs <= nowMs) this.#provisions.evaluate()
    let nextMs = this.#provisions.nextLookMs
    for (const pool of [...this.#pools.values()]) {
      if (pool.nextLookMs <= nowMs) pool.look()
      nextMs = Math.min(nextMs, pool.nextLookMs)
      this.#prune(pool)
    }
    this.#serveLine()
    this.lookBy(nextMs)
  }
}

function infoOf({ key, versionId }: FunctionVersion, { instance, qualifier, provision }: Member): InstanceInfo {
  return {
    instanceId: instance.id,
    functionKey: key,
    versionId,
    qualifier,
    isProvisioned: provision !== null,
    state: instance.state,
    inFlight: instance.inFlight,
    createdMs: instance.createdMs,
  }
}

function usageOf(
  version: FunctionVersion,
  member: Member,
  { nowMs, monotonicMs }: { nowMs: number; monotonicMs: number },
): InstanceUsage {
  const { instance, isIdle } = member
  const { config } = version.function
  const cpuMs = instance.cpuMs()
  return {
    ...infoOf(version, member),
    concurrency: instance.concurrency,
    memoryMB: config.memoryMB,
    cpuQuotaCores: config.cpu,
    usedMemoryMB: instance.usedMemoryMB(),
    cpuCores: cpuMs === null ? null : member.cpuRate.update(monotonicMs, cpuMs, nowMs - instance.createdMs),
    idleSinceMs: isIdle ? Math.floor(nowMs - monotonicMs + instance.idleSinceMs) : null,
  }
}

/** `enableInstanceMetrics` of its log configuration. */
function hasOwnMetrics({ service, function: { config } }: FunctionVersion): boolean {
  const logConfig = service?.config.settings['logConfig'] ?? config.settings['logConfig']
  return (logConfig as { enableInstanceMetrics?: unknown } | undefined)?.enableInstanceMetrics === true
}

const stopping = () =>
  new FcError('ServiceUnavailable', 'the platform is stopping; try again shortly', { 'Retry-After': '1' })
