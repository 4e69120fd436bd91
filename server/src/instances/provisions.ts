/** Carries out what is to be kept ready: targets by policy and time, and the change from one version to the next. */
import type { Clock } from '../clock.ts'
import type { FunctionKey, FunctionVersion } from '../model.ts'
import {
  provisionTarget,
  type ProvisionDecision,
  type ProvisionPolicy,
  type Tracked,
  type Utilisation,
} from '../scheduler/port.ts'
import type { Pool } from './pool.ts'
import type { ScalingRules } from './port.ts'
import { Provision } from './provision.ts'
import { UtilisationMeter } from './utilisation.ts'

/** Between two readings of how busy provisioned instances are; only where a policy tracks it. */
const SAMPLE_MS = 1000
/** Between two decisions by what was read. */
const TRACK_MS = 10_000
/** Longest wait for a schedule: the wall clock may be set meanwhile, and timers hold no more than 24 days. */
const SCHEDULE_LOOK_MS_MAX = 3_600_000

interface Placed {
  provision: Provision
  pool: Pool
}

interface Entry extends Placed {
  policy: ProvisionPolicy
  /** What the version before has ready: kept until this one's stand. */
  leaving: Placed | null
  tracked: ReadonlyMap<string, Tracked>
  meter: UtilisationMeter
  /** Monotonic. */
  dueMs: number
}

export class Provisions {
  readonly #clock: Clock
  readonly #poolOf: (version: FunctionVersion) => Pool
  readonly #onDefect: (error: unknown) => void
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Clock, poolOf: (version: FunctionVersion) => Pool, onDefect: (error: unknown) => void) {
    this.#clock = clock
    this.#poolOf = poolOf
    this.#onDefect = onDefect
  }

  /** Monotonic time of the next `evaluate`; Infinity: none is needed. */
  get nextLookMs(): number {
    let nextMs = Infinity
    for (const entry of this.#entries.values()) {
      nextMs = Math.min(nextMs, entry.dueMs)
      if (entry.tracked.size > 0) nextMs = Math.min(nextMs, entry.meter.sampledMs + SAMPLE_MS)
    }
    return nextMs
  }

  find(key: FunctionKey, qualifier: string): Placed | undefined {
    return this.#entries.get(entryId(key, qualifier))
  }

  /** Takes over what is set; `evaluate` is to follow. */
  set(list: ReturnType<ScalingRules['provisions']>): void {
    const wanted = new Set<string>()
    for (const { version, qualifier, policy } of list) {
      const id = entryId(version.key, qualifier)
      wanted.add(id)
      const known = this.#entries.get(id)
      if (known?.provision.version.id === version.id) {
        known.policy = policy
        known.dueMs = -Infinity
      } else {
        this.#entries.set(id, this.#enter(version, qualifier, policy, known ?? null))
      }
    }
    for (const [id, entry] of [...this.#entries]) {
      if (wanted.has(id)) continue
      this.#entries.delete(id)
      this.#leave(entry)
      if (entry.leaving) this.#leave(entry.leaving)
    }
  }

  /** Decides the targets anew where it is time, and has the pools follow. */
  evaluate(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const entry of this.#entries.values()) {
      if (entry.tracked.size > 0) entry.meter.sample(nowMs, entry.pool.readyFor(entry.provision))
      if (nowMs >= entry.dueMs) this.#decide(entry, nowMs)
    }
    this.settle()
  }

  /** Lets go of versions whose successors are ready; true when some were. */
  settle(): boolean {
    let hasChanged = false
    for (const entry of this.#entries.values()) {
      const { leaving, pool, provision } = entry
      if (leaving === null || pool.readyFor(provision).length < provision.target) continue
      entry.leaving = null
      this.#leave(leaving)
      hasChanged = true
    }
    return hasChanged
  }

  #enter(version: FunctionVersion, qualifier: string, policy: ProvisionPolicy, before: Entry | null): Entry {
    let provision = new Provision(version, qualifier)
    let leaving: Placed | null = null
    if (before !== null) {
      // Back to the version before: what it still has is taken over.
      if (before.leaving?.provision.version.id === version.id) ({ provision } = before.leaving)
      else if (before.leaving !== null) this.#leave(before.leaving)
      provision.isLeaving = false
      before.provision.isLeaving = true
      leaving = { provision: before.provision, pool: before.pool }
    }
    const pool = this.#poolOf(version)
    // From now on, also when no target can be decided: a pool that holds nothing is given up.
    pool.provide(provision)
    return {
      provision,
      pool,
      policy,
      leaving,
      tracked: before?.tracked ?? new Map(),
      meter: new UtilisationMeter(version.function.config.cpu),
      dueMs: -Infinity,
    }
  }

  #leave({ provision, pool }: Placed): void {
    pool.unprovide(provision)
  }

  #decide(entry: Entry, nowMs: number): void {
    const { policy, provision, pool } = entry
    const wallMs = this.#clock.nowMs()
    const utilisation: Utilisation = entry.meter.read()
    const ready = pool.readyFor(provision).length
    const decision = this.#tryDecide(() => provisionTarget(policy, wallMs, utilisation, ready, entry.tracked))
    entry.dueMs = Infinity
    if (decision === null) return
    entry.tracked = decision.tracked
    provision.target = decision.target
    provision.alwaysAllocateCpu = policy.alwaysAllocateCpu
    const aheadMs = decision.nextMs === null ? Infinity : Math.min(SCHEDULE_LOOK_MS_MAX, decision.nextMs - wallMs)
    entry.dueMs = nowMs + (decision.tracked.size > 0 ? Math.min(aheadMs, TRACK_MS) : aheadMs)
    pool.provide(provision)
  }

  /** What was accepted once and cannot be read now must not stop what follows from other rules. */
  #tryDecide(decide: () => ProvisionDecision): ProvisionDecision | null {
    try {
      return decide()
    } catch (error) {
      this.#onDefect(error)
      return null
    }
  }
}

const entryId = (key: FunctionKey, qualifier: string) => `${key} ${qualifier}`
