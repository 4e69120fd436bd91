/** The seconds that are over, for some minutes: packed, in memory, and only where something happened. */
import { mergeEncoded, type TallyWriter } from './codec.ts'
import type { Tally } from './tally.ts'

/** A row's name and place, beside its bytes. */
const ROW_OVERHEAD_BYTES = 16

interface Second {
  startMs: number
  subjects: readonly string[]
  /** Where each ends in `bytes`. */
  ends: Uint32Array
  bytes: Uint8Array
  /** Gauges were read in it: what has none then, has zero. */
  wasRead: boolean
}

export class RecentSeconds {
  readonly #bytesMax: number
  /** Oldest first. */
  #seconds: Second[] = []
  #bytes = 0
  /** All seconds from here on that are over are known. */
  #fromMs: number

  /** `bytesMax`: beyond it the oldest are forgotten before their time. */
  constructor(fromMs: number, bytesMax: number) {
    this.#fromMs = fromMs
    this.#bytesMax = bytesMax
  }

  get fromMs(): number {
    return this.#fromMs
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes what the writer has: `sizes` of each subject in turn. */
  add(startMs: number, subjects: readonly string[], sizes: readonly number[], writer: TallyWriter, wasRead: boolean) {
    let end = 0
    const ends = Uint32Array.from(sizes, (size) => (end += size))
    const second = { startMs, subjects, ends, bytes: writer.take(), wasRead }
    this.#seconds.push(second)
    this.#bytes += sizeOf(second)
    while (this.#bytes > this.#bytesMax && this.#seconds.length > 1) this.#dropOldest()
  }

  /** The clock was set back: what is in the future now is no longer known, and what comes is. */
  setBack(nowMs: number): void {
    while (this.#seconds.length > 0 && this.#seconds.at(-1)!.startMs >= nowMs) this.#forget(this.#seconds.pop()!)
    this.#fromMs = Math.min(this.#fromMs, nowMs)
  }

  /** Forgets what began before. */
  dropBefore(beforeMs: number): void {
    while (this.#seconds.length > 0 && this.#seconds[0]!.startMs < beforeMs) this.#dropOldest()
    if (beforeMs > this.#fromMs) this.#fromMs = beforeMs
  }

  /** Each second from `fromMs` (inclusive) to `toMs` (exclusive) in which something is known of the subject. */
  merge(
    subject: string,
    fromMs: number,
    toMs: number,
    tallyOf: (startMs: number) => Tally,
    onRead: (startMs: number) => void,
  ): void {
    for (const second of this.#between(fromMs, toMs)) {
      if (second.wasRead) onRead(second.startMs)
      const index = second.subjects.indexOf(subject)
      if (index >= 0) mergeRow(second, index, tallyOf(second.startMs))
    }
  }

  /** As `merge`, of all subjects and without regard to time. */
  mergeAll(fromMs: number, toMs: number, tallyOf: (subject: string) => Tally): void {
    for (const second of this.#between(fromMs, toMs)) {
      for (const [index, subject] of second.subjects.entries()) mergeRow(second, index, tallyOf(subject))
    }
  }

  #between(fromMs: number, toMs: number): Second[] {
    return this.#seconds.filter(({ startMs }) => startMs >= fromMs && startMs < toMs)
  }

  #dropOldest(): void {
    const oldest = this.#seconds.shift()!
    this.#forget(oldest)
    this.#fromMs = Math.max(this.#fromMs, oldest.startMs + 1000)
  }

  #forget(second: Second): void {
    this.#bytes -= sizeOf(second)
  }
}

function mergeRow({ ends, bytes }: Second, index: number, tally: Tally): void {
  mergeEncoded(tally, bytes, index === 0 ? 0 : ends[index - 1]!, ends[index])
}

function sizeOf({ bytes, subjects }: Second): number {
  return bytes.length + subjects.length * ROW_OVERHEAD_BYTES
}
