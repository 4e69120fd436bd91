/** A disk that is soon full. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Why this machine gives tests no small disk; undefined when it does. */
export const noSmallDisk: string | undefined =
  process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'only root on Linux can mount a small disk'

/** In memory, and gone with `unmount`. */
export function mountSmallDisk(bytes: number): { folder: string; unmount(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'sluice-small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  return {
    folder,
    unmount() {
      // Lazily: a program that ends at this moment may hold it still.
      execFileSync('umount', ['--lazy', folder])
      rmdirSync(folder)
    },
  }
}
