/** Carries out what was asked of a picture. */
import type { Sharp } from 'sharp'
import { OssError } from '../errors.ts'
import { exifFields } from './exif.ts'
import { watermarkPlace } from './geometry.ts'
import type { ImageFormat, ImageRequest, Operation, Size, Watermark } from './operations.ts'
import { layerOf, watermarkOverlay } from './overlay.ts'
import { checkWorkingSize, encode, fromRaster, openPicture, toRaster, type Opened } from './picture.ts'
import { checkResult, isAutoOriented, isUntouched, keepsFrames, outputOf, stepOf, type Step } from './plan.ts'
import { roundCorners, visiblePart, type Raster } from './raster.ts'

export interface RenderJob {
  request: Exclude<ImageRequest, { kind: 'style' }>
  source: Buffer
  /** By key: what the watermarks of the request show. */
  watermarks: ReadonlyMap<string, Buffer>
}

export interface Rendered {
  /** Null: the source is the answer as it is. */
  body: Buffer | null
  contentType: string
  width: number
  height: number
}

const CONTENT_TYPES: Record<ImageFormat, string> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  bmp: 'image/bmp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  avif: 'image/avif',
}
const CLEAR = { r: 0, g: 0, b: 0, alpha: 0 }

/** Rejects with OssError: BadRequest, ImageTooLarge, InvalidArgument, WatermarkError. */
export async function render({ request, source, watermarks }: RenderJob): Promise<Rendered> {
  const opened = await openPicture(source)
  const { facts } = opened
  if (request.kind === 'info') return asJson(infoOf(opened, source.length), facts)
  if (request.kind === 'average-hue') return asJson({ RGB: await averageHue(opened) }, facts)
  const { operations } = request
  const output = outputOf(operations, facts)
  if (isUntouched(operations, facts))
    return { body: null, contentType: CONTENT_TYPES[facts.format], width: facts.width, height: facts.height }
  const raster = await processed(opened, operations, undefined, watermarks)
  checkResult({ width: raster.width, height: raster.height / raster.frames })
  const body = await encode(raster, output, raster.frames > 1 ? opened.timing : {})
  return {
    body,
    contentType: CONTENT_TYPES[output.format],
    width: raster.width,
    height: raster.height / raster.frames,
  }
}

function asJson(value: unknown, { width, height }: Size): Rendered {
  return { body: Buffer.from(JSON.stringify(value)), contentType: 'application/json', width, height }
}

function infoOf({ facts, exif }: Opened, bytes: number): Record<string, { value: string }> {
  const fields = {
    ...(exif === undefined ? {} : exifFields(exif)),
    FileSize: `${bytes}`,
    Format: facts.format,
    ...(facts.frames > 1 ? { FrameCount: `${facts.frames}` } : {}),
    ImageHeight: `${facts.height}`,
    ImageWidth: `${facts.width}`,
  }
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([name, value]) => [name, { value }]))
}

/** Of what is left when the picture lies on white. */
async function averageHue(opened: Opened): Promise<string> {
  const pipeline = opened.pipeline({ frames: false, autoOrient: false })
  const { data } = await toRaster(
    pipeline.flatten({ background: '#ffffff' }).resize(1, 1, { fit: 'fill', kernel: 'linear' }),
    1,
  )
  return `0x${data.toString('hex', 0, 3)}`
}

/** `main`: the picture that this one is a watermark for. */
async function processed(
  opened: Opened,
  operations: readonly Operation[],
  main: Size | undefined,
  watermarks: RenderJob['watermarks'],
): Promise<Raster> {
  const frames = main === undefined && keepsFrames(operations, opened.facts) ? opened.facts.frames : 1
  const pipeline = opened.pipeline({ frames: frames > 1, autoOrient: isAutoOriented(operations) })
  let size = await sizeOf(opened, operations)
  let raster: Raster | undefined
  for (const operation of operations) {
    const step = stepOf(operation, size, main)
    if (step === undefined) continue
    if (raster === undefined && isReshape(step)) {
      raster = await toRaster(reshaped(pipeline, step), frames)
    } else {
      if (raster === undefined) checkWorkingSize(size)
      raster = await changed(raster ?? (await toRaster(pipeline, frames)), step, watermarks)
    }
    size = { width: raster.width, height: raster.height / frames }
  }
  if (raster !== undefined) return raster
  checkWorkingSize({ width: size.width, height: size.height * frames })
  return toRaster(pipeline, frames)
}

async function sizeOf(opened: Opened, operations: readonly Operation[]): Promise<Size> {
  if (!isAutoOriented(operations) || !opened.facts.hasOrientation) return opened.facts
  const { autoOrient } = await opened.pipeline({ frames: false, autoOrient: false }).metadata()
  return autoOrient
}

type Reshape = Step & { kind: 'resize' | 'crop' }
const isReshape = (step: Step): step is Reshape => step.kind === 'resize' || step.kind === 'crop'

/** Done while decoding where it comes first: libvips then reads a JPEG at a fraction of its size. */
function reshaped(pipeline: Sharp, step: Reshape) {
  if (step.kind === 'crop') return pipeline.extract(step)
  return pipeline.resize(step.width, step.height, { fit: step.fit, background: `#${step.color}` })
}

async function changed(raster: Raster, step: Step, watermarks: RenderJob['watermarks']): Promise<Raster> {
  const pipeline = fromRaster(raster)
  switch (step.kind) {
    case 'round': {
      const square = step.square === undefined ? pipeline : pipeline.extract(step.square)
      const rounded = await toRaster(square.ensureAlpha(), 1)
      roundCorners(rounded, step.radius)
      return rounded
    }
    case 'rotate':
      return toRaster(pipeline.ensureAlpha().rotate(step.degrees, { background: CLEAR }), 1)
    case 'blur':
      return toRaster(pipeline.blur(step.sigma), 1)
    case 'linear': {
      const colors = 3
      const slopes = Array.from({ length: raster.channels }, (_, i) => (i < colors ? step.slope : 1))
      const intercepts = Array.from({ length: raster.channels }, (_, i) => (i < colors ? step.intercept : 0))
      return toRaster(pipeline.linear(slopes, intercepts), 1)
    }
    case 'sharpen':
      return toRaster(pipeline.sharpen({ sigma: 1, m1: step.strength, m2: step.strength * 2 }), 1)
    case 'watermark':
      return watermarked(raster, step.watermark, watermarks)
    default:
      return toRaster(reshaped(pipeline, step), raster.frames)
  }
}

async function watermarked(raster: Raster, watermark: Watermark, watermarks: RenderJob['watermarks']): Promise<Raster> {
  const overlay = await watermarkOverlay(watermark, () => watermarkImage(watermark.image!, raster, watermarks))
  const isTiled = watermark.text?.isTiled === true
  if (isTiled) {
    const tile = await toRaster(
      fromRaster(overlay).extend({ right: watermark.x, bottom: watermark.y, background: CLEAR }),
      1,
    )
    const part = visiblePart(tile, { left: 0, top: 0 }, raster)!
    const cut = await toRaster(fromRaster(tile).extract(part.cut), 1)
    return toRaster(fromRaster(raster).composite([{ ...layerOf(cut), tile: true, gravity: 'northwest' }]), 1)
  }
  const part = visiblePart(overlay, watermarkPlace(raster, overlay, watermark), raster)
  if (part === undefined) return raster
  const cut = await toRaster(fromRaster(overlay).extract(part.cut), 1)
  return toRaster(fromRaster(raster).composite([{ ...layerOf(cut), left: part.left, top: part.top }]), 1)
}

async function watermarkImage(
  { key, operations }: NonNullable<Watermark['image']>,
  main: Size,
  watermarks: RenderJob['watermarks'],
): Promise<Raster> {
  const bytes = watermarks.get(key)
  if (bytes === undefined) throw new OssError('WatermarkError', `the watermark '${key}' was not read`)
  const opened = await openPicture(bytes)
  const raster = await processed(opened, operations, { width: main.width, height: main.height }, watermarks)
  return toRaster(fromRaster(raster).ensureAlpha(), 1)
}
