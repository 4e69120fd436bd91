/** Code packages: zip files to files and back, with the modes that fflate does not tell. */
import { unzipSync, zipSync, type Zippable } from 'fflate'

export interface PackageFile {
  /** From the root of the package, with slashes. */
  path: string
  bytes: Uint8Array<ArrayBuffer>
  /** Of Unix, type included: 0o100755 is a program, 0o120777 a link. */
  mode: number
}

export const FILE_MODE = 0o100644
export const PROGRAM_MODE = 0o100755
const TYPE_MASK = 0o170000
const LINK_TYPE = 0o120000
const UNIX = 3
const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const END_BYTES = 22
const COMMENT_BYTES_MAX = 65_535

export const isLink = ({ mode }: PackageFile): boolean => (mode & TYPE_MASK) === LINK_TYPE
export const isFolder = ({ path }: PackageFile): boolean => path.endsWith('/')

/** Throws Error for what is no zip. */
export function readPackage(zip: Uint8Array): PackageFile[] {
  const modes = modesOf(zip)
  return Object.entries(unzipSync(zip))
    .map(([path, bytes]) => ({ path, bytes, mode: modes.get(path) ?? FILE_MODE }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** `nowMs`: the time that the files bear. */
export function writePackage(files: readonly PackageFile[], nowMs: number): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {}
  for (const { path, bytes, mode } of files) {
    // The upper half of the attributes is the mode.
    entries[path] = [bytes, { os: UNIX, attrs: (mode << 16) >>> 0, mtime: nowMs }]
  }
  return zipSync(entries, { level: 6 })
}

/** Modes by path, as the zip's directory has them; of what was made elsewhere than on Unix there are none. */
function modesOf(zip: Uint8Array): Map<string, number> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const modes = new Map<string, number>()
  const end = endOf(view)
  if (end === undefined) return modes
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  for (let entry = 0; entry < count && at + 46 <= view.byteLength; entry++) {
    if (view.getUint32(at, true) !== ENTRY_SIGNATURE) break
    const system = view.getUint8(at + 5)
    const nameBytes = view.getUint16(at + 28, true)
    const mode = view.getUint32(at + 38, true) >>> 16
    const path = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + nameBytes))
    if (system === UNIX && mode !== 0) modes.set(path, mode)
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return modes
}

function endOf(view: DataView): number | undefined {
  const first = Math.max(0, view.byteLength - END_BYTES - COMMENT_BYTES_MAX)
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at
  }
  return undefined
}
