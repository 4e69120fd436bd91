/** Counts what instances use of the host and the account, and tells how much is left for whom. No IO, no time. */
import type { FunctionKey } from '../model.ts'

export interface QuotaLimits {
  /** Of all functions together. */
  instancesMax: number
  memoryMBMax: number
}

export class Quota {
  readonly #limits: QuotaLimits
  #reservations: ReadonlyMap<FunctionKey, number> = new Map()
  readonly #usedBy = new Map<FunctionKey, number>()
  #instances = 0
  #memoryMB = 0
  /** Instances that are used by, or kept for, somebody: for each function the larger of its use and its reservation. */
  #committed = 0

  constructor(limits: QuotaLimits) {
    this.#limits = limits
  }

  get instances(): number {
    return this.#instances
  }

  get memoryMB(): number {
    return this.#memoryMB
  }

  get memoryMBLeft(): number {
    return this.#limits.memoryMBMax - this.#memoryMB
  }

  /** Instances kept for a function, which are also the most it may have; undefined: it has no reservation. */
  reservation(key: FunctionKey): number | undefined {
    return this.#reservations.get(key)
  }

  reserve(reservations: ReadonlyMap<FunctionKey, number>): void {
    this.#reservations = new Map(reservations)
    const keys = new Set([...this.#usedBy.keys(), ...this.#reservations.keys()])
    this.#committed = [...keys].reduce((sum, key) => sum + this.#committedTo(key), 0)
  }

  usedBy(key: FunctionKey): number {
    return this.#usedBy.get(key) ?? 0
  }

  add(key: FunctionKey, memoryMB: number): void {
    this.#change(key, 1, memoryMB)
  }

  remove(key: FunctionKey, memoryMB: number): void {
    this.#change(key, -1, -memoryMB)
  }

  /** More instances that the function's own reservation allows; Infinity without one. */
  reservedLeft(key: FunctionKey): number {
    const reserved = this.#reservations.get(key)
    return reserved === undefined ? Infinity : reserved - this.usedBy(key)
  }

  /** More instances that the account has for this function: what others reserved and do not use is not to be had. */
  accountLeft(key: FunctionKey): number {
    const unused = this.#limits.instancesMax - this.#instances
    return this.#reservations.has(key) ? unused : Math.min(unused, this.#limits.instancesMax - this.#committed)
  }

  /** Whether an instance less of `owner` would be an instance more for `key`. */
  wouldFree(owner: FunctionKey, key: FunctionKey): boolean {
    if (this.#reservations.has(key)) return true
    const reserved = this.#reservations.get(owner)
    return reserved === undefined || this.usedBy(owner) > reserved
  }

  #committedTo(key: FunctionKey): number {
    return Math.max(this.usedBy(key), this.#reservations.get(key) ?? 0)
  }

  #change(key: FunctionKey, instances: 1 | -1, memoryMB: number): void {
    const before = this.#committedTo(key)
    const used = this.usedBy(key) + instances
    if (used === 0) this.#usedBy.delete(key)
    else this.#usedBy.set(key, used)
    this.#instances += instances
    this.#memoryMB += memoryMB
    this.#committed += this.#committedTo(key) - before
  }
}
