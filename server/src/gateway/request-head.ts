/** One pass over the raw headers of a request: what we need, and what the function gets. */
import type { IncomingMessage } from 'node:http'
import { FcError } from '../errors.ts'

export interface RequestHead {
  host: string
  /** Bytes of all names and values. */
  headerBytes: number
  /** -1 when not given. */
  contentLength: number
  hasBody: boolean
  /** Flat names and values without those that are the hop's or the platform's own. */
  forwarded: string[]
  origin: string
}

/** Not passed to functions, beside `x-fc-*`. */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
])

/** The one kind of `x-fc-*` that is of the caller and for the function. */
const TRACING_PREFIX = 'x-fc-tracing-'

/** Throws FcError InvalidArgument when Host or Authorization comes more than once: each reader would pick another one. */
export function readHead(request: IncomingMessage): RequestHead {
  const raw = request.rawHeaders
  const forwarded: string[] = []
  const head: RequestHead = { host: '', headerBytes: 0, contentLength: -1, hasBody: false, forwarded, origin: '' }
  let hosts = 0
  let authorizations = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!
    const value = raw[i + 1]!
    head.headerBytes += name.length + value.length
    const lower = name.toLowerCase()
    switch (lower) {
      case 'host':
        hosts++
        head.host = value
        break
      case 'authorization':
        authorizations++
        break
      case 'content-length':
        head.contentLength = Number(value)
        head.hasBody ||= head.contentLength > 0
        break
      case 'transfer-encoding':
        head.hasBody = true
        continue
      case 'origin':
        head.origin = value
        break
    }
    if (HOP_HEADERS.has(lower) || (lower.startsWith('x-fc-') && !lower.startsWith(TRACING_PREFIX))) continue
    forwarded.push(name, value)
  }
  if (hosts > 1) throw new FcError('InvalidArgument', 'a request names one Host')
  if (authorizations > 1) throw new FcError('InvalidArgument', 'a request carries one Authorization')
  return head
}
