/**
 * Pages of a list in key order with keys that share a prefix up to a delimiter shown as one. A common prefix is skipped by
 * a jump to the first key behind it, so a page costs what it shows and not what lies below the prefixes.
 */

export interface Walk {
  prefix: string
  /** Empty: none. */
  delimiter: string
  limit: number
}

export interface Walked<Row> {
  rows: Row[]
  commonPrefixes: string[]
  /** Whether something follows the page. */
  hasMore: boolean
  /** The last row or common prefix of the page; null when it is empty. */
  last: Row | string | null
}

/** `rowsFrom`: rows of the prefix in key order, from this key on. */
export function walk<Row extends { key: string }>(
  { prefix, delimiter, limit }: Walk,
  start: Iterable<Row>,
  rowsFrom: (key: string) => Iterable<Row>,
): Walked<Row> {
  const page: Walked<Row> = { rows: [], commonPrefixes: [], hasMore: false, last: null }
  let source: Iterable<Row> | undefined = start
  while (source !== undefined) {
    let common: string | undefined
    for (const row of source) {
      if (page.rows.length + page.commonPrefixes.length >= limit) {
        page.hasMore = limit > 0
        return page
      }
      common = commonPrefix(row.key, prefix, delimiter)
      if (common !== undefined) break
      page.rows.push(row)
      page.last = row
    }
    if (common === undefined) return page
    page.commonPrefixes.push(common)
    page.last = common
    const next = keyBehind(common)
    source = next === undefined ? undefined : rowsFrom(next)
  }
  return page
}

/**
 * The key from which a page begins that follows `after`: behind the whole common prefix that `after` is, or lies in.
 * Undefined: nothing can follow.
 */
export function keyAfter(after: string, prefix: string, delimiter: string): string | undefined {
  if (after === '') return ''
  const common = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : undefined
  return common === undefined ? `${after}\0` : keyBehind(common)
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : key.slice(0, at + delimiter.length)
}

const LAST_CODE_POINT = 0x10ffff
const SURROGATES_FIRST = 0xd800
const SURROGATES_LAST = 0xdfff

/** The least text that is greater than every text with this prefix, in the order of UTF-8; undefined: there is none. */
export function keyBehind(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (points.at(-1) === LAST_CODE_POINT) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Surrogates are no characters of UTF-8.
  points.push(last + 1 === SURROGATES_FIRST ? SURROGATES_LAST + 1 : last + 1)
  return String.fromCodePoint(...points)
}
