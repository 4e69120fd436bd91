/** Keeps stems ready, of each kind as many as `scheduler/stock.ts` says; boots one for who finds none. */
import type { Random, Timer } from '../clock.ts'
import { backoffMs } from '../backoff.ts'
import { NO_DEMAND, shareStems, stemsWanted, withStart, type StartDemand } from '../scheduler/port.ts'
import { Stem, type StemDeps, type StemKind, type StemSource } from './stem.ts'

/** What one stem counts for in the host's memory; measured: 49 MB with Node.js, 12 MB with Python (decision 9). */
export const STEM_MEMORY_MB = 64
/** Of one kind; with it a burst of that many cold starts finds all prepared. */
const STEMS_PER_KIND_MAX = 64
/** Of the memory for instances and stems. */
const MEMORY_SHARE = 0.1
/** Booted at the same time for the stock; cold starts that wait for a boot go first. */
const REFILLS_MAX = 2
/** After a boot that failed, doubled with each further one. */
const BACKOFF_MS_MIN = 1000
const BACKOFF_MS_MAX = 60_000
/** A start that took a stem needs the processors for its own few milliseconds first. */
const REFILL_PAUSE_MS = 25
/** Between two looks at how many are still wanted. */
const LOOK_MS = 30_000
/** Expected before the first boot was measured. */
const BOOT_MS_DEFAULT = 150
const BOOT_MEAN_WEIGHT = 0.3
const MINUTE_MS = 60_000

export interface StemStock extends StemSource {
  /** Names the kinds that deployed functions need. */
  use(kinds: readonly StemKind[]): void
  /** The most that it may take, in MB: instances have so much less. */
  readonly memoryMBMax: number
  /** By kind: stems that can be taken, and those on their way. */
  list(): { kind: string; waiting: number; booting: number }[]
  /** Takes no more, ends all. */
  close(): Promise<void>
}

export interface StemStockOptions {
  /** Kept per kind in use; 0: none, ever. */
  stems: number
  /** For instances and stems together. */
  hostMemoryMB: number
}

export interface StemStockDeps extends StemDeps {
  random: Random
  /** Called when the reason why a kind cannot be refilled changes; null: it can again. */
  onRefill(kind: StemKind, problem: Error | null): void
}

export function createStemStock(options: StemStockOptions, deps: StemStockDeps): StemStock {
  return new Stock(options, deps)
}

/** The stems of one kind. */
interface Shelf {
  kind: StemKind
  isDeployed: boolean
  demand: StartDemand
  bootMs: number
  /** The oldest first. */
  readonly waiting: Stem[]
  readonly booting: Set<Stem>
  failures: number
  problem: string | null
  /** No refill before. */
  notBeforeMs: number
}

/** Of the last start: those of one minute count alike, or kinds that take turns would end each other's stems. */
const lastMinute = ({ demand: { lastMs } }: Shelf) => (lastMs === null ? -1 : Math.floor(lastMs / MINUTE_MS))

class Stock implements StemStock {
  readonly memoryMBMax: number
  /** Of all kinds together. */
  readonly #stemsMax: number
  readonly #options: StemStockOptions
  readonly #deps: StemStockDeps
  readonly #shelves = new Map<string, Shelf>()
  readonly #all = new Set<Stem>()
  /** Boots that a cold start waits for. */
  #awaited = 0
  #look: { timer: Timer; atMs: number } | null = null
  #isClosed = false

  constructor(options: StemStockOptions, deps: StemStockDeps) {
    this.#options = options
    this.#deps = deps
    this.#stemsMax = options.stems === 0 ? 0 : Math.floor((options.hostMemoryMB * MEMORY_SHARE) / STEM_MEMORY_MB)
    this.memoryMBMax = this.#stemsMax * STEM_MEMORY_MB
  }

  use(kinds: readonly StemKind[]): void {
    const keys = new Set(kinds.map(({ key }) => key))
    for (const kind of kinds) this.#shelf(kind)
    for (const shelf of this.#shelves.values()) shelf.isDeployed = keys.has(shelf.kind.key)
    this.#adjust()
  }

  has(kind: StemKind): boolean {
    return (this.#shelves.get(kind.key)?.waiting.length ?? 0) > 0
  }

  take(kind: StemKind): Stem | null {
    const shelf = this.#shelf(kind)
    const stem = shelf.waiting.shift() ?? null
    if (stem === null) return null
    this.#all.delete(stem)
    this.#recovered(shelf)
    this.#noteStart(shelf)
    return stem
  }

  boot(kind: StemKind): Stem {
    const shelf = this.#shelf(kind)
    const stem = this.#start(shelf)
    this.#awaited++
    const settled = () => {
      this.#awaited--
      this.#adjust()
    }
    stem.connected.then(() => this.#recovered(shelf)).then(settled, settled)
    this.#noteStart(shelf)
    return stem
  }

  list(): { kind: string; waiting: number; booting: number }[] {
    return [...this.#shelves.values()].map(({ kind, waiting, booting }) => ({
      kind: kind.key,
      waiting: waiting.length,
      booting: booting.size,
    }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#look?.timer.cancel()
    await Promise.allSettled([...this.#all].map((stem) => stem.stop(0)))
  }

  #shelf(kind: StemKind): Shelf {
    const known = this.#shelves.get(kind.key)
    if (known) return known
    const shelf: Shelf = {
      kind,
      isDeployed: false,
      demand: NO_DEMAND,
      bootMs: BOOT_MS_DEFAULT,
      waiting: [],
      booting: new Set(),
      failures: 0,
      problem: null,
      notBeforeMs: -Infinity,
    }
    this.#shelves.set(kind.key, shelf)
    return shelf
  }

  #noteStart(shelf: Shelf): void {
    shelf.demand = withStart(shelf.demand, this.#deps.clock.monotonicMs(), shelf.bootMs)
    this.#lookIn(REFILL_PAUSE_MS)
  }

  #wanted(shelf: Shelf, nowMs: number): number {
    const stemsMax = Math.min(STEMS_PER_KIND_MAX, this.#stemsMax)
    return stemsWanted(shelf.demand, nowMs, shelf.bootMs, shelf.isDeployed, { stems: this.#options.stems, stemsMax })
  }

  /** Ends what is too much, boots what is missing; called whenever that may have changed. */
  #adjust(): void {
    if (this.#isClosed) return
    const nowMs = this.#deps.clock.monotonicMs()
    let nextLookMs = LOOK_MS
    const shelves = [...this.#shelves.values()].sort((a, b) => lastMinute(b) - lastMinute(a))
    const shares = shareStems(
      shelves.map((shelf) => this.#wanted(shelf, nowMs)),
      this.#stemsMax,
    )
    // All that is too much first: another kind may need the room.
    for (const [i, { waiting }] of shelves.entries()) {
      for (const surplus of waiting.splice(0, Math.max(0, waiting.length - shares[i]!))) this.#drop(surplus)
    }
    for (const [i, shelf] of shelves.entries()) {
      const wanted = shares[i]!
      if (shelf.waiting.length > 0 && nowMs - shelf.notBeforeMs >= LOOK_MS) this.#recovered(shelf)
      if (shelf.waiting.length + shelf.booting.size >= wanted) continue
      if (shelf.notBeforeMs > nowMs) {
        nextLookMs = Math.min(nextLookMs, shelf.notBeforeMs - nowMs)
        continue
      }
      // Boots compete for the processors: those that a request waits for have them first.
      if (this.#awaited > 0) continue
      while (shelf.waiting.length + shelf.booting.size < wanted && this.#mayRefill()) this.#refill(shelf)
    }
    for (const [key, shelf] of this.#shelves) {
      const isEmpty = shelf.waiting.length + shelf.booting.size === 0
      if (isEmpty && !shelf.isDeployed && this.#wanted(shelf, nowMs) === 0) this.#shelves.delete(key)
    }
    this.#lookIn(nextLookMs)
  }

  #mayRefill(): boolean {
    const booting = [...this.#shelves.values()].reduce((sum, shelf) => sum + shelf.booting.size, 0)
    return booting < REFILLS_MAX && this.#all.size < this.#stemsMax
  }

  #refill(shelf: Shelf): void {
    const stem = this.#start(shelf)
    shelf.booting.add(stem)
    this.#all.add(stem)
    stem.connected.then(
      () => {
        shelf.booting.delete(stem)
        if (this.#isClosed || !stem.isWaiting) return
        shelf.waiting.push(stem)
        void stem.gone.then((how) => this.#onLost(shelf, stem, how))
        this.#adjust()
      },
      (error: unknown) => {
        shelf.booting.delete(stem)
        this.#all.delete(stem)
        this.#onFailure(shelf, error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  #start(shelf: Shelf): Stem {
    const { clock, random } = this.#deps
    const startMs = clock.monotonicMs()
    const stem = new Stem(`c-${random.bytes(8).toString('hex')}`, shelf.kind, this.#deps)
    stem.connected.then(
      () => (shelf.bootMs += (clock.monotonicMs() - startMs - shelf.bootMs) * BOOT_MEAN_WEIGHT),
      () => {},
    )
    return stem
  }

  /** A stem ended while it waited; when that happens again and again, its successors come later and later. */
  #onLost(shelf: Shelf, stem: Stem, how: string): void {
    const at = shelf.waiting.indexOf(stem)
    if (at < 0) return
    shelf.waiting.splice(at, 1)
    this.#all.delete(stem)
    this.#onFailure(shelf, new Error(`a prepared sandbox ended while it waited: ${how}`))
  }

  #onFailure(shelf: Shelf, error: Error): void {
    if (this.#isClosed) return
    const delayMs = backoffMs(++shelf.failures, BACKOFF_MS_MIN, BACKOFF_MS_MAX)
    shelf.notBeforeMs = this.#deps.clock.monotonicMs() + delayMs
    if (shelf.problem !== error.message) {
      shelf.problem = error.message
      this.#deps.onRefill(shelf.kind, error)
    }
    this.#adjust()
  }

  /** Booting is no proof, some end right after it; being of use is, and so is staying. */
  #recovered(shelf: Shelf): void {
    shelf.failures = 0
    if (shelf.problem === null) return
    shelf.problem = null
    this.#deps.onRefill(shelf.kind, null)
  }

  #drop(stem: Stem): void {
    this.#all.delete(stem)
    void stem.stop(0)
  }

  /** One timer for all, and none when there is nothing to look at. */
  #lookIn(delayMs: number): void {
    if (this.#shelves.size === 0) {
      this.#look?.timer.cancel()
      this.#look = null
      return
    }
    const { clock } = this.#deps
    const atMs = clock.monotonicMs() + delayMs
    if (this.#look !== null && this.#look.atMs <= atMs) return
    this.#look?.timer.cancel()
    const timer = clock.setTimer(delayMs, () => {
      this.#look = null
      this.#adjust()
    })
    this.#look = { timer, atMs }
  }
}
