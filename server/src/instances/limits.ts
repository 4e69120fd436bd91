/** Which limit, if any, keeps a pool from another instance: the host's, the account's, or one set for the function. */
import { Quota } from '../scheduler/port.ts'
import type { Need, Pool } from './pool.ts'
import type { ScalingRules } from './port.ts'

export interface HostLimits {
  /** Of all functions together. */
  instancesMax: number
  memoryMBMax: number
  /** Starts that run at the same time: more would only slow each other down. */
  startsMax: number
}

export type Shortage = 'reservation' | 'onDemand' | 'starts' | 'account' | 'memory'

const NO_RULES: ScalingRules = { reservations: () => new Map(), onDemandMax: () => null, provisions: () => [] }

export class Limits {
  readonly quota: Quota
  /** Starts that are under way. */
  starting = 0
  readonly #host: HostLimits
  #rules = NO_RULES

  constructor(host: HostLimits) {
    this.#host = host
    this.quota = new Quota(host)
  }

  set rules(rules: ScalingRules) {
    this.#rules = rules
    this.quota.reserve(rules.reservations())
  }

  shortage(pool: Pool, need: Need): Shortage | null {
    const { key, function: definition } = pool.version
    if (this.quota.reservedLeft(key) <= 0) return 'reservation'
    if (need.kind === 'onDemand' && pool.onDemandCount >= this.#onDemandMax(pool)) return 'onDemand'
    if (this.starting >= this.#host.startsMax) return 'starts'
    if (this.quota.accountLeft(key) <= 0) return 'account'
    return this.quota.memoryMBLeft < definition.config.memoryMB ? 'memory' : null
  }

  inWords(shortage: Shortage, pool: Pool): string {
    const words: Record<Shortage, string> = {
      reservation: `all ${this.quota.reservation(pool.version.key)} instances of its reserved concurrency are in use`,
      onDemand: `its limit of ${this.#onDemandMax(pool)} on-demand instances is reached`,
      starts: 'as many instances are being started as the host can at a time',
      account: `the account's ${this.#host.instancesMax} instances are in use or reserved for other functions`,
      memory: `the host's ${this.#host.memoryMBMax} MB for instances are in use`,
    }
    return words[shortage]
  }

  /** Why no wait can help a request of this pool; null: one can. */
  hopelessness(pool: Pool): string | null {
    const { key, function: definition } = pool.version
    const { memoryMB } = definition.config
    if (this.quota.reservation(key) === 0) return 'its reserved concurrency is 0, which stops all invocations'
    if (pool.members.size > 0 || pool.isProvisioned) return null
    if (memoryMB > this.#host.memoryMBMax) {
      return `it needs ${memoryMB} MB, and the host has ${this.#host.memoryMBMax} MB for instances`
    }
    return this.#onDemandMax(pool) === 0 ? this.inWords('onDemand', pool) : null
  }

  /** Instances that the pool has beyond what rules leave it now. */
  excess(pool: Pool): number {
    return Math.max(0, -this.quota.reservedLeft(pool.version.key), pool.onDemandCount - this.#onDemandMax(pool))
  }

  #onDemandMax(pool: Pool): number {
    return this.#rules.onDemandMax(pool.version) ?? Infinity
  }
}
