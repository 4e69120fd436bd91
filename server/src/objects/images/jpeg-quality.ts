/** The quality that a JPEG was written with, from its quantisation tables, which libjpeg scales by it. Pure. */

/** Luminance, Annex K.1 of the JPEG standard: the sum of its 64 values, which is what scaling changes. */
const STANDARD_SUM = 3688

const MARKER = 0xff
const START_OF_SCAN = 0xda
const QUANTISATION_TABLES = 0xdb
const VALUES = 64

/** 1 to 100, below 25 told higher, since values end at 255; undefined when no table of luminance is found. */
export function jpegQuality(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== MARKER) return undefined
    const kind = bytes[at + 1]!
    const length = view.getUint16(at + 2)
    if (kind === START_OF_SCAN || length < 2) return undefined
    if (kind === QUANTISATION_TABLES) {
      const sum = luminanceSum(view, at + 4, Math.min(at + 2 + length, bytes.length))
      if (sum !== undefined) return qualityOfSum(sum)
    }
    at += 2 + length
  }
  return undefined
}

/** Of table 0 within the segment. */
function luminanceSum(view: DataView, start: number, end: number): number | undefined {
  for (let at = start; at < end;) {
    const head = view.getUint8(at)
    const width = head >> 4 === 0 ? 1 : 2
    const next = at + 1 + VALUES * width
    if (next > end) return undefined
    if ((head & 15) === 0) {
      let sum = 0
      for (let i = at + 1; i < next; i += width) sum += width === 1 ? view.getUint8(i) : view.getUint16(i)
      return sum
    }
    at = next
  }
  return undefined
}

/** libjpeg scales its table by 5000 / quality percent below 50, by 200 − 2 × quality from there. */
function qualityOfSum(sum: number): number {
  const percent = (sum / STANDARD_SUM) * 100
  const quality = percent <= 100 ? (200 - percent) / 2 : 5000 / percent
  return Math.min(100, Math.max(1, Math.round(quality)))
}
