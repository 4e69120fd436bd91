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
  /** The last row or common prefix of the page when something follows it. */
  next: Row | string | null
}

/**
 * `start`: the least key that the page may show, or its first rows themselves; undefined: none can follow.
 * `rowsFrom`: rows of the prefix in key order, from a key on, read as far as they are needed.
 */
export function walk<Row extends { key: string }>(
  { prefix, delimiter, limit }: Walk,
  start: string | Iterable<Row> | undefined,
  rowsFrom: (key: string) => Iterable<Row>,
): Walked<Row> {
  const page: Walked<Row> = { rows: [], commonPrefixes: [], next: null }
  if (limit <= 0) return page
  let last: Row | string | null = null
  let from: string | Iterable<Row> | undefined = start
  while (from !== undefined) {
    let common: string | undefined
    for (const row of typeof from === 'string' ? rowsFrom(from) : from) {
      if (page.rows.length + page.commonPrefixes.length >= limit) return { ...page, next: last }
      common = commonPrefix(row.key, prefix, delimiter)
      if (common !== undefined) break
      page.rows.push(row)
      last = row
    }
    if (common === undefined) break
    page.commonPrefixes.push(common)
    last = common
    from = keyBehind(common)
  }
  return page
}

/**
 * The least key that may follow `after`: when that is a common prefix or lies in one, behind the whole of it. Undefined:
 * nothing can follow.
 */
export function keyAfter({ prefix, delimiter, after }: Omit<Walk, 'limit'> & { after: string }): string | undefined {
  if (after === '') return ''
  const common = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : undefined
  return common === undefined ? `${after}\0` : keyBehind(common)
}

export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
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
