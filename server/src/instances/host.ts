/** All instances on this host: one pool per function version, limits over all of them, expiry of the idle. */
import type { Clock, Random, Timer } from '../clock.ts'
import { FcError } from '../errors.ts'
import type { LogLine } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import { evictions, type StartLimits } from '../scheduler/port.ts'
import { Instance, type LaunchPlan } from './instance.ts'
import { Pool, type PoolHost, type PoolSettings } from './pool.ts'
import type { InstanceInfo, Instances, SlotHolder } from './port.ts'

export interface InstancesOptions extends PoolSettings {
  /** Of all functions together. */
  instancesMax: number
  memoryMBMax: number
  /** Starts that run at the same time: more would only slow each other down. */
  startsMax: number
}

export interface InstancesDeps {
  clock: Clock
  random: Random
  appendLine: (line: LogLine) => void
  plan: (version: FunctionVersion, qualifier: string) => LaunchPlan
  onPlatformFailure(error: unknown): void
}

/** Between two looks for instances whose keep-alive is over, as a share of the keep-alive. */
const SWEEP_SHARE = 0.1
const SWEEP_MS_MIN = 200

export function createInstances(options: InstancesOptions, deps: InstancesDeps): Instances {
  return new InstanceHost(options, deps)
}

class InstanceHost implements Instances, PoolHost {
  readonly #options: InstancesOptions
  readonly #deps: InstancesDeps
  readonly #pools = new Map<FunctionVersion['id'], Pool>()
  #starting = 0
  #sweep: Timer | null = null
  #isClosing = false
  #onEmpty: (() => void) | null = null

  constructor(options: InstancesOptions, deps: InstancesDeps) {
    this.#options = options
    this.#deps = deps
  }

  acquire(version: FunctionVersion, qualifier: string, holder: SlotHolder): void {
    if (this.#isClosing) {
      holder.onRefused(
        new FcError('ServiceUnavailable', 'the platform is stopping; try again shortly', { 'Retry-After': '1' }),
      )
      return
    }
    let pool = this.#pools.get(version.id)
    if (pool === undefined) {
      pool = new Pool(version, this.#options, this, this.#deps.clock)
      this.#pools.set(version.id, pool)
    }
    pool.acquire(qualifier, holder)
  }

  withdraw(version: FunctionVersion, holder: SlotHolder): void {
    this.#pools.get(version.id)?.withdraw(holder)
  }

  observeServiceMs(version: FunctionVersion, ms: number): void {
    this.#pools.get(version.id)?.observeServiceMs(ms)
  }

  retire(versionId: FunctionVersion['id']): void {
    const pool = this.#pools.get(versionId)
    pool?.retire()
    if (pool?.isEmpty) this.#pools.delete(versionId)
  }

  list(): InstanceInfo[] {
    return [...this.#pools.values()].flatMap((pool) =>
      [...pool.instances].map((instance) => ({
        instanceId: instance.id,
        functionKey: pool.version.key,
        versionId: pool.version.versionId,
        state: instance.state,
        inFlight: instance.inFlight,
        createdMs: instance.createdMs,
      })),
    )
  }

  runningCode(): Set<string> {
    const busy = [...this.#pools.values()].filter((pool) => pool.instances.size > 0)
    return new Set(busy.flatMap((pool) => pool.version.function.config.code?.sha256 ?? []))
  }

  waiting(): { functionKey: string; requests: number }[] {
    return [...this.#pools.values()]
      .filter((pool) => pool.waitingCount > 0)
      .map((pool) => ({ functionKey: pool.version.key, requests: pool.waitingCount }))
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    this.#sweep?.cancel()
    const stopping = new FcError('ServiceUnavailable', 'the platform is stopping; try again shortly', {
      'Retry-After': '1',
    })
    for (const pool of this.#pools.values()) {
      pool.refuseAll(stopping)
      for (const instance of [...pool.instances]) pool.end(instance)
    }
    if (this.list().length === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      this.#deps.clock.setTimer(graceMs, () => {
        const all = [...this.#pools.values()].flatMap((pool) => [...pool.instances])
        void Promise.allSettled(all.map((instance) => instance.stop(0))).then(() => resolve())
      })
    })
  }

  limits(pool: Pool): StartLimits {
    const { memoryMB } = pool.version.function.config
    const inUse = () => {
      const counted = [...this.#pools.values()].flatMap((other) =>
        [...other.instances]
          .filter(({ state }) => state !== 'draining')
          .map(() => other.version.function.config.memoryMB),
      )
      return { instances: counted.length, memoryMB: counted.reduce((sum, each) => sum + each, 0) }
    }
    let used = inUse()
    const missingMB = used.memoryMB + memoryMB - this.#options.memoryMBMax
    const isFull = used.instances >= this.#options.instancesMax
    if (missingMB > 0 || isFull) {
      this.#evict(pool, Math.max(missingMB, isFull ? 1 : 0))
      used = inUse()
    }
    return {
      instancesLeft: this.#options.instancesMax - used.instances,
      memoryLeft: Math.floor((this.#options.memoryMBMax - used.memoryMB) / memoryMB),
      startsLeft: this.#options.startsMax - this.#starting,
    }
  }

  launch(pool: Pool, qualifier: string, requestId: string): { instance: Instance; started: Promise<void> } {
    const { clock, random, appendLine, plan } = this.#deps
    const id = `c-${random.bytes(8).toString('hex')}`
    const instance = new Instance(
      id,
      pool.version,
      requestId,
      {
        onSlotFreed: (freed) => pool.onSlotFreed(freed),
        onAbandoned: (left) => pool.end(left),
        onGone: (gone) => pool.onGone(gone),
      },
      { clock, appendLine, onDefect: (error) => this.#deps.onPlatformFailure(error) },
    )
    this.#starting++
    const scheduledMs = clock.monotonicMs()
    // A plan that cannot be made (no interpreter for the runtime) fails this start, not the code that asked for it.
    const started = Promise.try(() => instance.start(plan(pool.version, qualifier), scheduledMs))
    const settled = () => {
      this.#starting--
      this.#armSweep()
      for (const other of this.#pools.values()) if (other.waitingCount > 0) other.scale()
    }
    started.then(settled, settled)
    return { instance, started }
  }

  onGone(pool: Pool): void {
    if (pool.isEmpty) this.#pools.delete(pool.version.id)
    if (this.#onEmpty && this.list().length === 0) this.#onEmpty()
    for (const other of this.#pools.values()) if (other.waitingCount > 0) other.scale()
  }

  onPlatformFailure(error: unknown): void {
    this.#deps.onPlatformFailure(error)
  }

  /** Ends idle instances of other versions, least recently used first. */
  #evict(forPool: Pool, neededMB: number): void {
    const idle = [...this.#pools.values()]
      .filter((pool) => pool !== forPool)
      .flatMap((pool) => pool.idle().map((each) => ({ ...each, pool })))
    const chosen = new Set(evictions(idle, neededMB).map(({ id }) => id))
    for (const { id, pool, instance } of idle) if (chosen.has(id)) pool.end(instance)
  }

  #armSweep(): void {
    if (this.#sweep !== null || this.#isClosing) return
    const delayMs = Math.max(SWEEP_MS_MIN, this.#options.keepAliveMs * SWEEP_SHARE)
    this.#sweep = this.#deps.clock.setTimer(delayMs, () => {
      this.#sweep = null
      for (const pool of [...this.#pools.values()]) {
        pool.look()
        if (pool.isEmpty) this.#pools.delete(pool.version.id)
      }
      if (this.#pools.size > 0) this.#armSweep()
    })
  }
}
