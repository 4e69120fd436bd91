/** Zips for tests, byte by byte, so that every field can lie. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string | Buffer
  content?: string | Buffer
  /** Unix mode with its kind; absent: 0o100644. */
  mode?: number
  /** Host system of the "made by" field; 3 is Unix. */
  madeBy?: number
  deflate?: boolean
  flags?: number
  method?: number
  /** What the directory claims instead of the truth. */
  claims?: { sizeBytes?: number; packedBytes?: number; crc32?: number; offset?: number }
  /** The name in the header beside the content, when it differs. */
  localName?: string
  extra?: Buffer
  /** Bytes that follow the compressed content and count as part of it. */
  tail?: Buffer
}

export interface ZipOptions {
  entryCount?: number
  comment?: string
  prefix?: Buffer
  suffix?: Buffer
}

const FLAG_UTF8 = 0x800
const DOS_DATE = ((2024 - 1980) << 9) | (5 << 5) | 17
const DOS_TIME = (13 << 11) | (30 << 5) | 10
/** What `DOS_DATE` and `DOS_TIME` say. */
export const FIXTURE_TIME_MS = Date.UTC(2024, 4, 17, 13, 30, 20)

export function makeZip(entries: readonly ZipEntry[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [options.prefix ?? Buffer.alloc(0)]
  const directory: Buffer[] = []
  let offset = parts[0]!.length
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '')
    const deflate = entry.deflate ?? false
    const packed = Buffer.concat([deflate ? deflateRawSync(content) : content, entry.tail ?? Buffer.alloc(0)])
    const name = Buffer.from(entry.name)
    const claims = entry.claims ?? {}
    const method = entry.method ?? (deflate ? 8 : 0)
    const flags = entry.flags ?? FLAG_UTF8
    const shared = Buffer.alloc(22)
    shared.writeUInt16LE(flags, 0)
    shared.writeUInt16LE(method, 2)
    shared.writeUInt16LE(DOS_TIME, 4)
    shared.writeUInt16LE(DOS_DATE, 6)
    shared.writeUInt32LE(claims.crc32 ?? crc32(content), 8)
    shared.writeUInt32LE(claims.packedBytes ?? packed.length, 12)
    shared.writeUInt32LE(claims.sizeBytes ?? content.length, 16)

    const localName = Buffer.from(entry.localName ?? name)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    shared.copy(local, 6, 0, 20)
    local.writeUInt16LE(localName.length, 26)
    parts.push(local, localName, packed)

    const extra = entry.extra ?? Buffer.alloc(0)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(((entry.madeBy ?? 3) << 8) | 20, 4)
    central.writeUInt16LE(20, 6)
    shared.copy(central, 8, 0, 20)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt16LE(extra.length, 30)
    central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38)
    central.writeUInt32LE(claims.offset ?? offset, 42)
    directory.push(central, name, extra)
    offset += local.length + localName.length + packed.length
  }
  const directoryBytes = Buffer.concat(directory)
  const comment = Buffer.from(options.comment ?? '')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(options.entryCount ?? entries.length, 8)
  end.writeUInt16LE(options.entryCount ?? entries.length, 10)
  end.writeUInt32LE(directoryBytes.length, 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...parts, directoryBytes, end, comment, options.suffix ?? Buffer.alloc(0)])
}

export function link(name: string, target: string): ZipEntry {
  return { name, content: target, mode: 0o120777 }
}
