/** Blobs as files, in folders by a hash of their id. */
import { hash } from 'node:crypto'
import { mkdir, open, opendir, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { FileStream } from '../file-stream.ts'
import { StorageError } from '../storage-thread.ts'
import { WholeStream } from '../whole-stream.ts'
import { checkBlobId } from './blob-id.ts'
import { FolderSyncs } from './folder-syncs.ts'
import { BlobNotFoundError, type BlobInfo, type BlobStore, type ByteRange } from './port.ts'
import { createSmallFiles, type SmallFiles } from './small-files.ts'

/** Pieces are written when so much has come, or all: a write is a message to another thread and back. */
const WRITE_BYTES = 256 * 1024
const AT_ONCE_BYTES_MAX = 256 * 1024
const FAN_OUT_NAME = /^[0-9a-f]{2}$/
/** What `check` writes: a disk without space refuses it. */
const CHECK_BYTES = 4096

/**
 * `directory` belongs to this store alone, and is made when absent. It holds `incoming/` (what is being written; emptied
 * here, as a process that was killed leaves its half) and up to 256 folders, made as they are needed.
 */
export async function openFileBlobs(
  directory: string,
  notify: (message: string) => void = () => {},
): Promise<BlobStore> {
  const incoming = join(directory, 'incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  const folders = (await readdir(directory)).filter((name) => FAN_OUT_NAME.test(name))
  return new FileBlobs(directory, folders, createSmallFiles(notify))
}

class FileBlobs implements BlobStore {
  readonly #directory: string
  readonly #syncs = new FolderSyncs()
  /** Folders that are there, or are being made. */
  readonly #folders: Map<string, Promise<void>>
  readonly #smallFiles: SmallFiles
  #incomingCount = 0

  constructor(directory: string, folders: readonly string[], smallFiles: SmallFiles) {
    this.#directory = directory
    this.#smallFiles = smallFiles
    this.#folders = new Map(folders.map((name) => [name, Promise.resolve()]))
  }

  async put(id: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    checkBlobId(id)
    const batches = inBatches(source)
    try {
      const first = (await batches.next()).value as PieceBatch
      await this.#makeFolder(folderOf(id))
      const isSmall = first.bytes < WRITE_BYTES
      if (isSmall && (await this.#putSmall(id, first))) return first.bytes
      return await this.#putLarge(id, first, batches)
    } finally {
      await batches.return(undefined)
    }
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

  async close(): Promise<void> {
    await Promise.all([this.#syncs.settled(), this.#smallFiles.close()])
  }

  /** Resolves to false when the thread of small files is busy or has died. */
  async #putSmall(id: string, { pieces, bytes }: PieceBatch): Promise<boolean> {
    const temporary = this.#newPath()
    const data = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes)
    try {
      await this.#smallFiles.ask('write', { temporary, path: this.#path(id) }, data)
      return true
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      await rm(temporary, { force: true })
      return false
    }
  }

  /** The next batch is taken while one is written. */
  #putLarge(id: string, first: PieceBatch, rest: AsyncIterable<PieceBatch>): Promise<number> {
    return this.#incoming(async (temporary, file) => {
      let bytes = first.bytes
      let writing = writeBatch(file, first)
      for await (const batch of rest) {
        await writing
        writing = writeBatch(file, batch)
        bytes += batch.bytes
      }
      await writing
      // The size is part of what is synced; times are not worth a second write of the journal.
      await file.datasync()
      await rename(temporary, this.#path(id))
      await this.#syncs.sync(join(this.#directory, folderOf(id)))
      return bytes
    })
  }

  /** Gives a new file to `use`, which writes it and moves it away; whatever fails, the file does not stay. */
  async #incoming<Result>(use: (path: string, file: FileHandle) => Promise<Result>): Promise<Result> {
    const path = this.#newPath()
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

  #newPath(): string {
    return join(this.#directory, 'incoming', String(++this.#incomingCount))
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

interface PieceBatch {
  pieces: Uint8Array[]
  bytes: number
}

/** The last one, and only that, is smaller than WRITE_BYTES; it may be empty. */
async function* inBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<PieceBatch, undefined, void> {
  let pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of source) {
    pieces.push(piece)
    bytes += piece.byteLength
    if (bytes < WRITE_BYTES) continue
    yield { pieces, bytes }
    pieces = []
    bytes = 0
  }
  yield { pieces, bytes }
}

/** A rejection is heard by who awaits it later. */
function writeBatch(file: FileHandle, { pieces, bytes }: PieceBatch): Promise<void> {
  const writing = writeWhole(file, pieces, bytes)
  writing.catch(() => {})
  return writing
}

async function writeWhole(file: FileHandle, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return
  const { bytesWritten } = await file.writev(pieces)
  // A disk that is nearly full takes a part, and says why not more when it is asked again.
  if (bytesWritten < bytes) await file.writeFile(Buffer.concat(pieces, bytes).subarray(bytesWritten))
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
