/** Reads the directory of a zip and decides, before anything is written, whether and how it may be unpacked. */
import { fromBufferPromise } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { PackageError, megabytes, quote } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { readContent } from './zip-content.ts'
import { PathTree, checkLinks, checkName, decodeName } from './zip-names.ts'
import type { EntryKind } from './zip-names.ts'

export interface PackageFile {
  path: string
  executable: boolean
  modifiedMs: number
  deflated: boolean
  /** Where its bytes are in the zip. */
  start: number
  end: number
  sizeBytes: number
  crc32: number
}

export interface PackagePlan {
  /** Parents before children. */
  folders: string[]
  files: PackageFile[]
  /** Target by path; all stay inside the package. */
  links: ReadonlyMap<string, string>
}

const MADE_BY_UNIX = [3, 19]
const MODE_KIND = 0o170000
const MODE_KINDS: Record<number, EntryKind> = { 0: 'file', 0o100000: 'file', 0o040000: 'folder', 0o120000: 'link' }
const FORBIDDEN_KINDS: Record<number, string> = {
  0o010000: 'a named pipe',
  0o020000: 'a device',
  0o060000: 'a device',
  0o140000: 'a socket',
}
const MODE_EXECUTABLE = 0o111

const FLAG_ENCRYPTED = 0x1 | 0x40 | 0x2000
const FLAG_SIZES_FOLLOW = 0x8
const METHOD_STORED = 0
const METHOD_DEFLATED = 8
const IN_ZIP64_FIELD = 0xffffffff

const END_RECORD_BYTES = 22
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50

/** Throws PackageError, with a message for the person who made the zip, when a rule is broken. */
export async function planPackage(zip: Buffer, limits: PackageLimits): Promise<PackagePlan> {
  const archive = await damagedUnless(() =>
    fromBufferPromise(zip, { lazyEntries: true, decodeStrings: false, validateEntrySizes: false }),
  )
  if (archive.entryCount > limits.entriesMax) {
    throw new PackageError(
      `it holds ${archive.entryCount} files and folders; at most ${limits.entriesMax} are accepted`,
    )
  }
  const directoryStart = Number(archive.readEntryCursor)
  const tree = new PathTree(limits)
  const files: PackageFile[] = []
  const links: PackageFile[] = []
  const ranges: { start: number; end: number; name: string }[] = []
  const sizes = new SizeCheck(zip.length, limits)

  for await (const entry of damaged(archive.eachEntry())) {
    const name = decodeName(entry)
    const path = checkName(name, limits)
    const kind = kindOf(entry, name)
    checkEncoding(entry, name)
    const start = await contentStart(archive, entry, name)
    const end = start + entry.compressedSize
    ranges.push({ start: entry.relativeOffsetOfLocalHeader, end, name })
    if (path === '') {
      if (kind === 'folder') continue
      throw new PackageError(`entry ${quote(name)}: it has no name`)
    }
    tree.add(path, kind)
    if (kind === 'folder') continue
    sizes.add(entry.uncompressedSize)
    const file = {
      path,
      executable: madeByUnix(entry) && (modeOf(entry) & MODE_EXECUTABLE) !== 0,
      modifiedMs: entry.getLastModDate({ timezone: 'UTC' }).getTime(),
      deflated: entry.compressionMethod === METHOD_DEFLATED,
      start,
      end,
      sizeBytes: entry.uncompressedSize,
      crc32: entry.crc32,
    }
    if (kind === 'link') links.push(file)
    else files.push(file)
  }
  if (Number(archive.readEntryCursor) !== directoryEnd(zip, archive)) {
    throw new PackageError(
      'the zip is damaged: its directory does not end after the number of entries that it declares',
    )
  }
  checkOverlaps(ranges, directoryStart)
  if (files.length === 0) throw new PackageError('the zip holds no files; it must hold the code of the function')

  const targets = new Map<string, string>()
  for (const link of links) targets.set(link.path, await readTarget(zip, link, limits))
  checkLinks(targets)
  return { folders: tree.folders(), files, links: targets }
}

async function damagedUnless<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw new PackageError(`the zip is damaged, or not a zip: ${(error as Error).message}`)
  }
}

/** The same entries, the reader's own errors told as ours. */
async function* damaged(entries: AsyncIterableIterator<Entry>): AsyncGenerator<Entry> {
  for (;;) {
    const next = await damagedUnless(() => entries.next())
    if (next.done) return
    yield next.value
  }
}

function madeByUnix(entry: Entry): boolean {
  return MADE_BY_UNIX.includes(entry.versionMadeBy >>> 8)
}

function modeOf(entry: Entry): number {
  return entry.externalFileAttributes >>> 16
}

function kindOf(entry: Entry, name: string): EntryKind {
  const named: EntryKind = name.endsWith('/') ? 'folder' : 'file'
  const mode = madeByUnix(entry) ? modeOf(entry) & MODE_KIND : 0
  const kind = mode === 0 ? named : MODE_KINDS[mode]
  if (kind === undefined) {
    const what = FORBIDDEN_KINDS[mode] ?? 'of an unknown kind'
    throw new PackageError(`entry ${quote(name)}: it is ${what}; files, folders and relative links are accepted`)
  }
  if ((kind === 'folder') !== (named === 'folder')) {
    throw new PackageError(`entry ${quote(name)}: its name and its mode disagree on whether it is a folder`)
  }
  if (kind === 'folder' && entry.uncompressedSize !== 0) {
    throw new PackageError(`entry ${quote(name)}: it is a folder, but has ${entry.uncompressedSize} bytes`)
  }
  return kind
}

function checkEncoding(entry: Entry, name: string): void {
  if (entry.generalPurposeBitFlag & FLAG_ENCRYPTED) {
    throw new PackageError(`entry ${quote(name)}: it is encrypted; entries must not be`)
  }
  if (entry.compressionMethod !== METHOD_STORED && entry.compressionMethod !== METHOD_DEFLATED) {
    throw new PackageError(
      `entry ${quote(name)}: it is compressed by method ${entry.compressionMethod}; 0 (stored) and 8 (deflated) are accepted`,
    )
  }
}

/** Where the content begins; the header beside the content must tell the same as the directory. */
async function contentStart(archive: ZipFile, entry: Entry, name: string): Promise<number> {
  const local = await damagedUnless(() => archive.readLocalFileHeaderPromise(entry))
  const sizesKnown = (local.generalPurposeBitFlag & FLAG_SIZES_FOLLOW) === 0
  const differs = (field: 'compressedSize' | 'uncompressedSize'): boolean =>
    local[field] !== entry[field] && local[field] !== IN_ZIP64_FIELD
  if (
    !local.fileName.equals(entry.fileNameRaw) ||
    local.compressionMethod !== entry.compressionMethod ||
    (local.generalPurposeBitFlag & FLAG_ENCRYPTED) !== 0 ||
    (sizesKnown && (local.crc32 !== entry.crc32 || differs('compressedSize') || differs('uncompressedSize')))
  ) {
    throw new PackageError(`entry ${quote(name)}: the zip is damaged: its header and the directory of the zip disagree`)
  }
  return local.fileDataStart
}

/** Where the directory must end: at the end record, or at the zip64 end record when there is one. */
function directoryEnd(zip: Buffer, archive: ZipFile): number {
  const endRecord = zip.length - END_RECORD_BYTES - archive.comment.length
  const locator = endRecord - ZIP64_LOCATOR_BYTES
  if (locator < 0 || zip.readUInt32LE(locator) !== ZIP64_LOCATOR_SIGNATURE) return endRecord
  return Number(zip.readBigUInt64LE(locator + 8))
}

/** Two entries that share bytes make a small zip unpack to anything (a bomb no size of one entry shows). */
function checkOverlaps(ranges: { start: number; end: number; name: string }[], directoryStart: number): void {
  let end = 0
  for (const range of ranges.sort((a, b) => a.start - b.start)) {
    if (range.start < end || range.end > directoryStart) {
      throw new PackageError(`entry ${quote(range.name)}: the zip is damaged: its bytes overlap with another part`)
    }
    end = range.end
  }
}

class SizeCheck {
  #unpackedBytes = 0
  readonly #zipBytes: number
  readonly #limits: PackageLimits

  constructor(zipBytes: number, limits: PackageLimits) {
    this.#zipBytes = zipBytes
    this.#limits = limits
  }

  add(sizeBytes: number): void {
    const { unpackedBytesMax, ratioMax, ratioFreeBytes } = this.#limits
    this.#unpackedBytes += sizeBytes
    if (this.#unpackedBytes > unpackedBytesMax) {
      throw new PackageError(`it unpacks to more than ${megabytes(unpackedBytesMax)}`)
    }
    if (this.#unpackedBytes > ratioFreeBytes && this.#unpackedBytes > ratioMax * this.#zipBytes) {
      throw new PackageError(`it unpacks to more than ${ratioMax} times its own size`)
    }
  }
}

async function readTarget(zip: Buffer, link: PackageFile, limits: PackageLimits): Promise<string> {
  const refuse = (reason: string): never => {
    throw new PackageError(`entry ${quote(link.path)}: ${reason}`)
  }
  if (link.sizeBytes > limits.pathBytesMax) refuse(`the target of the link is longer than ${limits.pathBytesMax} bytes`)
  const chunks: Buffer[] = []
  await readContent(zip, link, (chunk) => chunks.push(chunk))
  const target = Buffer.concat(chunks).toString()
  // oxlint-disable-next-line no-control-regex
  if (target === '' || /[\u0000-\u001f\u007f\ufffd]/.test(target)) refuse('the target of the link is not a path')
  return target
}
