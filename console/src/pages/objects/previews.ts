/**
 * What of a bucket may be shown. Its objects are anybody's: only pictures that cannot carry scripts are given to the
 * browser as pictures, by their first bytes and not by what they say they are; everything else is text or not shown.
 */

export const PREVIEW_TEXT_BYTES_MAX = 64 * 1024
export const PREVIEW_IMAGE_BYTES_MAX = 20 * 1024 * 1024
/** So many bytes tell which picture it is. */
const SIGNATURE_BYTES = 16

export type Preview = 'image' | 'text' | 'none'

const TEXT_TYPE =
  /^(?:text\/|application\/(?:(?:[\w.-]+\+)?(?:json|xml|yaml)|javascript|x-ndjson|x-yaml|x-sh|toml|sql)\b)/i
const TEXT_NAME =
  /\.(?:txt|md|csv|tsv|json|ndjson|xml|svg|html?|css|[cm]?[jt]sx?|py|php|java|go|rs|rb|sh|ya?ml|toml|ini|conf|log|sql)$/i
const IMAGE_TYPE = /^image\/(?!svg)/i
const IMAGE_NAME = /\.(?:png|jpe?g|gif|webp|avif|bmp)$/i

/** What to try, by what an object says of itself. HTML and SVG are text. */
export function previewOf(contentType: string, key: string): Preview {
  const isUnsaid = contentType === '' || /^(?:application|binary)\/octet-stream\b/i.test(contentType)
  if (IMAGE_TYPE.test(contentType) || (isUnsaid && IMAGE_NAME.test(key))) return 'image'
  if (/^image\/svg/i.test(contentType) || TEXT_TYPE.test(contentType) || (isUnsaid && TEXT_NAME.test(key))) {
    return 'text'
  }
  return 'none'
}

/** The type of a picture by its first bytes; null when it is none that is shown. */
export function imageTypeOf(bytes: Uint8Array): string | null {
  const ascii = String.fromCharCode(...bytes.subarray(0, SIGNATURE_BYTES))
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (ascii.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (ascii.startsWith('GIF87a') || ascii.startsWith('GIF89a')) return 'image/gif'
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP') return 'image/webp'
  if (/^avi[fs]$/.test(ascii.slice(8, 12)) && ascii.slice(4, 8) === 'ftyp') return 'image/avif'
  if (ascii.startsWith('BM')) return 'image/bmp'
  return null
}

/** Text, or null for bytes that are none. The end may be torn, when only the beginning was read. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}
