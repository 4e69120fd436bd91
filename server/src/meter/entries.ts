/**
 * What stands in the journal. A segment is a row of frames: kind, length and checksum of the payload, payload. An entry
 * is a row of numbers; functions are named in it by their place among the definitions of the segment.
 */
import { crc32 } from 'node:zlib'
import type { FunctionKey, FunctionVersion } from '../model.ts'

export const FRAME_HEADER_BYTES = 16
export const ENTRY_NUMBERS = 6
export const ENTRY_BYTES = ENTRY_NUMBERS * 8

export const FRAME = {
  /** A process began to write: what an earlier one left open was cut short. Without payload. */
  start: 1,
  /** JSON: functions, numbered on from those before. */
  definitions: 2,
  entries: 3,
} as const

/** First number of an entry; the others, in order, behind it. */
export const ENTRY = {
  /** function, run, time in ms */
  begin: 1,
  /** function, run, time in ms of its begin, billed ms, bytes of the answer */
  end: 2,
  /** function, time in ms of its begin, billed ms */
  hook: 3,
  /** function, from and to in ms, 1: its vCPU counts as active */
  idle: 4,
  /** time in ms, most MB and thousandths of a vCPU at work at the same time so far on that day */
  peak: 5,
  /** time in ms: the process lives */
  tick: 6,
} as const

/** What is paid for a version of a function while it runs. */
export interface Definition {
  functionKey: FunctionKey
  versionId: string
  /** Thousandths of a vCPU. */
  milliVcpu: number
  memoryMB: number
  /** Beyond what is free. */
  diskMB: number
  timeoutMs: number
}

/** Disk of an instance that costs nothing (inferred: the reference saw no figure; smaller disks do not exist). */
const FREE_DISK_MB = 512

export function definitionOf({ key, versionId, function: { config } }: FunctionVersion): Definition {
  return {
    functionKey: key,
    versionId,
    milliVcpu: Math.round(config.cpu * 1000),
    memoryMB: config.memoryMB,
    diskMB: Math.max(0, config.diskMB - FREE_DISK_MB),
    timeoutMs: config.timeoutSeconds * 1000,
  }
}

/** Writes the header of a frame whose payload stands behind it already. */
export function sealFrame(frame: Buffer, kind: number): void {
  const payload = frame.subarray(FRAME_HEADER_BYTES)
  frame.writeUInt32LE(kind, 0)
  frame.writeUInt32LE(payload.length, 4)
  frame.writeUInt32LE(crc32(payload), 8)
  frame.writeUInt32LE(0, 12)
}

export function makeFrame(kind: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length)
  frame.set(payload, FRAME_HEADER_BYTES)
  sealFrame(frame, kind)
  return frame
}

export interface Frame {
  kind: number
  payload: Buffer
  /** Where the next one begins. */
  endOffset: number
}

/** The frames that are whole; what follows is being written, or was torn when its writer was killed. */
export function* readFrames(bytes: Buffer): Generator<Frame> {
  let offset = 0
  while (offset + FRAME_HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(offset + 4)
    const start = offset + FRAME_HEADER_BYTES
    const payload = bytes.subarray(start, start + length)
    if (payload.length < length || crc32(payload) !== bytes.readUInt32LE(offset + 8)) return
    const kind = bytes.readUInt32LE(offset)
    if (kind === 0) return
    offset = start + length
    yield { kind, payload, endOffset: offset }
  }
}

/** The numbers of a frame of entries. */
export function entryNumbers(payload: Buffer): Float64Array {
  const copy = new Uint8Array(payload)
  return new Float64Array(copy.buffer, 0, Math.floor(copy.length / 8))
}
