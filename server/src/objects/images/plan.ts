/** From operations to steps that a picture of known size goes through, and how the result is written. Pure. */
import { OssError } from '../errors.ts'
import { circleSquare, cropRectangle, resizedSize, sliceRectangle, type Rectangle, type Resized } from './geometry.ts'
import { RESULT_PIXELS_MAX, RESULT_SIDE_MAX, ROTATED_SIDE_MAX, SOURCE_PIXELS_MAX, SOURCE_SIDE_MAX } from './limits.ts'
import type { ImageFormat, Operation, Size, Watermark } from './operations.ts'

export type Step =
  | ({ kind: 'resize'; color: string } & Resized)
  | ({ kind: 'crop' } & Rectangle)
  | { kind: 'round'; square: Rectangle | undefined; radius: number }
  | { kind: 'rotate'; degrees: number }
  | { kind: 'blur'; sigma: number }
  | { kind: 'linear'; slope: number; intercept: number }
  | { kind: 'sharpen'; strength: number }
  | { kind: 'watermark'; watermark: Watermark }

export interface SourceFacts extends Size {
  format: ImageFormat
  frames: number
  hasOrientation: boolean
  /** Of a JPEG, as its tables tell; undefined: not known. */
  quality: number | undefined
}

export interface Output {
  format: ImageFormat
  quality: number | undefined
  isProgressive: boolean
}

const QUALITY_DEFAULT = 90
/** Beyond it every pixel is black or white anyway. */
const SLOPE_MAX = 255

/** ImageTooLarge. */
export function checkSource({ width, height, frames }: Size & { frames: number }): void {
  if (Math.max(width, height) > SOURCE_SIDE_MAX)
    throw tooLarge(`the picture has ${width} × ${height} pixels; a side has at most ${SOURCE_SIDE_MAX}`)
  if (width * height * frames > SOURCE_PIXELS_MAX)
    throw tooLarge(`the picture has more than ${SOURCE_PIXELS_MAX} pixels (width × height × frames)`)
}

/** ImageTooLarge. */
export function checkResult({ width, height }: Size): void {
  if (Math.max(width, height) > RESULT_SIDE_MAX || width * height > RESULT_PIXELS_MAX)
    throw tooLarge(
      `the result would have ${width} × ${height} pixels; at most ${RESULT_SIDE_MAX} a side and ${RESULT_PIXELS_MAX} in all are made`,
    )
}

const tooLarge = (message: string) => new OssError('ImageTooLarge', message)

/** What is next for a picture of this size; undefined: nothing changes. `main`: what a watermark's image goes on. */
export function stepOf(operation: Operation, size: Size, main: Size | undefined): Step | undefined {
  switch (operation.kind) {
    case 'resize': {
      const resized = resizedSize(size, operation, main)
      if (resized === undefined) return undefined
      checkResult(resized)
      return { kind: 'resize', color: operation.color, ...resized }
    }
    case 'crop':
      return { kind: 'crop', ...cropRectangle(size, operation) }
    case 'indexcrop': {
      const slice = sliceRectangle(size, operation)
      return slice && { kind: 'crop', ...slice }
    }
    case 'circle': {
      const square = circleSquare(size, operation.radius)
      return { kind: 'round', square, radius: square.width / 2 }
    }
    case 'rounded-corners':
      return { kind: 'round', square: undefined, radius: Math.min(operation.radius, size.width / 2, size.height / 2) }
    case 'rotate':
      if (operation.degrees % 360 === 0) return undefined
      if (Math.max(size.width, size.height) > ROTATED_SIDE_MAX)
        throw tooLarge(
          `a picture of ${size.width} × ${size.height} pixels is not rotated; a side has at most ${ROTATED_SIDE_MAX}`,
        )
      return { kind: 'rotate', degrees: operation.degrees }
    case 'blur':
      return { kind: 'blur', sigma: windowedSigma(operation.radius, operation.sigma) }
    case 'bright':
      return { kind: 'linear', slope: 1 + operation.amount / 100, intercept: 0 }
    case 'contrast': {
      const slope = Math.min(SLOPE_MAX, Math.tan(((operation.amount / 100 + 1) * Math.PI) / 4))
      return { kind: 'linear', slope, intercept: 127.5 * (1 - slope) }
    }
    case 'sharpen':
      return { kind: 'sharpen', strength: operation.amount / 100 }
    case 'watermark':
      return { kind: 'watermark', watermark: operation }
    default:
      return undefined
  }
}

/** Standard deviation of a Gaussian that is cut off `radius` pixels from its middle. */
export function windowedSigma(radius: number, sigma: number): number {
  let weight = 1
  let spread = 0
  for (let distance = 1; distance <= radius; distance++) {
    const share = 2 * Math.exp(-(distance ** 2) / (2 * sigma ** 2))
    weight += share
    spread += share * distance ** 2
  }
  return Math.sqrt(spread / weight)
}

/** A picture is turned as its camera says before anything else, wherever that operation stands. */
export function isAutoOriented(operations: readonly Operation[]): boolean {
  return operations.findLast((operation) => operation.kind === 'auto-orient')?.isOn ?? false
}

/** Frames are kept by what leaves a picture's frame alone, where the result can hold them. */
export function keepsFrames(operations: readonly Operation[], source: SourceFacts): boolean {
  const { format } = outputOf(operations, source)
  const kinds = ['resize', 'crop', 'indexcrop', 'quality', 'format', 'interlace']
  return source.frames > 1 && ['gif', 'webp'].includes(format) && operations.every(({ kind }) => kinds.includes(kind))
}

/** The last word on format, quality and interlacing counts. */
export function outputOf(operations: readonly Operation[], source: SourceFacts): Output {
  const asked = operations.findLast((operation) => operation.kind === 'format')?.format
  // As documented: a picture becomes a GIF only when it is one.
  const format = asked === undefined || (asked === 'gif' && source.format !== 'gif') ? source.format : asked
  const isProgressive = operations.findLast((operation) => operation.kind === 'interlace')?.isOn ?? false
  return { format, quality: qualityOf(operations, source, format), isProgressive: format === 'jpg' && isProgressive }
}

/** Relative to the quality of a JPEG source, never above it; of others nobody knows it, and it counts as 100. */
function qualityOf(operations: readonly Operation[], source: SourceFacts, format: ImageFormat): number | undefined {
  if (format !== 'jpg' && format !== 'webp' && format !== 'avif') return undefined
  const known = source.format === 'jpg' ? source.quality : undefined
  const asked = operations.findLast((operation) => operation.kind === 'quality')
  if (asked === undefined) return known ?? (format === 'jpg' ? QUALITY_DEFAULT : undefined)
  const best = format === 'jpg' ? (known ?? 100) : 100
  if (asked.absolute !== undefined) return Math.min(asked.absolute, best)
  return Math.max(1, Math.round((best * asked.relative!) / 100))
}

/** Whether the bytes of the source are the answer already. */
export function isUntouched(operations: readonly Operation[], source: SourceFacts): boolean {
  const turns = isAutoOriented(operations) && source.hasOrientation
  const rewrites = operations.some(({ kind }) => kind === 'quality' || kind === 'interlace')
  const steps = operations.some((operation) => stepOf(operation, source, undefined) !== undefined)
  return !turns && !rewrites && !steps && outputOf(operations, source).format === source.format
}
