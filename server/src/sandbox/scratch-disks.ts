/**
 * The temporary folders of sandboxes: a small file system each, in a sparse file, so that what a function writes is
 * bounded in bytes and inodes, is no memory, and is gone with one file.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Keeper } from './keeper.ts'

const MB = 1024 * 1024
/** As many as ext4 itself would give, but never so few that small disks are useless. */
const BYTES_PER_INODE = 16 * 1024
const INODES_MIN = 1024
/** No journal: nothing on it outlives a crash. No reserve for root: the size is the function's. */
const FORMAT = ['-q', '-F', '-O', '^has_journal,^resize_inode', '-m', '0', '-E', 'lazy_itable_init=1,nodiscard']
/** In the names of templates, so that those made in another way are not used. */
const FORMAT_NAME = createHash('sha256')
  .update(JSON.stringify([FORMAT, BYTES_PER_INODE, INODES_MIN]))
  .digest('hex')
  .slice(0, 8)
/** The smallest that can be formatted. */
const DISK_BYTES_MIN = MB

export class ScratchDisks {
  readonly #directory: string
  readonly #keeper: Keeper
  readonly #templates = new Map<number, Promise<string>>()

  /** `directory`: for the templates; of this platform alone. */
  constructor(directory: string, keeper: Keeper) {
    this.#directory = directory
    this.#keeper = keeper
  }

  /** A new, empty one, mounted at `folder`, which anyone may write to. */
  async attach(image: string, folder: string, diskBytes: number): Promise<void> {
    const template = await this.#template(Math.max(DISK_BYTES_MIN, diskBytes))
    await mkdir(folder, { mode: 0o700 })
    await this.#keeper.disk(template, image, folder)
  }

  #template(diskBytes: number): Promise<string> {
    let template = this.#templates.get(diskBytes)
    if (template === undefined) {
      template = this.#format(diskBytes)
      this.#templates.set(diskBytes, template)
      template.catch(() => this.#templates.delete(diskBytes))
    }
    return template
  }

  async #format(diskBytes: number): Promise<string> {
    const file = join(this.#directory, `disk-${diskBytes}-${FORMAT_NAME}`)
    if (existsSync(file)) return file
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const [unfinished, folder] = [`${file}.new`, `${file}.mount`]
    await rm(unfinished, { force: true })
    await writeFile(unfinished, '', { mode: 0o600 })
    await truncate(unfinished, diskBytes)
    const inodes = Math.max(INODES_MIN, Math.floor(diskBytes / BYTES_PER_INODE))
    await this.#keeper.run(['mkfs.ext4', ...FORMAT, '-N', String(inodes), unfinished])
    await mkdir(folder, { recursive: true })
    await this.#keeper.run(['mount', '-t', 'ext4', '-o', 'loop', unfinished, folder])
    try {
      await this.#keeper.run(['rmdir', join(folder, 'lost+found')])
      await this.#keeper.run(['chmod', '1777', folder])
    } finally {
      await this.#keeper.run(['umount', folder])
    }
    await rm(folder, { recursive: true, force: true })
    const written = await open(unfinished, 'r+')
    // A name must not stand for a file that a power cut has left empty.
    try {
      await written.sync()
    } finally {
      await written.close()
    }
    await rename(unfinished, file)
    return file
  }
}
