/** The path and the query of a request, decoded once. */
import { OssError } from '../port.ts'

/** Decoded; a parameter without a value is empty. */
export type Query = ReadonlyMap<string, string>

export interface Target {
  /** As on the wire. */
  rawPath: string
  query: Query
}

/** Throws OssError InvalidArgument when it is no path, a parameter comes twice, or the query is not percent-encoded UTF-8. */
export function readTarget(url: string): Target {
  if (!url.startsWith('/')) {
    throw new OssError('InvalidArgument', 'The request target must be a path that starts with /.')
  }
  const mark = url.indexOf('?')
  if (mark < 0) return { rawPath: url, query: new Map() }
  return { rawPath: url.slice(0, mark), query: readQuery(url.slice(mark + 1)) }
}

function readQuery(text: string): Query {
  const query = new Map<string, string>()
  for (const part of text.split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decodeQueryText(equals < 0 ? part : part.slice(0, equals))
    if (query.has(name)) {
      throw new OssError('InvalidArgument', `The query parameter ${name} was sent more than once.`, {
        ArgumentName: name,
      })
    }
    query.set(name, equals < 0 ? '' : decodeQueryText(part.slice(equals + 1)))
  }
  return query
}

/** In a query, unlike in a path, a plus sign is a space: the Python client sends it so. */
function decodeQueryText(text: string): string {
  const decoded = decode(text.includes('+') ? text.replaceAll('+', ' ') : text)
  if (decoded === undefined) throw new OssError('InvalidArgument', 'The query is not percent-encoded UTF-8.')
  return decoded
}

/** Decodes a part of the path. Throws OssError InvalidObjectName when it is not percent-encoded UTF-8. */
export function decodePathPart(text: string): string {
  const decoded = decode(text)
  if (decoded === undefined) throw new OssError('InvalidObjectName', 'The path is not percent-encoded UTF-8.')
  return decoded
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const UNESCAPED_BY_URI = /[!'()*]/g

/** RFC 3986: everything but letters, digits and `-._~` is escaped. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    UNESCAPED_BY_URI,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The same, but for slashes. */
export function percentEncodePath(text: string): string {
  return percentEncode(text).replaceAll('%2F', '/')
}
