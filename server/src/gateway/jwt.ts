/** A request to a trigger with `authType: jwt`: the token is verified and its claims are put where they were asked for. */
import type { IncomingMessage } from 'node:http'
import type { JwtVerifier } from '../auth/port.ts'
import { readBody } from './body.ts'
import { PAYLOAD_BYTES_MAX } from './limits.ts'
import type { RequestHead } from './request-head.ts'

const EMPTY = Buffer.alloc(0)

interface Forwarded {
  rawPath: string
  query: string
  headers: string[]
}

/**
 * Changes query and headers of `forwarded` to what the function may see. Resolves to the body when it had to be read
 * (none: empty), to null when it can still be streamed; rejects with FcError AccessDenied.
 */
export async function passJwt(
  verifier: JwtVerifier,
  request: IncomingMessage,
  head: RequestHead,
  forwarded: Forwarded,
): Promise<Buffer | null> {
  const isForm =
    verifier.usesForm && /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')
  const streamed = isForm ? await readBody(request, head.contentLength, PAYLOAD_BYTES_MAX) : null
  const body = head.hasBody ? streamed : EMPTY
  const form = isForm && body !== null ? body.toString() : null
  const passed = await verifier.verify({
    path: forwarded.rawPath,
    query: forwarded.query,
    headers: request.headers,
    form,
  })
  forwarded.query = passed.query
  for (const [name, value] of Object.entries(passed.headers)) replaceHeader(forwarded.headers, name, value)
  if (passed.form === null || passed.form === form) return body
  const rewritten = Buffer.from(passed.form)
  replaceHeader(forwarded.headers, 'content-length', String(rewritten.length))
  return rewritten
}

function replaceHeader(headers: string[], name: string, value: string | null): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) if (headers[i]!.toLowerCase() === name) headers.splice(i, 2)
  if (value !== null) headers.push(name, value)
}
