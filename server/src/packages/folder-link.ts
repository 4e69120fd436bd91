/** Merges unpacked packages on disk: files are linked, not copied. Synchronous: it runs in a worker. */
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { mergeTrees } from './folder-merge.ts'
import type { FolderTree } from './folder-merge.ts'
import type { PackageLimits } from './limits.ts'
import { DISK_BLOCK_BYTES, MODE_FOLDER } from './zip-unpack.ts'

/**
 * Makes `folder`, which must not exist, with what the folders hold, the first before the others. Throws PackageError when
 * they do not go together. Returns about how many bytes of disk it keeps in use.
 */
export function linkTogether(sources: readonly string[], folder: string, limits: PackageLimits): number {
  const merged = mergeTrees(sources.map(readTree), limits)
  mkdirSync(folder, { mode: 0o700 })
  for (const path of merged.folders) mkdirSync(join(folder, path), { mode: 0o700 })
  let diskBytes = (1 + merged.folders.length + merged.links.size) * DISK_BLOCK_BYTES
  for (const { path, tree } of merged.files) {
    const source = join(sources[tree]!, path)
    linkSync(source, join(folder, path))
    diskBytes += Math.ceil(lstatSync(source).size / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES
  }
  for (const [path, target] of merged.links) symlinkSync(target, join(folder, path))
  for (const path of merged.folders.toReversed()) chmodSync(join(folder, path), MODE_FOLDER)
  chmodSync(folder, MODE_FOLDER)
  return diskBytes
}

function readTree(root: string): FolderTree {
  const tree = { folders: [] as string[], files: [] as string[], links: new Map<string, string>() }
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        tree.folders.push(path)
        walk(path)
      } else if (entry.isSymbolicLink()) tree.links.set(path, readlinkSync(join(root, path)))
      else tree.files.push(path)
    }
  }
  walk('')
  return tree
}
