/** A picture on its way through sharp (libvips): decoded, changed step by step, encoded. */
import sharp, { type Sharp } from 'sharp'
import { decodeBmp, encodeBmp, isBmp } from './bmp.ts'
import { badPicture } from './errors.ts'
import { jpegQuality } from './jpeg-quality.ts'
import { SOURCE_PIXELS_MAX, WORKING_PIXELS_MAX } from './limits.ts'
import type { ImageFormat, Size } from './operations.ts'
import { checkSource, type Output, type SourceFacts } from './plan.ts'
import type { Raster } from './raster.ts'
import { OssError } from '../errors.ts'

// Decoders of what OSS does not document stay shut, and whatever libvips has not declared safe.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((name) => `VipsForeignLoad${name}`),
})
// One job keeps one core busy; how many run at once is decided outside.
sharp.concurrency(1)
sharp.cache(false)

const FORMATS: Record<string, ImageFormat> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  tiff: 'tiff',
  heif: 'avif',
}
const PNG_COMPRESSION = 6
/** Of 9: more effort gains little and costs seconds. */
const AVIF_EFFORT = 2

export interface Opened {
  facts: SourceFacts
  exif: Buffer | undefined
  /** Frames: all of them, or the first. */
  pipeline(options: { frames: boolean; autoOrient: boolean }): Sharp
  /** Of an animation, for its writer. */
  timing: { delay?: number[]; loop?: number }
}

/** Reads the head only. ImageTooLarge; BadRequest for what is no picture. */
export async function openPicture(bytes: Buffer): Promise<Opened> {
  if (isBmp(bytes)) return openBmp(bytes)
  const head = await failingAsBadPicture(() => sharp(bytes, { limitInputPixels: false }).metadata())
  const format = FORMATS[head.format ?? '']
  if (format === undefined || (format === 'avif' && head.compression !== 'av1'))
    throw badPicture(`its format is ${head.format}`)
  const { width, height, pages = 1, orientation = 1 } = head
  // The pages of a TIFF are no frames.
  const frames = format === 'gif' || format === 'webp' ? pages : 1
  checkSource({ width, height, frames })
  return {
    facts: {
      ...{ width, height, format, frames },
      hasOrientation: orientation > 1,
      quality: format === 'jpg' ? jpegQuality(bytes) : undefined,
    },
    exif: head.exif,
    pipeline(options) {
      const input = { animated: options.frames, limitInputPixels: SOURCE_PIXELS_MAX, failOn: 'error' } as const
      const pipeline = sharp(bytes, input)
      return (options.autoOrient ? pipeline.autoOrient() : pipeline).toColourspace('srgb')
    },
    timing: {
      ...(head.delay === undefined ? {} : { delay: head.delay }),
      ...(head.loop === undefined ? {} : { loop: head.loop }),
    },
  }
}

function openBmp(bytes: Buffer): Opened {
  const raster = decodeBmp(bytes)
  const { width, height } = raster
  return {
    facts: { width, height, format: 'bmp', frames: 1, hasOrientation: false, quality: undefined },
    exif: undefined,
    pipeline: () => fromRaster(raster),
    timing: {},
  }
}

export function fromRaster({ data, width, height, channels, frames }: Raster): Sharp {
  return sharp(data, {
    limitInputPixels: false,
    animated: frames > 1,
    raw: { width, height, channels, ...(frames > 1 ? { pageHeight: height / frames } : {}) },
  })
}

/** Runs what the pipeline holds. */
export async function toRaster(pipeline: Sharp, frames: number): Promise<Raster> {
  const { data, info } = await failingAsBadPicture(() => pipeline.raw().toBuffer({ resolveWithObject: true }))
  return { data, width: info.width, height: info.height, channels: info.channels as 3 | 4, frames }
}

export function checkWorkingSize({ width, height }: Size): void {
  if (width * height > WORKING_PIXELS_MAX)
    throw new OssError(
      'ImageTooLarge',
      `a picture of ${width} × ${height} pixels can be resized and cropped first only; ${WORKING_PIXELS_MAX} pixels are processed`,
    )
}

export async function encode(raster: Raster, output: Output, timing: Opened['timing']): Promise<Buffer> {
  if (output.format === 'bmp') return encodeBmp(raster)
  return failingAsBadPicture(() => encoder(fromRaster(raster), raster.channels === 4, output, timing).toBuffer())
}

function encoder(pipeline: Sharp, hasAlpha: boolean, output: Output, timing: Opened['timing']): Sharp {
  const quality = output.quality === undefined ? {} : { quality: output.quality }
  switch (output.format) {
    case 'jpg': {
      const opaque = hasAlpha ? pipeline.flatten({ background: '#ffffff' }) : pipeline
      return opaque.jpeg({ ...quality, progressive: output.isProgressive })
    }
    case 'png':
      return pipeline.png({ compressionLevel: PNG_COMPRESSION })
    case 'webp':
      return pipeline.webp({ ...quality, ...timing })
    case 'gif':
      return pipeline.gif(timing)
    case 'tiff':
      return pipeline.tiff({ compression: 'lzw' })
    case 'avif':
      return pipeline.avif({ ...quality, effort: AVIF_EFFORT })
    default:
      throw new Error(`${output.format} is not written by libvips`)
  }
}

/** libvips says what it does not understand in its own words; it is the sender's picture all the same. */
async function failingAsBadPicture<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    throw badPicture((error as Error).message.split('\n')[0]!)
  }
}
