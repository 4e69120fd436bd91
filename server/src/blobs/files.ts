/** Blobs as files, in folders by a hash of their id. */
import { hash } from 'node:crypto'
import { mkdir, open, opendir, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { FileStream } from '../file-stream.ts'
import { WholeStream } from '../whole-stream.ts'
import { checkBlobId } from './blob-id.ts'
import { FolderSyncs } from './folder-syncs.ts'
import { BlobNotFoundError, type BlobInfo, type BlobStore, type ByteRange } from './port.ts'

/** Pieces are written when so much has come, or all: a write is a message to another thread and back. */
const WRITE_BYTES = 128 * 1024
const AT_ONCE_BYTES_MAX = 256 * 1024
const FAN_OUT_NAME = /^[0-9a-f]{2}$/
/** What `check` writes: a disk without space refuses it. */
const CHECK_BYTES = 4096

/**
 * `directory` belongs to this store alone, and is made when absent. It holds `incoming/` (what is being written; emptied
 * here, as a process that was killed leaves its half) and up to 256 folders, made as they are needed.
 */
export async function openFileBlobs(directory: string): Promise<BlobStore> {
  const incoming = join(directory, 'incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  const folders = (await readdir(directory)).filter((name) => FAN_OUT_NAME.test(name))
  return new FileBlobs(directory, folders)
}

class FileBlobs implements BlobStore {
  readonly #directory: string
  readonly #syncs = new FolderSyncs()
  /** Folders that are there, or are being made. */
  readonly #folders: Map<string, Promise<void>>
  #incomingCount = 0

  constructor(directory: string, folders: readonly string[]) {
    this.#directory = directory
    this.#folders = new Map(folders.map((name) => [name, Promise.resolve()]))
  }

  async put(id: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    checkBlobId(id)
    return this.#incoming(async (temporary, file) => {
      const bytes = await writeAll(file, source)
      // The size is part of what is synced; times are not worth a second write of the journal.
      await file.datasync()
      const folder = folderOf(id)
      await this.#makeFolder(folder)
      await rename(temporary, join(this.#directory, folder, id))
      await this.#syncs.sync(join(this.#directory, folder))
      return bytes
    })
  }

  async open(id: string, range?: ByteRange): Promise<Readable> {
    const path = this.#path(id)
    const file = await open(path, 'r').catch((error: unknown) => {
      throw isMissing(error) ? new BlobNotFoundError(id) : error
    })
    if (range !== undefined && range.last - range.first < AT_ONCE_BYTES_MAX) return readAtOnce(file, id, range)
    try {
      const { size } = await file.stat()
      const { first, last } = range ?? { first: 0, last: size - 1 }
      if (last >= size) throw rangeBeyond(id, size, last)
      return new FileStream(file, first, last + 1)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async info(id: string): Promise<BlobInfo | undefined> {
    try {
      const { size, mtimeMs } = await stat(this.#path(id))
      return { id, bytes: size, storedMs: Math.floor(mtimeMs) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async remove(id: string): Promise<void> {
    await unlink(this.#path(id)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const name of await readdir(this.#directory)) {
      if (!FAN_OUT_NAME.test(name)) continue
      for await (const entry of await opendir(join(this.#directory, name))) {
        const info = await this.info(entry.name)
        if (info !== undefined) yield info
      }
    }
  }

  async check(): Promise<void> {
    await this.#incoming(async (temporary, file) => {
      await file.writeFile(Buffer.alloc(CHECK_BYTES, 1))
      await file.datasync()
      await unlink(temporary)
    })
  }

  close(): Promise<void> {
    return this.#syncs.settled()
  }

  /** Gives a new file to `use`, which writes it and moves it away; whatever fails, the file does not stay. */
  async #incoming<Result>(use: (path: string, file: FileHandle) => Promise<Result>): Promise<Result> {
    const path = join(this.#directory, 'incoming', String(++this.#incomingCount))
    const file = await open(path, 'wx', 0o600)
    try {
      return await use(path, file)
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }

  #makeFolder(name: string): Promise<void> {
    const known = this.#folders.get(name)
    if (known !== undefined) return known
    const making = mkdir(join(this.#directory, name), { recursive: true, mode: 0o700 }).then(() =>
      this.#syncs.sync(this.#directory),
    )
    this.#folders.set(name, making)
    making.catch(() => this.#folders.delete(name))
    return making
  }

  #path(id: string): string {
    checkBlobId(id)
    return join(this.#directory, folderOf(id), id)
  }
}

/** Of an id's hash, as ids may begin or end alike. */
function folderOf(id: string): string {
  return hash('sha1', id).slice(0, 2)
}

/** What a stream would hold anyway, without its reads and looks for the end: half the work for small blobs. */
async function readAtOnce(file: FileHandle, id: string, { first, last }: ByteRange): Promise<Readable> {
  const bytes = Buffer.allocUnsafeSlow(last - first + 1)
  try {
    for (let read = 0; read < bytes.length;) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, first + read)
      if (bytesRead === 0) throw rangeBeyond(id, first + read, last)
      read += bytesRead
    }
  } finally {
    await file.close()
  }
  return new WholeStream(bytes)
}

function rangeBeyond(id: string, size: number, last: number): Error {
  return new Error(`blob '${id}' has ${size} bytes; byte ${last} was asked for`)
}

async function writeAll(file: FileHandle, source: AsyncIterable<Uint8Array>): Promise<number> {
  let written = 0
  let pieces: Uint8Array[] = []
  let waiting = 0
  const write = async () => {
    await file.writeFile(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, waiting))
    written += waiting
    pieces = []
    waiting = 0
  }
  for await (const piece of source) {
    pieces.push(piece)
    waiting += piece.byteLength
    if (waiting >= WRITE_BYTES) await write()
  }
  if (waiting > 0) await write()
  return written
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
