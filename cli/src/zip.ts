/** Packs a code folder. The same content gives the same bytes, so that its checksum tells whether it must be uploaded. */
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { dirname, join, posix, relative, sep } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { CliError, messageOf, usageError } from './errors.ts'
import { createIgnore, type Ignore } from './ignore.ts'

/** What Create and UpdateFunction take inline. */
export const CODE_ZIP_BYTES_MAX = 100 * 1024 * 1024
const CODE_FOLDER_BYTES_MAX = 500 * 1024 * 1024

const LINK_MODE = 0o120777
const PROGRAM_MODE = 0o100755
const FILE_MODE = 0o100644

interface Entry {
  /** Relative to the folder, with forward slashes. */
  name: string
  kind: 'file' | 'link'
  path: string
  executable: boolean
  sizeBytes: number
}

/** The zip of a code folder, or a zip file as it is. Throws CliError for what cannot be packed. */
export async function packCode(path: string): Promise<Buffer> {
  const stats = await stat(path).catch(() => undefined)
  if (!stats) throw usageError(`code: there is no file or folder ${path}`)
  if (stats.isDirectory()) return packFolder(path)
  if (!/\.(zip|jar)$/i.test(path)) throw usageError(`code: ${path} is neither a folder nor a .zip or .jar file`)
  if (stats.size > CODE_ZIP_BYTES_MAX) throw tooLarge(path, stats.size)
  return readFile(path)
}

export async function readIgnore(folder: string): Promise<Ignore> {
  return createIgnore(await readFile(join(folder, '.fcignore'), 'utf8').catch(() => ''))
}

async function packFolder(folder: string): Promise<Buffer> {
  const entries = await listEntries(folder, await readIgnore(folder))
  if (entries.length === 0) throw usageError(`code: ${folder} holds no files to upload`)
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  if (sizeBytes > CODE_FOLDER_BYTES_MAX) throw tooLarge(folder, sizeBytes, entries)

  const zip = new ZipFile()
  // The DOS time of a zip is local: from local fields, and without the UTC extension, it reads the same everywhere.
  // Not 1980, which yazl takes for the lowest value and adjusts by zone.
  const options = { mtime: new Date(1981, 0, 1), forceDosTimestamp: true }
  for (const entry of entries) {
    const isLink = entry.kind === 'link'
    const content = isLink ? Buffer.from(await readlink(entry.path)) : await readFile(entry.path)
    const mode = isLink ? LINK_MODE : entry.executable ? PROGRAM_MODE : FILE_MODE
    zip.addBuffer(content, entry.name, { ...options, mode, compress: !isLink })
  }
  zip.end()
  const bytes = await buffer(zip.outputStream)
  if (bytes.length > CODE_ZIP_BYTES_MAX) throw tooLarge(folder, bytes.length, entries)
  return bytes
}

async function listEntries(folder: string, ignore: Ignore): Promise<Entry[]> {
  const entries: Entry[] = []
  const walk = async (prefix: string) => {
    for (const item of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const name = posix.join(prefix, item.name)
      if (ignore(name, item.isDirectory())) continue
      const path = join(folder, name)
      if (item.isDirectory()) await walk(name)
      else if (item.isSymbolicLink()) entries.push(await linkEntry(folder, name, path))
      else if (item.isFile()) {
        const { mode, size } = await lstat(path)
        entries.push({ name, kind: 'file', path, executable: (mode & 0o111) !== 0, sizeBytes: size })
      }
    }
  }
  await walk('').catch((error: unknown) => {
    throw error instanceof CliError ? error : new CliError(`code: ${messageOf(error)}`)
  })
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function linkEntry(folder: string, name: string, path: string): Promise<Entry> {
  const target = await readlink(path)
  const fromFolder = relative(folder, join(dirname(path), target))
    .split(sep)
    .join('/')
  if (target.startsWith('/') || fromFolder === '..' || fromFolder.startsWith('../')) {
    throw usageError(
      `code: the link ${name} leads out of ${folder}, to ${target}`,
      'copy the target into the folder, or list the link in .fcignore',
    )
  }
  return { name, kind: 'link', path, executable: false, sizeBytes: target.length }
}

function tooLarge(path: string, sizeBytes: number, entries: readonly Entry[] = []): CliError {
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`
  const largest = entries.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, 3)
  const list = largest.map((entry) => `${entry.name} (${megabytes(entry.sizeBytes)})`).join(', ')
  return usageError(
    `code: ${path} is too large with ${megabytes(sizeBytes)}; a zip may have ${megabytes(CODE_ZIP_BYTES_MAX)}, ` +
      `its content ${megabytes(CODE_FOLDER_BYTES_MAX)}`,
    list === '' ? undefined : `largest: ${list}; list what is not needed in .fcignore`,
  )
}
