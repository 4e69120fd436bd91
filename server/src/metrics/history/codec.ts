/** Tallies as bytes: what is there, in numbers of variable length; some 40 bytes for a function in one second. */
import { FIELDS } from './fields.ts'
import { BUCKET_COUNT } from './log-buckets.ts'
import type { Tally } from './tally.ts'

const CAPACITY = 16 * 1024
/** A number takes at most eight bytes: 2^53 in groups of seven bits. */
const NUMBER_BYTES_MAX = 8

export class TallyWriter {
  #bytes = new Uint8Array(CAPACITY)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Returns how many bytes it took. */
  write(tally: Tally): number {
    const start = this.#length
    this.#reserve((FIELDS.length + BUCKET_COUNT) * 2 * NUMBER_BYTES_MAX)
    const { values, durations } = tally
    for (let field = 0; field < values.length; field++) {
      const value = values[field]!
      const { merge, scale } = FIELDS[field]!
      if (Number.isNaN(value) || (value === 0 && merge === 'sum')) continue
      this.#writeNumber(field + 1)
      this.#writeNumber(Math.round(value * scale))
    }
    this.#writeNumber(0)
    let last = -1
    for (let bucket = 0; bucket < durations.length; bucket++) {
      const count = durations[bucket]!
      if (count === 0) continue
      this.#writeNumber(bucket - last)
      this.#writeNumber(count)
      last = bucket
    }
    return this.#length - start
  }

  /** What was written since the last time. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#length = 0
    if (this.#bytes.length > CAPACITY) this.#bytes = new Uint8Array(CAPACITY)
    return bytes
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  #writeNumber(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }
}

const writer = new TallyWriter()

export function encodeTally(tally: Tally): Uint8Array<ArrayBuffer> {
  writer.write(tally)
  return writer.take()
}

class TallyReader {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  readNumber(): number {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
}

/** Adds what was written to `tally`, as what comes after it. */
export function mergeEncoded(tally: Tally, bytes: Uint8Array, start = 0, end = bytes.length): void {
  const reader = new TallyReader(bytes, start)
  for (let tag = reader.readNumber(); tag > 0; tag = reader.readNumber()) {
    tally.addTo(tag - 1, reader.readNumber() / FIELDS[tag - 1]!.scale)
  }
  let bucket = -1
  while (reader.at < end) {
    bucket += reader.readNumber()
    tally.durations[bucket]! += reader.readNumber()
  }
}
