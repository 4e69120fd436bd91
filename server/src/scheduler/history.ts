/** What is remembered of a function across its versions and instances: the numbers that decisions need. */
import { GapHistogram, type KeepAliveRange } from './keep-alive.ts'

/** Weight of the newest value in the moving means. */
const SERVICE_WEIGHT = 0.1
/** Starts are fewer than requests, so each counts for more. */
const COLD_START_WEIGHT = 0.3
/** Expected before the first start was measured. */
const COLD_START_MS_DEFAULT = 150
/** Uses count half after this long. */
const USES_HALF_LIFE_MS = 10 * 60_000
/** Instances that left while idle and may be missed; the latest are. */
const DEPARTED_MAX = 64

export class FunctionHistory {
  #serviceMs: number | null = null
  #coldStartMs = COLD_START_MS_DEFAULT
  #uses = 0
  #usedMs = 0
  readonly #gaps = new GapHistogram()
  /** Since when the instances that left had been idle, the latest last: as a stack it is what would have been used. */
  readonly #departed: number[] = []

  /** Mean time that a request holds a slot, in ms; null before the first one ended. */
  get serviceMs(): number | null {
    return this.#serviceMs
  }

  /** Mean time from the decision to start to a ready instance, in ms. */
  get coldStartMs(): number {
    return this.#coldStartMs
  }

  /** A request held a slot for `ms`. */
  observeServiceMs(ms: number): void {
    this.#serviceMs = this.#serviceMs === null ? ms : this.#serviceMs + (ms - this.#serviceMs) * SERVICE_WEIGHT
  }

  observeColdStartMs(ms: number): void {
    this.#coldStartMs += (ms - this.#coldStartMs) * COLD_START_WEIGHT
  }

  /** A request was given to an instance. */
  observeUse(nowMs: number): void {
    this.#uses = this.frequency(nowMs) + 1
    this.#usedMs = nowMs
  }

  /** Uses of late, the older the less: for comparison only. */
  frequency(nowMs: number): number {
    return this.#uses * 2 ** ((this.#usedMs - nowMs) / USES_HALF_LIFE_MS)
  }

  /** An instance was used again after it had been idle for `gapMs`. */
  observeReuse(gapMs: number): void {
    this.#gaps.observe(gapMs)
  }

  /** An instance left that had been idle since `idleSinceMs`. */
  observeDeparture(idleSinceMs: number): void {
    this.#departed.push(idleSinceMs)
    if (this.#departed.length > DEPARTED_MAX) this.#departed.shift()
  }

  /** One is started: had the latest to leave been kept, it would be used now, and that is a gap as well. */
  observeStart(nowMs: number): void {
    const idleSinceMs = this.#departed.pop()
    if (idleSinceMs !== undefined) this.#gaps.observe(nowMs - idleSinceMs)
  }

  /** How long an idle instance is to be kept. */
  keepAliveMs(range: KeepAliveRange): number {
    return this.#gaps.keepAliveMs(range)
  }
}

/** Histories by function key; the least recently made are forgotten first. */
export class Histories {
  readonly #max: number
  readonly #byKey = new Map<string, FunctionHistory>()

  constructor(max: number) {
    this.#max = max
  }

  of(key: string): FunctionHistory {
    let history = this.#byKey.get(key)
    if (history === undefined) {
      history = new FunctionHistory()
      if (this.#byKey.size >= this.#max) this.#byKey.delete(this.#byKey.keys().next().value!)
      this.#byKey.set(key, history)
    }
    return history
  }
}
