/** A request target taken apart the way the signature schemes need it. */
import { FcError } from '../errors.ts'

/** One query parameter, decoded. `value` is null when there was no `=`. */
export interface QueryPair {
  key: string
  value: string | null
}

export interface RequestTarget {
  /** As on the wire. */
  path: string
  pairs: QueryPair[]
}

/** Throws FcError AccessDenied when the target is not a path, or its query is not percent-encoded UTF-8. */
export function readTarget(url: string): RequestTarget {
  if (!url.startsWith('/')) throw new FcError('AccessDenied', 'the request target must be a path that starts with /')
  const mark = url.indexOf('?')
  if (mark < 0) return { path: url, pairs: [] }
  return { path: url.slice(0, mark), pairs: readQuery(url.slice(mark + 1)) }
}

export function readQuery(query: string): QueryPair[] {
  const pairs: QueryPair[] = []
  for (const part of query.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    pairs.push(
      equals < 0
        ? { key: decodeQueryText(part), value: null }
        : { key: decodeQueryText(part.slice(0, equals)), value: decodeQueryText(part.slice(equals + 1)) },
    )
  }
  return pairs
}

/** In a query, unlike in a path, a plus sign is a space: the Python client sends it so. */
function decodeQueryText(text: string): string {
  return decode(text.includes('+') ? text.replaceAll('+', ' ') : text, 'query')
}

export function decodePath(path: string): string {
  return decode(path, 'path')
}

function decode(text: string, part: 'path' | 'query'): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new FcError('AccessDenied', `the ${part} of the request is not percent-encoded UTF-8`)
  }
}

/** RFC 3986: everything but letters, digits and `-._~` is escaped. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Orders text by code unit, whatever the locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
