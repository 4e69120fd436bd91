/** What is sent: an event, or an HTTP request as given by `--http` and `--header`. */
import { usageError } from '../errors.ts'

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']

export interface LocalRequest {
  method: string
  /** With the query, as it goes out. */
  path: string
  headers: Record<string, string>
}

/** Reads `GET /path?query`, or `/path` for GET; headers as `Name: value`. Throws a usage error. */
export function parseRequest(text: string, headers: readonly string[]): LocalRequest {
  const [, method = 'GET', path] = /^(?:([A-Za-z]+)\s+)?(\/\S*)$/.exec(text.trim()) ?? []
  if (path === undefined || !METHODS.includes(method.toUpperCase())) {
    throw usageError(`--http: '${text}' is no request; give 'GET /path', with one of ${METHODS.join(', ')}`)
  }
  return { method: method.toUpperCase(), path, headers: Object.fromEntries(headers.map(parseHeader)) }
}

function parseHeader(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text) ?? []
  if (name === undefined) throw usageError(`--header: '${text}' is not 'Name: value'`)
  return [name, value!]
}
