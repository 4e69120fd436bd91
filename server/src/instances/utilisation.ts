/** How busy provisioned instances have been since the last decision. */
import type { Utilisation } from '../scheduler/port.ts'
import type { PooledInstance } from './member.ts'

export class UtilisationMeter {
  readonly #cores: number
  #slots = 0
  #used = 0
  #availableCpuMs = 0
  #usedCpuMs = 0
  #cpuMs = new Map<PooledInstance, number>()
  #sampledMs = -Infinity

  /** `cores`: what one instance may use. */
  constructor(cores: number) {
    this.#cores = cores
  }

  /** Monotonic time of the last sample. */
  get sampledMs(): number {
    return this.#sampledMs
  }

  sample(nowMs: number, instances: readonly PooledInstance[]): void {
    const cpuMs = new Map<PooledInstance, number>()
    for (const instance of instances) {
      this.#slots += instance.concurrency
      this.#used += instance.inFlight
      const used = instance.cpuMs()
      if (used === null) continue
      cpuMs.set(instance, used)
      const before = this.#cpuMs.get(instance)
      if (before === undefined) continue
      this.#usedCpuMs += used - before
      this.#availableCpuMs += (nowMs - this.#sampledMs) * this.#cores
    }
    this.#cpuMs = cpuMs
    this.#sampledMs = nowMs
  }

  /** Means since the last reading. */
  read(): Utilisation {
    const share = (used: number, of: number) => (of === 0 ? null : Math.min(1, used / of))
    const utilisation = {
      concurrency: share(this.#used, this.#slots),
      cpu: share(this.#usedCpuMs, this.#availableCpuMs),
    }
    this.#slots = this.#used = this.#availableCpuMs = this.#usedCpuMs = 0
    return utilisation
  }
}
