/** Keys are ordered as their UTF-8 bytes, in both databases; this turns a range into the tightest bounds on a key. */
import { FcError } from '../errors.ts'
import type { ListRange } from './port.ts'

/** Longest key in UTF-8 bytes; PostgreSQL cannot index much more than twice as many. */
export const KEY_BYTES_MAX = 1024

export interface KeyBound {
  key: string
  inclusive: boolean
}

export interface KeyBounds {
  low: KeyBound | undefined
  high: KeyBound | undefined
}

/** Whether both databases can hold the text: no NUL, no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

export function isKey(key: string): boolean {
  return key !== '' && isStorable(key) && Buffer.byteLength(key) <= KEY_BYTES_MAX
}

export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/**
 * The least text that is greater than every text starting with `prefix`; undefined when there is none.
 * UTF-8 orders as code points do, so it is the prefix with its last code point raised by one.
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix)
  while (points.length > 0) {
    const last = points.pop()!.codePointAt(0)!
    if (last === 0x10ffff) continue
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return points.join('') + String.fromCodePoint(next)
  }
  return undefined
}

/** Throws FcError InvalidArgument for a text that no key can start with. */
export function keyBounds({ prefix = '', from, after, descending = false }: ListRange): KeyBounds {
  for (const [name, text] of Object.entries({ prefix, from, after })) {
    if (text !== undefined && !isStorable(text)) {
      throw new FcError('InvalidArgument', `${name} must be Unicode text without NUL characters`)
    }
  }
  const start = after === undefined ? bound(from, true) : bound(after, false)
  const prefixLow = prefix === '' ? undefined : bound(prefix, true)
  const prefixHigh = bound(afterPrefix(prefix), false)
  return descending
    ? { low: prefixLow, high: tighter(prefixHigh, start, -1) }
    : { low: tighter(prefixLow, start, 1), high: prefixHigh }
}

function bound(key: string | undefined, inclusive: boolean): KeyBound | undefined {
  return key === undefined ? undefined : { key, inclusive }
}

/** The bound that lets less through; `direction` is 1 for lower bounds, -1 for upper ones. */
function tighter(a: KeyBound | undefined, b: KeyBound | undefined, direction: 1 | -1): KeyBound | undefined {
  if (!a || !b) return a ?? b
  const order = compareKeys(a.key, b.key) * direction
  if (order === 0) return a.inclusive ? b : a
  return order > 0 ? a : b
}
