/** Several unpacked packages as one: of what has the same path, that of the first package is there. Pure. */
import { PackageError } from './limits.ts'
import type { PackageLimits } from './limits.ts'
import { checkLinks } from './zip-names.ts'
import type { EntryKind } from './zip-names.ts'

export interface FolderTree {
  /** Parents before children. */
  folders: readonly string[]
  files: readonly string[]
  /** Target by path; all stay inside the tree. */
  links: ReadonlyMap<string, string>
}

export interface MergedTree {
  /** Parents before children. */
  folders: string[]
  /** With the number of the tree that a file comes from. */
  files: { path: string; tree: number }[]
  links: Map<string, string>
}

/**
 * Only folders merge with folders: a file or link of an earlier tree hides a folder of a later one with all that it holds.
 * Throws PackageError when a link that stays inside its own tree leaves them all, over a link of another.
 */
export function mergeTrees(
  trees: readonly FolderTree[],
  { entriesMax }: Pick<PackageLimits, 'entriesMax'>,
): MergedTree {
  const merged: MergedTree = { folders: [], files: [], links: new Map() }
  const kinds = new Map<string, EntryKind>()
  const isNew = (path: string, kind: EntryKind): boolean => {
    const end = path.lastIndexOf('/')
    if (kinds.has(path) || (end >= 0 && kinds.get(path.slice(0, end)) !== 'folder')) return false
    kinds.set(path, kind)
    if (kinds.size <= entriesMax) return true
    throw new PackageError(`together they hold more than ${entriesMax} files and folders`)
  }
  for (const [tree, { folders, files, links }] of trees.entries()) {
    for (const path of folders) if (isNew(path, 'folder')) merged.folders.push(path)
    for (const path of files) if (isNew(path, 'file')) merged.files.push({ path, tree })
    for (const [path, target] of links) if (isNew(path, 'link')) merged.links.set(path, target)
  }
  checkLinks(merged.links)
  return merged
}
