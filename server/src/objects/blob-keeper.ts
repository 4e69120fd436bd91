/**
 * Removes blobs that no object is made of any more: a while after the commit that dropped them, so that who has just been
 * told of an object can still read it, and never under a reader. What a crash left is found by a sweep.
 */
import type { Readable } from 'node:stream'
import type { BlobStore } from '../blobs/port.ts'
import type { Clock, Timer } from '../clock.ts'
import { isOwnBlob } from './ids.ts'

/** From a client's question what there is to its reading of it. */
const REMOVAL_DELAY_MS = 10_000
const SWEEP_FIRST_MS = 60_000
const SWEEP_INTERVAL_MS = 6 * 60 * 60_000
/** Blobs younger than that may be on their way to a commit, by another clock too. */
const SWEEP_GRACE_MS = 60 * 60_000
const SWEEP_BATCH = 500

export interface BlobKeeperDeps {
  blobs: BlobStore
  clock: Clock
  notify: (message: string) => void
  /** Of these, those that nothing refers to. */
  unreferenced(ids: readonly string[]): Promise<string[]>
}

export class BlobKeeper {
  readonly #deps: BlobKeeperDeps
  /** How many readers and writers hold a blob. */
  readonly #holds = new Map<string, number>()
  /** To be removed at this monotonic time, the earliest first. */
  readonly #dropped = new Map<string, number>()
  #removalTimer: Timer | undefined
  #sweepTimer: Timer | undefined
  #removals: Promise<void> = Promise.resolve()
  #sweeping: Promise<void> = Promise.resolve()
  #closed = false

  constructor(deps: BlobKeeperDeps) {
    this.#deps = deps
    this.#sweepIn(SWEEP_FIRST_MS)
  }

  hold(ids: readonly string[]): void {
    for (const id of ids) this.#holds.set(id, (this.#holds.get(id) ?? 0) + 1)
  }

  release(ids: readonly string[]): void {
    for (const id of ids) {
      const count = this.#holds.get(id)! - 1
      if (count > 0) this.#holds.set(id, count)
      else this.#holds.delete(id)
    }
  }

  /** Until the stream is closed. */
  holdFor(stream: Readable, ids: readonly string[]): void {
    this.hold(ids)
    stream.once('close', () => this.release(ids))
  }

  drop(ids: readonly string[]): void {
    const atMs = this.#deps.clock.monotonicMs() + REMOVAL_DELAY_MS
    for (const id of ids) this.#dropped.set(id, atMs)
    if (this.#dropped.size > 0) this.#removeLater()
  }

  /** A commit has referred to them again. */
  keep(ids: readonly string[]): void {
    for (const id of ids) this.#dropped.delete(id)
  }

  /** Resolves to how many it removed. */
  async sweep(): Promise<number> {
    let removed = 0
    let batch: string[] = []
    const newestMs = this.#deps.clock.nowMs() - SWEEP_GRACE_MS
    for await (const { id, storedMs } of this.#deps.blobs.list()) {
      if (this.#closed) return removed
      if (!isOwnBlob(id) || storedMs > newestMs || this.#holds.has(id) || this.#dropped.has(id)) continue
      batch.push(id)
      if (batch.length < SWEEP_BATCH) continue
      removed += await this.#removeUnreferenced(batch)
      batch = []
    }
    return removed + (await this.#removeUnreferenced(batch))
  }

  /** Removes what waits for it. Nobody reads any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#removalTimer?.cancel()
    this.#sweepTimer?.cancel()
    await Promise.all([this.#removals, this.#sweeping])
    await this.#removeEach([...this.#dropped.keys()])
  }

  #removeLater(): void {
    if (this.#removalTimer !== undefined || this.#closed) return
    this.#removalTimer = this.#deps.clock.setTimer(REMOVAL_DELAY_MS, () => {
      this.#removalTimer = undefined
      this.#removals = this.#removeDue()
    })
  }

  async #removeDue(): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs()
    const due = [...this.#dropped].filter(([id, atMs]) => atMs <= nowMs && !this.#holds.has(id)).map(([id]) => id)
    for (const id of due) this.#dropped.delete(id)
    await this.#removeEach(due)
    if (this.#dropped.size > 0) this.#removeLater()
  }

  async #removeUnreferenced(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const unreferenced = await this.#deps.unreferenced(ids)
    return this.#removeEach(unreferenced.filter((id) => !this.#holds.has(id)))
  }

  /** What cannot be removed now is left to a sweep. */
  async #removeEach(ids: readonly string[]): Promise<number> {
    let removed = 0
    for (const id of ids) {
      try {
        await this.#deps.blobs.remove(id)
        removed += 1
      } catch (error) {
        this.#deps.notify(`a blob that is not needed cannot be removed now: ${(error as Error).message}`)
      }
    }
    return removed
  }

  #sweepIn(delayMs: number): void {
    this.#sweepTimer = this.#deps.clock.setTimer(delayMs, () => {
      this.#sweeping = this.#sweepAndGoOn()
    })
  }

  async #sweepAndGoOn(): Promise<void> {
    try {
      await this.sweep()
    } catch (error) {
      this.#deps.notify(`blobs that a crash left cannot be looked for now: ${(error as Error).message}`)
    }
    if (!this.#closed) this.#sweepIn(SWEEP_INTERVAL_MS)
  }
}
