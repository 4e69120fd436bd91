/** Reads the entries of a tar file (ustar, pax, GNU) as its bytes come, and passes over their content. Pure. */
import { ImageError } from './limits.ts'

const BLOCK_BYTES = 512
/** Of the extra records and long names before an entry, which have to be held. */
const EXTRA_BYTES_MAX = 1024 * 1024
const MAGIC_AT = 257
const BASE_256 = 0x80

export interface TarHeader {
  name: string
  /** As in the header: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` folder, `6` pipe. */
  type: string
  sizeBytes: number
  uid: number
  gid: number
  linkName: string
}

interface Extra {
  name?: string
  linkName?: string
  sizeBytes?: number
  uid?: number
  gid?: number
}

/** Feed it with `push`, and say `end` when no more comes. Throws ImageError for what is no tar file. */
export class TarReader {
  readonly #onEntry: (header: TarHeader) => void
  #held: Buffer = Buffer.alloc(0)
  /** Content that is still to be passed over, or (`#extraType`) held. */
  #skip = 0
  #extraType = ''
  #extraBytes = 0
  #extra: Extra = {}
  #isAtEnd = false

  constructor(onEntry: (header: TarHeader) => void) {
    this.#onEntry = onEntry
  }

  push(chunk: Buffer): void {
    if (this.#isAtEnd) return
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (;;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length)
        this.#skip -= passed
        bytes = bytes.subarray(passed)
        if (this.#skip > 0) break
      }
      const needed = this.#extraType === '' ? BLOCK_BYTES : padded(this.#extraBytes)
      if (bytes.length < needed || this.#isAtEnd) break
      if (this.#extraType === '') this.#readHeader(bytes.subarray(0, BLOCK_BYTES))
      else this.#readExtra(bytes.subarray(0, this.#extraBytes))
      bytes = bytes.subarray(needed)
    }
    this.#held = this.#skip > 0 ? Buffer.alloc(0) : Buffer.from(bytes)
  }

  end(): void {
    if (!this.#isAtEnd && (this.#skip > 0 || this.#held.length > 0 || this.#extraType !== '')) {
      throw new ImageError('the layer ends in the middle of a file')
    }
  }

  #readHeader(block: Buffer): void {
    // One block of zeros ends it; what follows is padding.
    if (block.every((byte) => byte === 0)) {
      this.#isAtEnd = true
      return
    }
    checkSum(block)
    const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
    const sizeBytes = number(block, 124, 12)
    if ('xgLK'.includes(type)) {
      if (sizeBytes > EXTRA_BYTES_MAX) throw new ImageError('the layer has a header of unreasonable size')
      this.#extraType = type
      this.#extraBytes = sizeBytes
      return
    }
    const extra = this.#extra
    this.#extra = {}
    const header: TarHeader = {
      name: extra.name ?? nameIn(block),
      type,
      sizeBytes: extra.sizeBytes ?? sizeBytes,
      uid: extra.uid ?? number(block, 108, 8),
      gid: extra.gid ?? number(block, 116, 8),
      linkName: extra.linkName ?? text(block, 157, 100),
    }
    // Links and devices have no content, whatever their size says.
    this.#skip = '123456'.includes(type) ? 0 : padded(header.sizeBytes)
    this.#onEntry(header)
  }

  #readExtra(content: Buffer): void {
    const type = this.#extraType
    this.#extraType = ''
    if (type === 'L') this.#extra.name = text(content, 0, content.length)
    else if (type === 'K') this.#extra.linkName = text(content, 0, content.length)
    // Records for all entries that follow carry comments in practice.
    else if (type === 'x') Object.assign(this.#extra, readPax(content))
  }
}

function readPax(content: Buffer): Extra {
  const extra: Extra = {}
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at)
    const length = Number(content.toString('latin1', at, Math.max(at, space)))
    if (space < 0 || !Number.isInteger(length) || length < 5 || at + length > content.length) {
      throw new ImageError('the layer has a header that cannot be read')
    }
    const [key, value] = content.toString('utf8', space + 1, at + length - 1).split(/=(.*)/s) as [
      string,
      string | undefined,
    ]
    if (value === undefined) throw new ImageError('the layer has a header that cannot be read')
    // Its content would be more than the archive holds.
    if (key.startsWith('GNU.sparse')) throw new ImageError('the layer has a sparse file, which is not accepted')
    if (key === 'path') extra.name = value
    else if (key === 'linkpath') extra.linkName = value
    else if (key === 'size') extra.sizeBytes = decimal(value)
    else if (key === 'uid') extra.uid = decimal(value)
    else if (key === 'gid') extra.gid = decimal(value)
    at += length
  }
  return extra
}

function decimal(value: string): number {
  const parsed = Number(value)
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(parsed)) {
    throw new ImageError('the layer has a header that cannot be read')
  }
  return parsed
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES
}

function nameIn(block: Buffer): string {
  const name = text(block, 0, 100)
  const isUstar = block.toString('latin1', MAGIC_AT, MAGIC_AT + 6) === 'ustar\0'
  const prefix = isUstar ? text(block, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length)
  if ((field[0]! & BASE_256) !== 0) {
    const value = field.reduce((sum, byte, i) => sum * 256 + (i === 0 ? byte & ~BASE_256 : byte), 0)
    if (!Number.isSafeInteger(value)) throw new ImageError('the layer has a header that cannot be read')
    return value
  }
  const digits = text(block, at, length).trim()
  if (!/^[0-7]*$/.test(digits)) throw new ImageError('the layer has a header that cannot be read')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function checkSum(block: Buffer): void {
  let sum = 0
  for (const [i, byte] of block.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte
  if (sum !== number(block, 148, 8)) throw new ImageError('a layer is not a tar file')
}
