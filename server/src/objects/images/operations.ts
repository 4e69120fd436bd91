/** What `x-oss-process` may ask of a picture, as the parser hands it on. */

export interface Size {
  width: number
  height: number
}

export const GRAVITIES = ['nw', 'north', 'ne', 'west', 'center', 'east', 'sw', 'south', 'se'] as const
export type Gravity = (typeof GRAVITIES)[number]

export const RESIZE_MODES = ['lfit', 'mfit', 'fill', 'pad', 'fixed'] as const
export type ResizeMode = (typeof RESIZE_MODES)[number]

export const IMAGE_FORMATS = ['jpg', 'png', 'webp', 'bmp', 'gif', 'tiff', 'avif'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

export interface Resize {
  kind: 'resize'
  mode: ResizeMode
  width: number | undefined
  height: number | undefined
  longSide: number | undefined
  shortSide: number | undefined
  percent: number | undefined
  /** Of the picture that a watermark goes on; watermarks only. */
  percentOfMain: number | undefined
  mayEnlarge: boolean
  /** RRGGBB of what is added by `pad`. */
  color: string
}

export interface Crop {
  kind: 'crop'
  /** Undefined: as far as the picture goes. */
  width: number | undefined
  height: number | undefined
  x: number
  y: number
  gravity: Gravity
}

export interface IndexCrop {
  kind: 'indexcrop'
  axis: 'x' | 'y'
  length: number
  index: number
}

export interface WatermarkText {
  text: string
  font: string
  color: string
  sizePx: number
  shadowPercent: number
  degrees: number
  isTiled: boolean
}

export interface WatermarkImage {
  key: string
  operations: Operation[]
}

export interface Watermark {
  kind: 'watermark'
  text: WatermarkText | undefined
  image: WatermarkImage | undefined
  opacityPercent: number
  gravity: Gravity
  x: number
  y: number
  verticalOffset: number
  /** Where there are both: the picture stands before the text. */
  imageFirst: boolean
  align: 'top' | 'center' | 'bottom'
  interval: number
}

export type Operation =
  | Resize
  | Crop
  | IndexCrop
  | Watermark
  | { kind: 'circle' | 'rounded-corners'; radius: number }
  | { kind: 'rotate'; degrees: number }
  | { kind: 'auto-orient'; isOn: boolean }
  | { kind: 'interlace'; isOn: boolean }
  | { kind: 'blur'; radius: number; sigma: number }
  | { kind: 'bright' | 'contrast' | 'sharpen'; amount: number }
  | { kind: 'quality'; relative: number | undefined; absolute: number | undefined }
  | { kind: 'format'; format: ImageFormat }

/** What is asked of a picture: another picture, or something about it. */
export type ImageRequest =
  | { kind: 'picture'; operations: Operation[] }
  | { kind: 'info' }
  | { kind: 'average-hue' }
  | { kind: 'style'; name: string }
