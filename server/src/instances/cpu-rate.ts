/** How many cores an instance uses, of what it has used so far. */

/** Shorter than this, the last rate stands: CPU time comes in steps. */
const INTERVAL_MS_MIN = 1000

export class CpuRate {
  #usedMs = 0
  #atMs: number | null = null
  #cores = 0

  /** Takes what it has used by now (monotonic); returns the mean since the time before, the first time since it began. */
  update(nowMs: number, usedMs: number, ageMs: number): number {
    const passedMs = this.#atMs === null ? Math.max(1, ageMs) : nowMs - this.#atMs
    if (this.#atMs !== null && passedMs < INTERVAL_MS_MIN) return this.#cores
    this.#cores = Math.max(0, usedMs - this.#usedMs) / passedMs
    this.#usedMs = usedMs
    this.#atMs = nowMs
    return this.#cores
  }
}
