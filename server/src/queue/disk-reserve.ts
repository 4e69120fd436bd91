/** Room on the disk that new messages leave, so that the queue can still deliver and complete those that it has. */
import { statfsSync } from 'node:fs'

/** Asking the system costs some microseconds: once for so many bytes, and once in so long. */
const CHECK_BYTES = 1024 * 1024
const CHECK_INTERVAL_MS = 1000

export class DiskReserve {
  readonly #directory: string
  readonly #freeBytesMin: number
  readonly #reusableBytes: () => number
  #isLow = true
  #nextCheckMs = 0
  #bytesLeft = 0

  /** `reusableBytes`: what the database has free within its file, which it never makes smaller. */
  constructor(directory: string, freeBytesMin: number, reusableBytes: () => number) {
    this.#directory = directory
    this.#freeBytesMin = freeBytesMin
    this.#reusableBytes = reusableBytes
  }

  /** Whether so many bytes more may be stored. */
  has(bytes: number, nowMs: number): boolean {
    this.#bytesLeft -= bytes
    if (this.#isLow || this.#bytesLeft < 0 || nowMs >= this.#nextCheckMs) this.#check(bytes, nowMs)
    return !this.#isLow
  }

  #check(bytes: number, nowMs: number): void {
    const { bavail, bsize } = statfsSync(this.#directory)
    const diskIsLow = bavail * bsize - bytes < this.#freeBytesMin
    this.#isLow = diskIsLow && this.#reusableBytes() < bytes + CHECK_BYTES
    this.#nextCheckMs = nowMs + CHECK_INTERVAL_MS
    this.#bytesLeft = CHECK_BYTES
  }
}
