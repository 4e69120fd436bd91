/** Rules for the names inside a package, and where its links may lead. */
import { isUtf8 } from 'node:buffer'
import { getFileNameLowLevel } from 'yauzl'
import type { Entry } from 'yauzl'
import { PackageError, quote } from './limits.ts'
import type { PackageLimits } from './limits.ts'

const FLAG_UTF8 = 0x800
const LINK_HOPS_MAX = 40

export type EntryKind = 'file' | 'folder' | 'link'

/**
 * Names are UTF-8 where the zip says so and wherever the bytes are valid UTF-8 (many tools forget the flag), else code page
 * 437, as the zip format has it.
 */
export function decodeName(entry: Entry): string {
  const valid = isUtf8(entry.fileNameRaw)
  if (entry.generalPurposeBitFlag & FLAG_UTF8 && !valid) {
    throw new PackageError(`entry ${quote(entry.fileNameRaw.toString('latin1'))}: its name is not valid UTF-8`)
  }
  const flags = valid ? entry.generalPurposeBitFlag | FLAG_UTF8 : entry.generalPurposeBitFlag
  return getFileNameLowLevel(flags, entry.fileNameRaw, entry.extraFields, true)
}

/** The path below the package's root, `''` for the root itself; throws PackageError for a name that is not allowed. */
export function checkName(name: string, limits: PackageLimits): string {
  const refuse = (reason: string): never => {
    throw new PackageError(`entry ${quote(name)}: ${reason}`)
  }
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(name)) refuse('control characters are not allowed in names')
  if (name.includes('\\')) refuse('backslashes are not allowed in names; folders are separated by "/"')
  if (name.startsWith('/')) refuse('absolute paths are not allowed')
  if (/^[a-zA-Z]:/.test(name)) refuse('drive letters are not allowed')
  if (name === '') refuse('it has no name')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) refuse('".." is not allowed in paths')
  if (parts.length > limits.depthMax) refuse(`it lies deeper than ${limits.depthMax} folders`)
  if (parts.some((part) => Buffer.byteLength(part) > limits.nameBytesMax)) {
    refuse(`a name in it is longer than ${limits.nameBytesMax} bytes`)
  }
  const path = parts.join('/')
  if (Buffer.byteLength(path) > limits.pathBytesMax) refuse(`its path is longer than ${limits.pathBytesMax} bytes`)
  return path
}

/**
 * All paths of a package and what each is, folders before what they hold. Two entries of one path and a path that is both
 * file and folder are refused, so nothing is ever written over or through another entry. Names that differ only in case
 * or Unicode normalisation are different files on Linux and stay; where a file system takes them for one, unpacking fails
 * on the second, because it never opens what exists.
 */
export class PathTree {
  readonly #kinds = new Map<string, EntryKind>()
  readonly #limits: PackageLimits

  constructor(limits: PackageLimits) {
    this.#limits = limits
  }

  add(path: string, kind: EntryKind): void {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) this.#addFolder(path.slice(0, at), path)
    if (kind === 'folder') return this.#addFolder(path, path)
    const existing = this.#kinds.get(path)
    if (existing !== undefined) {
      throw new PackageError(`entry ${quote(path)}: another entry is a ${existing} of the same name`)
    }
    this.#set(path, kind)
  }

  #addFolder(folder: string, wantedBy: string): void {
    const existing = this.#kinds.get(folder)
    if (existing === 'folder') return
    if (existing !== undefined) {
      throw new PackageError(`entry ${quote(wantedBy)}: needs ${quote(folder)} as a folder, but that is a ${existing}`)
    }
    this.#set(folder, 'folder')
  }

  #set(path: string, kind: EntryKind): void {
    this.#kinds.set(path, kind)
    if (this.#kinds.size > this.#limits.entriesMax) {
      throw new PackageError(`it holds more than ${this.#limits.entriesMax} files and folders`)
    }
  }

  folders(): string[] {
    return [...this.#kinds].filter(([, kind]) => kind === 'folder').map(([path]) => path)
  }
}

/**
 * Follows every link as the kernel would, through other links too, and throws PackageError when one leaves the package.
 * A target that does not exist inside the package is allowed: it leads nowhere.
 */
export function checkLinks(targets: ReadonlyMap<string, string>): void {
  for (const [path, target] of targets) {
    const refuse = (reason: string): never => {
      throw new PackageError(`entry ${quote(path)}: the link to ${quote(target)} ${reason}`)
    }
    if (target.startsWith('/')) refuse('is absolute; links must be relative')
    const here = path.split('/').slice(0, -1)
    const ahead = target.split('/').reverse()
    for (let hops = 0; ahead.length > 0;) {
      const part = ahead.pop()!
      if (part === '' || part === '.') continue
      if (part === '..') {
        if (here.pop() === undefined) refuse('leaves the package')
        continue
      }
      here.push(part)
      const onward = targets.get(here.join('/'))
      if (onward === undefined) continue
      if (++hops > LINK_HOPS_MAX) refuse(`passes more than ${LINK_HOPS_MAX} other links`)
      here.pop()
      ahead.push(...onward.split('/').reverse())
    }
  }
}
