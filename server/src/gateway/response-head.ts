/** The head of a function's answer: read with distrust, stripped of what is not the function's to say. */
import { validateHeaderName, validateHeaderValue } from '../node-http.ts'
import { FcError } from '../errors.ts'
import { RESPONSE_HEADER_BYTES_MAX } from './limits.ts'

export interface ResponseHead {
  status: number
  /** Flat names and values. */
  headers: readonly string[]
}

/** Dropped from answers, beside all `x-fc-*`: the platform or the connection says these. */
const DROPPED = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'transfer-encoding',
  'upgrade',
  'trailer',
])

/** Heads that were checked already: functions answer the same few over and over. */
const known = new Map<string, ResponseHead>()
const KNOWN_MAX = 512
export const SWITCHING_PROTOCOLS = 101
const KNOWN_HEAD_LENGTH_MAX = 1024

/** Throws FcError BadResponse that names what is wrong. */
export function readResponseHead(json: string): ResponseHead {
  const cached = known.get(json)
  if (cached !== undefined) return cached
  const head = parse(json, isFinal)
  if (json.length <= KNOWN_HEAD_LENGTH_MAX) {
    if (known.size >= KNOWN_MAX) known.clear()
    known.set(json, head)
  }
  return head
}

const isFinal = (status: number) => status >= 200 && status <= 599

/** Of the answer to a request for another protocol. Throws as `readResponseHead`. */
export function readUpgradeHead(json: string): ResponseHead {
  return parse(json, (status) => status === SWITCHING_PROTOCOLS || isFinal(status))
}

function parse(json: string, isAccepted: (status: number) => boolean): ResponseHead {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw bad('its head is no JSON')
  }
  const { status = 200, headers = [] } = (typeof value === 'object' && value !== null ? value : {}) as {
    status?: unknown
    headers?: unknown
  }
  if (typeof status !== 'number' || !Number.isInteger(status) || !isAccepted(status)) {
    throw bad(`its status ${JSON.stringify(status)} is not accepted; give a whole number from 200 to 599`)
  }
  if (!Array.isArray(headers) || headers.length % 2 !== 0) throw bad('its headers are no list of names and values')
  const kept: string[] = []
  let bytes = 0
  for (let i = 0; i < headers.length; i += 2) {
    const name: unknown = headers[i]
    const content: unknown = headers[i + 1]
    if (typeof name !== 'string' || typeof content !== 'string')
      throw bad('a header has a name or value that is no text')
    bytes += name.length + content.length
    check(name, content)
    const lower = name.toLowerCase()
    if (DROPPED.has(lower) || lower.startsWith('x-fc-')) continue
    if (lower === 'content-disposition' && content.trim().toLowerCase() === 'attachment') continue
    kept.push(name, content)
  }
  if (bytes > RESPONSE_HEADER_BYTES_MAX)
    throw bad(`its headers have ${bytes} bytes, at most ${RESPONSE_HEADER_BYTES_MAX} are accepted`)
  return { status, headers: kept }
}

function check(name: string, value: string): void {
  try {
    validateHeaderName(name)
  } catch {
    throw bad(
      `header name ${JSON.stringify(name.slice(0, 64))} is not accepted; names are letters, digits and !#$%&'*+-.^_\`|~`,
    )
  }
  try {
    validateHeaderValue(name, value)
  } catch {
    throw bad(`header '${name}' holds a character that no header may hold, such as a line break`)
  }
}

const bad = (what: string) => new FcError('BadResponse', `the function's answer cannot be passed on: ${what}`)
