/** Adds up a journal into the usage store: as far as it is written, in stretches, each in one transaction. */
import { closeSync, fstatSync, openSync, readSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Fold } from './fold.ts'
import { readFrames } from './entries.ts'
import { listSegments, segmentName } from './journal.ts'
import type { Progress, UsageStore } from './usage-store.ts'

/** Of one transaction. */
const STRETCH_BYTES_MAX = 4 * 1024 * 1024

/** What cannot be added up. */
export interface Skipped {
  /** Of segments, from where they are damaged or were cut short. */
  bytes: number
  /** Of which the numbers are none. */
  entries: number
}

export class Adder {
  readonly #directory: string
  readonly #journal: string
  readonly #store: UsageStore
  #progress: Progress | null = null
  #fold: Fold | null = null
  #skipped: Skipped = { bytes: 0, entries: 0 }

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

  /** What was passed over since the last time. */
  takeSkipped(): Skipped {
    const skipped = this.#skipped
    this.#skipped = { bytes: 0, entries: 0 }
    return skipped
  }

  /** After `addUp`, when nothing more will be written: what is left now can never be read. */
  close(): Skipped {
    this.#skipped.bytes += this.#bytesLeft(this.#progress!, Infinity)
    return this.takeSkipped()
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
    const { rows, peaks, skippedEntries } = fold.take()
    if (!(await this.#store.add(this.#journal, from, to, rows, peaks))) {
      throw new Error('another process adds up the same journal')
    }
    this.#skipped.entries += skippedEntries
    this.#skipped.bytes += this.#bytesLeft(from, segment)
    this.#progress = to
    return true
  }

  /** In the segments from this place on, before that one. */
  #bytesLeft({ segment: first, offset }: Progress, end: number): number {
    return listSegments(this.#directory)
      .filter((segment) => segment >= first && segment < end)
      .map((segment) => ({ segment, bytes: statSync(join(this.#directory, segmentName(segment))).size }))
      .reduce((sum, { segment, bytes }) => sum + Math.max(0, segment === first ? bytes - offset : bytes), 0)
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
