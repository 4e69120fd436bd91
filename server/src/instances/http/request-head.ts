/** What a program gets of a request: method, path and headers, from the head that an invocation comes with. Pure. */
import type { CallFacts, ControlHeaders } from './control-headers.ts'

/** The INVOKE head of docs/reference/channel.md. */
export type InvokeHead = CallFacts & { bodyBytes?: number } & ({ kind: 'event' } | HttpHead)

interface HttpHead {
  kind: 'http'
  method: string
  rawPath: string
  query: string
  /** As the caller named it. */
  url: string
  /** Flat names and values. */
  headers: readonly string[]
  /** Another protocol that the caller asks for. */
  upgrade?: string
}

export interface ProgramRequest {
  method: string
  path: string
  /** Flat names and values; how the body is delimited is said in them. */
  headers: string[]
}

/** These say how the body arrived here, or what only the platform may say, in either spelling that programs read as one. */
const OWN_HEADERS = /^(content-length|expect|x[-_]fc[-_].*)$/i
/** Servers wait for a body, or refuse, when these do not say how long it is. */
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH'])
const PROXY_PATH = /^\/(?:2016-08-15|2021-04-06)\/proxy\/[^/]+\/[^/]+/

/** `bodyBytes`: null when it is not known how long the body will be. */
export function programRequest(
  head: InvokeHead,
  bodyBytes: number | null,
  control: ControlHeaders,
  host: string,
): ProgramRequest {
  if (head.kind === 'event') {
    const type = ['Host', host, 'Content-Type', 'application/octet-stream']
    const headers = [...type, ...framing(bodyBytes), ...control.for('/invoke', head)]
    return { method: 'POST', path: '/invoke', headers }
  }
  const headers: string[] = []
  let announcedBytes: number | null = null
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = head.headers[i]!
    const value = head.headers[i + 1]!
    if (OWN_HEADERS.test(name)) {
      if (name.toLowerCase() === 'content-length') announcedBytes = Number(value)
    } else headers.push(name, value)
  }
  const hasBody = bodyBytes !== 0 || announcedBytes !== null || BODY_METHODS.has(head.method)
  // What follows the head of an upgrade is no body.
  if (head.upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', head.upgrade)
  else if (hasBody) headers.push(...framing(bodyBytes ?? announcedBytes))
  headers.push('X-Fc-Base-Path', basePath(head), ...control.for('/http-invoke', head))
  const path = head.query === '' ? head.rawPath : `${head.rawPath}?${head.query}`
  return { method: head.method, path, headers }
}

function framing(bodyBytes: number | null): string[] {
  return bodyBytes === null ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(bodyBytes)]
}

/** What of the caller's path is not the program's: the names of service and function, where they are part of the address. */
function basePath({ url, rawPath }: HttpHead): string {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return path === rawPath ? '/' : (PROXY_PATH.exec(path)?.[0] ?? '/')
}
