/** Ids of what the store makes. Those of blobs and versions begin with the time, so that an index takes them at its end. */
import { Buffer } from 'node:buffer'
import type { Clock, Random } from '../clock.ts'

const TIME_BYTES = 6
const RANDOM_BYTES = 9
const UPLOAD_ID_BYTES = 16
/** What tells our blobs from those that others may keep in the same place. */
const BLOB_PREFIX = 'object-'

export class Ids {
  readonly #clock: Clock
  readonly #random: Random

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  blob(): string {
    return BLOB_PREFIX + this.#timed().toString('hex')
  }

  version(): string {
    return `CAEQ${this.#timed().toString('base64url')}`
  }

  upload(): string {
    return this.#random.bytes(UPLOAD_ID_BYTES).toString('hex').toUpperCase()
  }

  #timed(): Buffer {
    const time = Buffer.alloc(TIME_BYTES)
    time.writeUIntBE(this.#clock.nowMs(), 0, TIME_BYTES)
    return Buffer.concat([time, this.#random.bytes(RANDOM_BYTES)])
  }
}

export function isOwnBlob(id: string): boolean {
  return id.startsWith(BLOB_PREFIX)
}
