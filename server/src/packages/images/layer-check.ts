/** Whether the layers of an image may be unpacked, before a byte of them is written. */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { quote } from '../limits.ts'
import { gigabytes, ImageError, OWNERS_MAX, type ImageLimits } from './limits.ts'
import { TarReader, type TarHeader } from './tar-reader.ts'

/** What a file takes beside its content: an inode, and the rest of its last block. */
const ENTRY_BYTES = 4096
/** Regular file, hard and symbolic link, folder, pipe; the old format's and the contiguous file are regular ones. */
const ACCEPTED_TYPES = new Set(['0', '1', '2', '5', '6', '7'])

export interface LayerFile {
  path: string
  isCompressed: boolean
}

/** Resolves to what unpacking takes, in bytes; rejects with ImageError. */
export async function checkLayers(layers: readonly LayerFile[], limits: ImageLimits): Promise<number> {
  const tally = new LayerTally(limits)
  for (const { path, isCompressed } of layers) {
    const reader = new TarReader((header) => tally.add(header))
    const read = async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) reader.push(chunk)
      reader.end()
    }
    try {
      await (isCompressed
        ? pipeline(createReadStream(path), createGunzip(), read)
        : pipeline(createReadStream(path), read))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith('Z_')) {
        throw new ImageError('a layer is not compressed as its media type says', { cause: error })
      }
      throw error
    }
  }
  return tally.sizeBytes
}

class LayerTally {
  readonly #limits: ImageLimits
  #contentBytes = 0
  #entries = 0

  constructor(limits: ImageLimits) {
    this.#limits = limits
  }

  get sizeBytes(): number {
    return this.#contentBytes + this.#entries * ENTRY_BYTES
  }

  add({ name, type, sizeBytes, uid, gid }: TarHeader): void {
    const { unpackedBytesMax, entriesMax } = this.#limits
    this.#entries++
    this.#contentBytes += sizeBytes
    if (this.#entries > entriesMax) throw new ImageError(`it has more than ${entriesMax} files`)
    if (this.#contentBytes > unpackedBytesMax) {
      throw new ImageError(`it unpacks to more than ${gigabytes(unpackedBytesMax)}`)
    }
    if (name.includes('\0') || name.split('/').includes('..')) {
      throw new ImageError(`a layer holds ${quote(name)}, a path that leaves the image`)
    }
    // Instances have a /dev of their own above that of the image.
    const isHidden = /^(\.?\/)*dev\//.test(name) && (type === '3' || type === '4')
    if (!ACCEPTED_TYPES.has(type) && !isHidden) {
      const kind = type === '3' || type === '4' ? 'a device' : `of type ${quote(type)}`
      throw new ImageError(`${quote(name)} in a layer is ${kind}, which is not accepted`)
    }
    if (uid >= OWNERS_MAX || gid >= OWNERS_MAX) {
      throw new ImageError(
        `${quote(name)} in a layer belongs to user ${uid}, group ${gid}; ids go up to ${OWNERS_MAX - 1}`,
      )
    }
  }
}
