/** Time, timers, randomness and ids, passed in so that tests and simulations own them. */
import { randomBytes, randomFillSync } from 'node:crypto'

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, ms since the epoch, whole. */
  nowMs(): number
  /** Never goes backwards, ms with fractions; only differences mean anything. */
  monotonicMs(): number
  /** Calls `fire` once after `delayMs`. A pending timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): Timer
}

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number
  /** `count` unpredictable bytes. */
  bytes(count: number): Buffer
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fire) {
    const handle = setTimeout(fire, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => (count > POOLED_BYTES_MAX ? randomBytes(count) : Buffer.from(takeRandom(count))),
}

const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Filled 4 KiB at a time: an id per request must not cost a system call. */
const pool = Buffer.alloc(4096)
let poolOffset = pool.length
const POOLED_BYTES_MAX = 64

/** Of the pool: they change with its next filling. */
function takeRandom(count: number): Buffer {
  if (poolOffset + count > pool.length) {
    randomFillSync(pool)
    poolOffset = 0
  }
  poolOffset += count
  return pool.subarray(poolOffset - count, poolOffset)
}

function randomHex(byteCount: number): string {
  let hex = ''
  for (const byte of takeRandom(byteCount)) hex += HEX_BYTES[byte]!
  return hex
}

/** A UUID version 7 (RFC 9562): its first 48 bits are the time, so a request id leads to its log. */
export function uuidV7(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const tail = randomHex(10)
  const variant = HEX_BYTES[(Number.parseInt(tail.slice(0, 2), 16) & 0x3f) | 0x80]!
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(2, 5)}-${variant}${tail.slice(5, 7)}-${tail.slice(7, 19)}`
}

/** A request id as FC 3.0 writes it: `1-`, 8 hex digits of seconds, 8 and 12 random hex digits. */
export function requestIdV3(nowMs: number): string {
  return `1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomHex(4)}-${randomHex(6)}`
}

/** When the request of this id was accepted, in ms (3.0 ids: whole seconds); undefined for ids that are not ours. */
export function requestIdTimeMs(requestId: string): number | undefined {
  const v3 = /^1-([0-9a-f]{8})-[0-9a-f]{8}-[0-9a-f]{12}$/.exec(requestId)
  if (v3) return Number.parseInt(v3[1]!, 16) * 1000
  const v7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(requestId)
  if (v7) return Number.parseInt(v7[1]! + v7[2]!, 16)
  return undefined
}
