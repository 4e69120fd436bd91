/**
 * Where the meter writes first: a file that is only appended to, once per turn of the event loop. A write is in the
 * kernel's hands when it returns, so what stands in it outlives the process, whatever ends that, and nobody waits for a
 * disk. A worker adds it up later.
 */
import { closeSync, mkdirSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import type { FunctionVersion } from '../model.ts'
import { definitionOf, ENTRY_NUMBERS, FRAME, FRAME_HEADER_BYTES, makeFrame, sealFrame } from './entries.ts'

export const SEGMENT_BYTES_MAX = 16 * 1024 * 1024
/** Of a database that cannot be reached: some ten million invocations. What comes then is counted as dropped. */
export const SEGMENTS_MAX = 64
/** Of one write; more in one turn are written at once. */
const BATCH_ENTRIES_MAX = 2048
/** Until a disk that was full is tried again. */
const RETRY_MS = 1000

const SEGMENT_NAME = /^(\d{12})\.journal$/

export const segmentName = (segment: number) => `${String(segment).padStart(12, '0')}.journal`

/** Ascending. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((name) => SEGMENT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b)
}

export interface JournalDeps {
  clock: Clock
  /** Something stands in it that did not before. */
  onWritten(): void
  notify(message: string): void
}

export class Journal {
  readonly #directory: string
  readonly #deps: JournalDeps
  readonly #batch = Buffer.alloc(FRAME_HEADER_BYTES + BATCH_ENTRIES_MAX * ENTRY_NUMBERS * 8)
  readonly #numbers = new Float64Array(
    this.#batch.buffer,
    this.#batch.byteOffset + FRAME_HEADER_BYTES,
    BATCH_ENTRIES_MAX * ENTRY_NUMBERS,
  )
  /** Numbers in the batch. */
  #length = 0
  #segment: number
  #file: number
  #bytes = 0
  /** By version; anew in each segment, which so can be read alone. */
  #references = new Map<FunctionVersion, number>()
  #definitions: FunctionVersion[] = []
  #willFlush = false
  #retry: Timer | null = null
  /** So that a full disk is told once. */
  #isFailing = false
  #droppedCount = 0
  #toldDroppedCount = 0

  /** Earlier processes left something that may not be added up. */
  readonly isContinued: boolean

  /** Throws when the folder cannot be written. */
  constructor(directory: string, deps: JournalDeps) {
    this.#directory = directory
    this.#deps = deps
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const earlier = listSegments(directory)
    this.isContinued = earlier.some((segment) => statSync(join(directory, segmentName(segment))).size > 0)
    // Numbers only grow: the newest segment is never removed.
    this.#segment = (earlier.at(-1) ?? 0) + 1
    this.#file = this.#open(this.#segment)
    this.#write(makeFrame(FRAME.start))
  }

  /** Entries that could not be written and are lost. */
  get droppedCount(): number {
    return this.#droppedCount
  }

  reference(version: FunctionVersion): number {
    const known = this.#references.get(version)
    if (known !== undefined) return known
    const reference = this.#references.size
    this.#references.set(version, reference)
    this.#definitions.push(version)
    return reference
  }

  append(kind: number, a: number, b: number, c: number, d: number, e: number): void {
    if (this.#length === this.#numbers.length) {
      this.#droppedCount++
      return
    }
    const numbers = this.#numbers
    const at = this.#length
    numbers[at] = kind
    numbers[at + 1] = a
    numbers[at + 2] = b
    numbers[at + 3] = c
    numbers[at + 4] = d
    numbers[at + 5] = e
    this.#length = at + ENTRY_NUMBERS
    // After an entry and not before one: the next segment numbers functions anew, and its caller has asked for a number.
    if (this.#length === numbers.length) this.flush()
    if (this.#willFlush) return
    this.#willFlush = true
    setImmediate(this.#flushAtEndOfTurn)
  }

  readonly #flushAtEndOfTurn = (): void => {
    this.#willFlush = false
    this.flush()
  }

  /** No effect when nothing waits. What cannot be written stays, and is tried again. */
  flush(): void {
    if (this.#length === 0 || this.#retry !== null) return
    const entries = this.#batch.subarray(0, FRAME_HEADER_BYTES + this.#length * 8)
    sealFrame(entries, FRAME.entries)
    try {
      // One that is full, and that no other could follow, does not grow.
      if (this.#bytes >= SEGMENT_BYTES_MAX) this.#requireRoom()
      this.#write(this.#definitions.length === 0 ? entries : Buffer.concat([this.#definitionsFrame(), entries]))
      this.#length = 0
      this.#definitions = []
      this.#deps.onWritten()
      // Only now: the entries of a batch name the definitions of the segment that was current when they were made.
      if (this.#bytes >= SEGMENT_BYTES_MAX) this.#rotate()
      if (this.#isFailing) this.#recovered()
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  /** Writes what waits, or tells that it is lost; nothing may be appended any more. */
  close(): void {
    this.#cancelRetry()
    this.flush()
    this.#cancelRetry()
    this.#droppedCount += this.#length / ENTRY_NUMBERS
    this.#length = 0
    this.#tellLost("the meter's journal is ended")
    closeSync(this.#file)
  }

  #cancelRetry(): void {
    this.#retry?.cancel()
    this.#retry = null
  }

  /** After `close`, when all of it has been added up: the next process finds nothing to do. */
  empty(): void {
    truncateSync(join(this.#directory, segmentName(this.#segment)))
  }

  #definitionsFrame(): Buffer {
    return makeFrame(FRAME.definitions, Buffer.from(JSON.stringify(this.#definitions.map(definitionOf))))
  }

  /** At a place of our own choice, so that a write that was cut short is written over. */
  #write(bytes: Buffer): void {
    let written = 0
    while (written < bytes.length) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#bytes + written)
    }
    this.#bytes += bytes.length
  }

  #open(segment: number): number {
    // Exclusive: a segment is written by one process, once.
    return openSync(join(this.#directory, segmentName(segment)), 'wx', 0o600)
  }

  #rotate(): void {
    this.#requireRoom()
    const next = this.#open(this.#segment + 1)
    closeSync(this.#file)
    this.#file = next
    this.#segment++
    this.#bytes = 0
    this.#references = new Map()
  }

  #requireRoom(): void {
    if (listSegments(this.#directory).length < SEGMENTS_MAX) return
    throw new Error(`${SEGMENTS_MAX} segments wait to be added up, which is the most`)
  }

  #recovered(): void {
    this.#isFailing = false
    this.#tellLost("the meter's journal is written again")
  }

  #tellLost(since: string): void {
    const lost = this.#droppedCount - this.#toldDroppedCount
    this.#toldDroppedCount = this.#droppedCount
    if (lost > 0) this.#deps.notify(`${since}; ${lost} entries were lost and are not counted`)
  }

  #fail(error: Error): void {
    if (!this.#isFailing) {
      this.#deps.notify(
        `the meter's journal cannot be written now; if it stays so, what is used is not counted: ${error.message}`,
      )
    }
    this.#isFailing = true
    this.#retry = this.#deps.clock.setTimer(RETRY_MS, () => {
      this.#retry = null
      this.flush()
    })
  }
}
