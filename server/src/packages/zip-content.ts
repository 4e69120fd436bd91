/** Reads what an entry of a zip holds, never more than it declared, and checks it against size and checksum. */
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { PackageError, quote } from './limits.ts'
import type { PackageFile } from './zip-plan.ts'

/** Up to this size one synchronous call is many times faster than a stream; beyond it, memory would grow with the file. */
const INFLATE_AT_ONCE_BYTES_MAX = 1024 * 1024
const INFLATE_CHUNK_BYTES = 256 * 1024

/** Calls `onChunk` with the content in order; throws PackageError when it is not what the directory of the zip says. */
export async function readContent(zip: Buffer, file: PackageFile, onChunk: (chunk: Buffer) => void): Promise<void> {
  const packed = zip.subarray(file.start, file.end)
  let sizeBytes = 0
  let checksum = 0
  const take = (chunk: Buffer): void => {
    sizeBytes += chunk.length
    if (sizeBytes > file.sizeBytes) throw damaged(file, `holds more than the ${file.sizeBytes} bytes it declares`)
    checksum = crc32(chunk, checksum)
    onChunk(chunk)
  }
  if (!file.deflated) take(packed)
  else if (file.sizeBytes <= INFLATE_AT_ONCE_BYTES_MAX) take(inflateAtOnce(packed, file))
  else await inflateInChunks(packed, file, take)
  if (sizeBytes !== file.sizeBytes) throw damaged(file, `declares ${file.sizeBytes} bytes and holds ${sizeBytes}`)
  if (checksum !== file.crc32) throw damaged(file, 'its checksum (CRC-32) is wrong')
}

function inflateAtOnce(packed: Buffer, file: PackageFile): Buffer {
  try {
    const options = { maxOutputLength: Math.max(file.sizeBytes, 1), info: true }
    // With `info`, which the types leave out, the answer tells how much of the input was used.
    const result = inflateRawSync(packed, options) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    if (result.engine.bytesWritten !== packed.length) throw damaged(file, 'bytes follow its compressed content')
    return result.buffer
  } catch (error) {
    if (error instanceof PackageError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw damaged(file, `holds more than the ${file.sizeBytes} bytes it declares`)
    throw damaged(file, message)
  }
}

async function inflateInChunks(packed: Buffer, file: PackageFile, take: (chunk: Buffer) => void): Promise<void> {
  const inflate = createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES })
  inflate.end(packed)
  // What `take` throws may be the disk's error and must stay as it is; what the stream throws is the zip's.
  const chunks = inflate[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await chunks.next().catch((error: Error) => {
        throw damaged(file, error.message)
      })
      if (next.done) break
      take(next.value as Buffer)
    }
  } finally {
    inflate.destroy()
  }
  if (inflate.bytesWritten !== packed.length) throw damaged(file, 'bytes follow its compressed content')
}

function damaged(file: PackageFile, reason: string): PackageError {
  return new PackageError(`entry ${quote(file.path)}: the zip is damaged: ${reason}`)
}
