/** Writes a planned package into a new folder, or only checks that it could be. Synchronous writes: it runs in a worker. */
import { chmodSync, closeSync, fchmodSync, futimesSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { readContent } from './zip-content.ts'
import type { PackageFile, PackagePlan } from './zip-plan.ts'

/** Everybody may read code, nobody may change it; set-user-id and the like are never kept. */
const MODE_FILE = 0o444
const MODE_EXECUTABLE = 0o555
export const MODE_FOLDER = 0o555
export const DISK_BLOCK_BYTES = 4096

/** Reads every file whole; throws PackageError when one is damaged. */
export async function checkContents(zip: Buffer, plan: PackagePlan): Promise<void> {
  for (const file of plan.files) await readContent(zip, file, () => {})
}

/**
 * Makes `folder`, which must not exist, with everything the plan holds. Links come last, so no file is ever written through
 * one, and no file is opened that exists. Returns about how many bytes of disk it takes.
 */
export async function writePackage(zip: Buffer, plan: PackagePlan, folder: string): Promise<number> {
  mkdirSync(folder, { mode: 0o700 })
  for (const path of plan.folders) mkdirSync(join(folder, path), { mode: 0o700 })
  let diskBytes = (1 + plan.folders.length + plan.links.size) * DISK_BLOCK_BYTES
  for (const file of plan.files) {
    await writeFile(zip, file, join(folder, file.path))
    diskBytes += Math.ceil(file.sizeBytes / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES
  }
  for (const [path, target] of plan.links) symlinkSync(target, join(folder, path))
  for (const path of plan.folders.toReversed()) chmodSync(join(folder, path), MODE_FOLDER)
  chmodSync(folder, MODE_FOLDER)
  return diskBytes
}

async function writeFile(zip: Buffer, file: PackageFile, path: string): Promise<void> {
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    await readContent(zip, file, (chunk) => {
      for (let written = 0; written < chunk.length;) written += writeSync(descriptor, chunk, written)
    })
    fchmodSync(descriptor, file.executable ? MODE_EXECUTABLE : MODE_FILE)
    futimesSync(descriptor, file.modifiedMs / 1000, file.modifiedMs / 1000)
  } finally {
    closeSync(descriptor)
  }
}
