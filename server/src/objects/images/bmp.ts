/** Windows bitmaps, which libvips neither reads nor writes. */
import { decode } from 'bmp-ts'
import { badPicture } from './errors.ts'
import { checkSource } from './plan.ts'
import type { Raster } from './raster.ts'

const HEADER_BYTES_MIN = 54
const PALETTE_COLORS_MAX = 256
const FILE_HEADER_BYTES = 14
/** BITMAPINFOHEADER, and BITMAPV4HEADER, which alone says where alpha is. */
const INFO_HEADER_BYTES = 40
const V4_HEADER_BYTES = 108
const BIT_FIELDS = 3
/** 72 dots per inch. */
const PIXELS_PER_METRE = 2835
const SRGB = 0x73524742

export function isBmp(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES_MIN && bytes.toString('latin1', 0, 2) === 'BM'
}

/** Sizes are read and checked before anything is laid out for them. ImageTooLarge, BadRequest. */
export function decodeBmp(bytes: Buffer): Raster {
  checkSource({ width: bytes.readUInt32LE(18), height: Math.abs(bytes.readInt32LE(22)), frames: 1 })
  if (bytes.readUInt32LE(46) > PALETTE_COLORS_MAX) throw badPicture('its palette is too large')
  try {
    const { data, width, height } = decode(bytes, { toRGBA: true })
    return { data, width, height, channels: 4, frames: 1 }
  } catch (error) {
    throw badPicture((error as Error).message)
  }
}

/** 24 bits a pixel, or 32 where there is transparency. */
export function encodeBmp({ data, width, height, channels }: Raster): Buffer {
  const rowBytes = Math.ceil((width * channels) / 4) * 4
  const infoBytes = channels === 4 ? V4_HEADER_BYTES : INFO_HEADER_BYTES
  const offset = FILE_HEADER_BYTES + infoBytes
  const bytes = Buffer.alloc(offset + rowBytes * height)
  bytes.write('BM', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(offset, 10)
  bytes.writeUInt32LE(infoBytes, 14)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(channels * 8, 28)
  bytes.writeUInt32LE(channels === 4 ? BIT_FIELDS : 0, 30)
  bytes.writeUInt32LE(rowBytes * height, 34)
  bytes.writeInt32LE(PIXELS_PER_METRE, 38)
  bytes.writeInt32LE(PIXELS_PER_METRE, 42)
  if (channels === 4) {
    for (const [i, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries()) bytes.writeUInt32LE(mask, 54 + i * 4)
    bytes.writeUInt32LE(SRGB, 70)
  }
  for (let y = 0; y < height; y++) {
    // Rows stand from the bottom up, pixels as blue, green, red.
    let to = offset + (height - 1 - y) * rowBytes
    let from = y * width * channels
    for (let x = 0; x < width; x++) {
      bytes[to] = data[from + 2]!
      bytes[to + 1] = data[from + 1]!
      bytes[to + 2] = data[from]!
      if (channels === 4) bytes[to + 3] = data[from + 3]!
      to += channels
      from += channels
    }
  }
  return bytes
}
