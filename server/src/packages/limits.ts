/** What a code package may be; Function Compute documents the size of the zip, the others bound what unpacking costs. */
export interface PackageLimits {
  zipBytesMax: number
  /** All files together, unpacked. */
  unpackedBytesMax: number
  /** Files, links and folders, counting folders that only occur inside names. */
  entriesMax: number
  /** Unpacked bytes per byte of zip, for packages that unpack to more than `ratioFreeBytes`. */
  ratioMax: number
  ratioFreeBytes: number
  /** Of a whole path, and of the target of a link, in UTF-8. */
  pathBytesMax: number
  /** Of one name in a path, in UTF-8; what file systems accept. */
  nameBytesMax: number
  /** Names in a path. */
  depthMax: number
}

export const packageLimits: PackageLimits = {
  zipBytesMax: 500 * 1024 * 1024,
  unpackedBytesMax: 1024 * 1024 * 1024,
  entriesMax: 100_000,
  ratioMax: 100,
  ratioFreeBytes: 64 * 1024 * 1024,
  pathBytesMax: 1024,
  nameBytesMax: 255,
  depthMax: 64,
}

/** The zip breaks a rule; the message is meant for the person who uploaded it. */
export class PackageError extends Error {
  override readonly name = 'PackageError'
}

const QUOTED_CHARACTERS_MAX = 200

/** An entry's name for a message: one line, printable, bounded. */
export function quote(name: string): string {
  const cut = name.length > QUOTED_CHARACTERS_MAX ? `${name.slice(0, QUOTED_CHARACTERS_MAX)}…` : name
  return JSON.stringify(cut)
}

export function megabytes(sizeBytes: number): string {
  return `${Math.round((sizeBytes / 1024 / 1024) * 10) / 10} MB`
}
