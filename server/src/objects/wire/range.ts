/** `Range: bytes=…` as objects have it: one range, and one that cannot be is no range, unless standard behaviour is asked for. Pure. */
import { OssError, type ByteRange } from '../port.ts'

/** Null: the whole object. Throws InvalidRange, with standard behaviour only. */
export function readRange(header: string | undefined, size: number, isStandard: boolean): ByteRange | null {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  const range = bounds(match[1]!, match[2]!, size)
  if (range !== null && range.first <= range.last) {
    if (range.first >= 0 && range.last < size) return range
    if (isStandard && range.first < size)
      return { first: Math.max(range.first, 0), last: Math.min(range.last, size - 1) }
  } else if (!isStandard || match[1] !== '') return null
  if (!isStandard) return null
  throw new OssError(
    'InvalidRange',
    'The requested range cannot be satisfied.',
    { ActualObjectSize: String(size), RangeHeader: header! },
    { 'content-range': `bytes */${size}` },
  )
}

/** Null for a suffix of nothing. */
function bounds(first: string, last: string, size: number): ByteRange | null {
  if (first !== '')
    return { first: Number(first), last: last === '' ? Math.max(size - 1, Number(first)) : Number(last) }
  return Number(last) === 0 ? null : { first: size - Number(last), last: size - 1 }
}
