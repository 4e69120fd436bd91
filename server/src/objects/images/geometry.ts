/** Sizes and places: what each operation means for a picture of a given size. Pure. */
import { OssError } from '../errors.ts'
import type { Crop, Gravity, IndexCrop, Resize, Size, Watermark } from './operations.ts'
import { invalidProcess } from './parameters.ts'

export interface Rectangle extends Size {
  left: number
  top: number
}

export interface Resized extends Size {
  /** How the picture comes to this size: stretched, covering it with the rest cut off, or within it and padded. */
  fit: 'fill' | 'cover' | 'contain'
}

const scaled = (value: number, factor: number) => Math.max(1, Math.round(value * factor))
const scaledSize = ({ width, height }: Size, factor: number): Size => ({
  width: scaled(width, factor),
  height: scaled(height, factor),
})

/** Undefined: the picture stays as it is. `main`: what a watermark goes on. */
export function resizedSize(source: Size, resize: Resize, main: Size | undefined): Resized | undefined {
  if (resize.percentOfMain !== undefined) {
    if (main === undefined) throw invalidProcess('resize: P is for the image of a watermark; give p')
    const share = resize.percentOfMain / 100
    const factor = Math.min((main.width * share) / source.width, (main.height * share) / source.height)
    return { ...scaledSize(source, factor), fit: 'fill' }
  }
  const target = resize.percent === undefined ? targetOf(source, resize) : ratioTarget(source, resize.percent / 100)
  const isEnlarged = target.factor > 1
  return isEnlarged && !resize.mayEnlarge ? undefined : target.resized
}

interface Target {
  /** Of the longest stretch that the picture goes through. */
  factor: number
  resized: Resized
}

function ratioTarget(source: Size, factor: number): Target {
  return { factor, resized: { ...scaledSize(source, factor), fit: 'fill' } }
}

function targetOf(source: Size, resize: Resize): Target {
  const { width, height } = boxOf(source, resize)
  if (resize.mode === 'fixed') {
    // One side given: the result is a square, as OSS documents it.
    const size = { width: width ?? height!, height: height ?? width! }
    return {
      factor: Math.max(size.width / source.width, size.height / source.height),
      resized: { ...size, fit: 'fill' },
    }
  }
  const factors = [width, height].flatMap((side, i) =>
    side === undefined ? [] : [side / (i === 0 ? source.width : source.height)],
  )
  const covers = resize.mode === 'mfit' || resize.mode === 'fill'
  const factor = covers ? Math.max(...factors) : Math.min(...factors)
  const hasBox = width !== undefined && height !== undefined
  if (resize.mode === 'fill' && hasBox) return { factor, resized: { width, height, fit: 'cover' } }
  if (resize.mode === 'pad' && hasBox) return { factor, resized: { width, height, fit: 'contain' } }
  return ratioTarget(source, factor)
}

/** `l` and `s` are sides of the box turned as the picture is; `w` and `h` win. */
function boxOf(source: Size, { width, height, longSide, shortSide }: Resize) {
  const isLandscape = source.width >= source.height
  return {
    width: width ?? (isLandscape ? longSide : shortSide),
    height: height ?? (isLandscape ? shortSide : longSide),
  }
}

/** Where a rectangle lies in a picture: 0, the middle or the far end, by the gravity's column and row. */
function aligned(space: number, gravity: Gravity, near: readonly Gravity[], far: readonly Gravity[]): number {
  if (near.includes(gravity)) return 0
  return far.includes(gravity) ? space : Math.floor(space / 2)
}
const alignedLeft = (space: number, gravity: Gravity) =>
  aligned(space, gravity, ['nw', 'west', 'sw'], ['ne', 'east', 'se'])
const alignedTop = (space: number, gravity: Gravity) =>
  aligned(space, gravity, ['nw', 'north', 'ne'], ['sw', 'south', 'se'])

/** Cut at the edges of the picture. BadRequest when it begins beyond them. */
export function cropRectangle(source: Size, crop: Crop): Rectangle {
  const wanted = {
    width: Math.min(crop.width ?? source.width, source.width),
    height: Math.min(crop.height ?? source.height, source.height),
  }
  const left = alignedLeft(source.width - wanted.width, crop.gravity) + crop.x
  const top = alignedTop(source.height - wanted.height, crop.gravity) + crop.y
  if (left >= source.width || top >= source.height)
    throw new OssError('BadRequest', "Advance cut's position is out of image.")
  return {
    left,
    top,
    width: Math.min(wanted.width, source.width - left),
    height: Math.min(wanted.height, source.height - top),
  }
}

/** Undefined: there is no such slice, and the picture stays whole. */
export function sliceRectangle(source: Size, { axis, length, index }: IndexCrop): Rectangle | undefined {
  const whole = axis === 'x' ? source.width : source.height
  const start = length * index
  if (start >= whole) return undefined
  const extent = Math.min(length, whole - start)
  return axis === 'x'
    ? { left: start, top: 0, width: extent, height: source.height }
    : { left: 0, top: start, width: source.width, height: extent }
}

/** The square around the circle in the middle of the picture. */
export function circleSquare(source: Size, radius: number): Rectangle {
  const side = Math.min(radius * 2, source.width, source.height)
  return {
    left: Math.floor((source.width - side) / 2),
    top: Math.floor((source.height - side) / 2),
    width: side,
    height: side,
  }
}

/** Where a watermark of `overlay` goes; parts may lie outside. Margins count from the edges that gravity names. */
export function watermarkPlace(
  main: Size,
  overlay: Size,
  { gravity, x, y, verticalOffset }: Pick<Watermark, 'gravity' | 'x' | 'y' | 'verticalOffset'>,
): { left: number; top: number } {
  const left = alignedLeft(main.width - overlay.width, gravity)
  const top = alignedTop(main.height - overlay.height, gravity)
  const isMiddleColumn = ['north', 'center', 'south'].includes(gravity)
  const isMiddleRow = ['west', 'center', 'east'].includes(gravity)
  const inward = (from: number, margin: number, isFar: boolean) => from + (isFar ? -margin : margin)
  return {
    left: isMiddleColumn ? left : inward(left, x, ['ne', 'east', 'se'].includes(gravity)),
    top: isMiddleRow ? top + verticalOffset : inward(top, y, ['sw', 'south', 'se'].includes(gravity)),
  }
}

/** How text and image of one watermark stand side by side. */
export function sideBySide(
  first: Size,
  second: Size,
  { align, interval }: Pick<Watermark, 'align' | 'interval'>,
): { size: Size; places: readonly [{ left: number; top: number }, { left: number; top: number }] } {
  const height = Math.max(first.height, second.height)
  const top = (part: Size) => {
    if (align === 'top') return 0
    return align === 'bottom' ? height - part.height : Math.floor((height - part.height) / 2)
  }
  const left = first.width + interval
  return {
    size: { width: left + second.width, height },
    places: [
      { left: 0, top: top(first) },
      { left, top: top(second) },
    ],
  }
}
