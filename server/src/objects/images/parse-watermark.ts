/** Watermarks: text, a picture of the same bucket, or both side by side. Pure. */
import { OssError } from '../errors.ts'
import { WATERMARK_TEXT_LENGTH_MAX, WATERMARK_TEXT_WIDTH_MAX } from './limits.ts'
import { GRAVITIES, type Operation, type Watermark, type WatermarkImage, type WatermarkText } from './operations.ts'
import { invalidProcess, type Parameters } from './parameters.ts'

/** By the names of OSS. What the host has not got is replaced by a font that it has. */
const FONTS: Record<string, string> = {
  'wqy-zenhei': 'WenQuanYi Zen Hei',
  'wqy-microhei': 'WenQuanYi Micro Hei',
  fangzhengshusong: 'FZShuSong-Z01',
  fangzhengkaiti: 'FZKai-Z03',
  fangzhengheiti: 'FZHei-B01',
  fangzhengfangsong: 'FZFangSong-Z02',
  droidsansfallback: 'Droid Sans Fallback',
}
const ALIGNS = ['top', 'center', 'bottom'] as const
const PROCESS_QUERY = '?x-oss-process=image/'
/** What OSS lets a watermark's own picture go through. */
const NESTED_KINDS = ['resize', 'crop', 'indexcrop', 'rounded-corners', 'rotate']

export function parseWatermark(p: Parameters, parseOperations: (text: string) => Operation[]): Watermark {
  const text = parseText(p)
  const imageSource = p.base64('image')
  const image = imageSource === undefined ? undefined : parseImage(imageSource, parseOperations)
  if (text === undefined && image === undefined) throw new OssError('MissingArgument', 'watermark: give text or image')
  return {
    kind: 'watermark',
    text,
    image,
    opacityPercent: p.integer('t', 0, 100) ?? 100,
    gravity: p.oneOf('g', GRAVITIES) ?? 'se',
    x: p.integer('x', 0, 4096) ?? 10,
    y: p.integer('y', 0, 4096) ?? 10,
    verticalOffset: p.integer('voffset', -1000, 1000) ?? 0,
    imageFirst: p.oneOf('order', ['0', '1']) !== '1',
    align: ALIGNS[p.integer('align', 0, 2) ?? 2]!,
    interval: p.integer('interval', 0, 1000) ?? 0,
  }
}

/** Reads every parameter of text, so that they are known also where they have no text to go with. */
function parseText(p: Parameters): WatermarkText | undefined {
  const text = p.base64('text')
  const type = p.base64('type') ?? 'wqy-zenhei'
  const font = Object.hasOwn(FONTS, type) ? FONTS[type] : undefined
  if (font === undefined)
    throw invalidProcess(`watermark: type is '${type}'; give one of ${Object.keys(FONTS).join(', ')}`)
  const style = {
    font,
    color: p.color('color') ?? '000000',
    sizePx: p.integer('size', 1, 1000) ?? 40,
    shadowPercent: p.integer('shadow', 0, 100) ?? 0,
    degrees: p.integer('rotate', 0, 360) ?? 0,
    isTiled: p.oneOf('fill', ['0', '1']) === '1',
  }
  if (text === undefined) return undefined
  const { length } = Array.from(text)
  if (length > WATERMARK_TEXT_LENGTH_MAX)
    throw invalidProcess(`watermark: text has ${length} characters; give at most ${WATERMARK_TEXT_LENGTH_MAX}`)
  if (length * style.sizePx > WATERMARK_TEXT_WIDTH_MAX)
    throw new OssError('WatermarkError', `the text would be wider than ${WATERMARK_TEXT_WIDTH_MAX} pixels`)
  return { text, ...style }
}

function parseImage(source: string, parseOperations: (text: string) => Operation[]): WatermarkImage {
  const at = source.indexOf(PROCESS_QUERY)
  if (at < 0) return { key: source, operations: [] }
  const operations = parseOperations(source.slice(at + PROCESS_QUERY.length))
  const other = operations.find(({ kind }) => !NESTED_KINDS.includes(kind))
  if (other !== undefined)
    throw invalidProcess(`watermark: its image cannot go through ${other.kind}; there are ${NESTED_KINDS.join(', ')}`)
  return { key: source.slice(0, at), operations }
}
