/** Adds up a journal into the usage store: as far as it is written, in stretches, each in one transaction. */
import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Fold } from './fold.ts'
import { readFrames } from './entries.ts'
import { listSegments, segmentName } from './journal.ts'
import type { Progress, UsageStore } from './usage-store.ts'

/** Of one transaction. */
const STRETCH_BYTES_MAX = 4 * 1024 * 1024

export class Adder {
  readonly #directory: string
  readonly #journal: string
  readonly #store: UsageStore
  #progress: Progress | null = null
  #fold: Fold | null = null

  /** `journal`: its name among those of other platforms. */
  constructor(directory: string, journal: string, store: UsageStore) {
    this.#directory = directory
    this.#journal = journal
    this.#store = store
  }

  /** Resolves when all that was written before the call is in the store, once. */
  async addUp(): Promise<void> {
    try {
      await this.#addUp()
    } catch (error) {
      // Whether it was committed is not known: the store tells, at the next try.
      this.#progress = null
      throw error
    }
  }

  async #addUp(): Promise<void> {
    if (this.#progress === null) await this.#resume()
    for (const segment of listSegments(this.#directory)) {
      if (segment < this.#progress!.segment) continue
      if (segment > this.#progress!.segment) this.#fold!.beginSegment()
      while (await this.#addStretch(segment)) {
        // The next stretch.
      }
    }
    // Those before are added up as far as they can be read: what is behind was torn when its writer was killed.
    for (const segment of listSegments(this.#directory)) {
      if (segment < this.#progress!.segment) unlinkSync(join(this.#directory, segmentName(segment)))
    }
  }

  async #resume(): Promise<void> {
    const progress = await this.#store.progress(this.#journal)
    const fold = new Fold(progress.carry)
    if (listSegments(this.#directory).includes(progress.segment)) {
      for (const frame of readFrames(this.#read(progress.segment, 0, progress.offset))) fold.skip(frame)
    }
    this.#fold = fold
    this.#progress = progress
  }

  /** False: nothing more is there that is whole. */
  async #addStretch(segment: number): Promise<boolean> {
    const from = this.#progress!
    const fold = this.#fold!
    const offset = segment === from.segment ? from.offset : 0
    let end = offset
    for (const frame of readFrames(this.#read(segment, offset, STRETCH_BYTES_MAX))) {
      fold.add(frame)
      end = offset + frame.endOffset
    }
    if (end === offset) return false
    const to: Progress = { segment, offset: end, carry: fold.carry }
    const { rows, peaks } = fold.take()
    if (!(await this.#store.add(this.#journal, from, to, rows, peaks))) {
      throw new Error('another process adds up the same journal')
    }
    this.#progress = to
    return true
  }

  #read(segment: number, offset: number, bytesMax: number): Buffer {
    const file = openSync(join(this.#directory, segmentName(segment)), 'r')
    try {
      const buffer = Buffer.alloc(Math.min(bytesMax, Math.max(0, fstatSync(file).size - offset)))
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset))
    } finally {
      closeSync(file)
    }
  }
}
