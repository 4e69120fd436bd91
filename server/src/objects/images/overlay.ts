/** Watermarks: what is laid over a picture, made ready. */
import sharp from 'sharp'
import { OssError } from '../errors.ts'
import { sideBySide } from './geometry.ts'
import type { Size, Watermark, WatermarkText } from './operations.ts'
import { fromRaster, toRaster } from './picture.ts'
import { fade, type Raster } from './raster.ts'

/** Pango counts in points; at this resolution a point is a pixel. */
const TEXT_DPI = 72
/** How far a shadow falls, as part of the text's size. */
const SHADOW_OFFSET = 0.05
const CLEAR = { r: 0, g: 0, b: 0, alpha: 0 }

/** Text, image or both side by side, as RGBA; `renderImage` brings the watermark's own picture. */
export async function watermarkOverlay(watermark: Watermark, renderImage: () => Promise<Raster>): Promise<Raster> {
  const text = watermark.text === undefined ? undefined : await textRaster(watermark.text)
  const image = watermark.image === undefined ? undefined : await renderImage()
  const overlay = text && image ? await joined(text, image, watermark) : (text ?? image)!
  fade(overlay, watermark.opacityPercent)
  return overlay
}

async function textRaster({ text, font, color, sizePx, shadowPercent, degrees }: WatermarkText): Promise<Raster> {
  const plain = await drawn(text, font, sizePx, color)
  const shaded = shadowPercent === 0 ? plain : await withShadow(plain, text, font, sizePx, shadowPercent)
  if (degrees % 360 === 0) return shaded
  return toRaster(fromRaster(shaded).rotate(degrees, { background: CLEAR }), 1)
}

async function drawn(text: string, font: string, sizePx: number, color: string): Promise<Raster> {
  const markup = `<span foreground="#${color}">${escapeMarkup(text)}</span>`
  try {
    return await toRaster(
      sharp({ text: { text: markup, font: `${font} ${sizePx}`, dpi: TEXT_DPI, rgba: true } }).toColourspace('srgb'),
      1,
    )
  } catch (error) {
    throw new OssError('WatermarkError', `the text cannot be drawn: ${(error as Error).message}`)
  }
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;' }
function escapeMarkup(text: string): string {
  // Control characters are no text that markup may hold.
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  return text.replaceAll(/[\0-\x08\x0b-\x1f]/g, ' ').replaceAll(/[&<>'"]/g, (character) => ESCAPES[character]!)
}

async function withShadow(
  plain: Raster,
  text: string,
  font: string,
  sizePx: number,
  shadowPercent: number,
): Promise<Raster> {
  const shadow = await drawn(text, font, sizePx, '000000')
  fade(shadow, shadowPercent)
  const offset = Math.max(1, Math.round(sizePx * SHADOW_OFFSET))
  const size = { width: plain.width + offset, height: plain.height + offset }
  return canvas(size, [
    { raster: shadow, left: offset, top: offset },
    { raster: plain, left: 0, top: 0 },
  ])
}

async function joined(text: Raster, image: Raster, watermark: Watermark): Promise<Raster> {
  const [first, second] = watermark.imageFirst ? [image, text] : [text, image]
  const { size, places } = sideBySide(first, second, watermark)
  return canvas(size, [
    { raster: first, ...places[0] },
    { raster: second, ...places[1] },
  ])
}

async function canvas(size: Size, parts: readonly { raster: Raster; left: number; top: number }[]): Promise<Raster> {
  const layers = parts.map(({ raster, left, top }) => ({ ...layerOf(raster), left, top }))
  return toRaster(sharp({ create: { ...size, channels: 4, background: CLEAR } }).composite(layers), 1)
}

/** As sharp's `composite` takes it. */
export function layerOf({ data, width, height, channels }: Raster) {
  return { input: data, raw: { width, height, channels } }
}
