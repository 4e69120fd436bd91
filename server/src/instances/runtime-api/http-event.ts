/**
 * HTTP requests of 3.0 as the JSON event that handlers get, and back: the rules of the Node.js runtime, which lie where it
 * finds them in a sandbox.
 */
import { createRequire } from 'node:module'

export interface HttpRequestFacts {
  requestId: string
  method: string
  path: string
  rawPath: string
  query: string
  /** As the caller named it. */
  url: string
  /** Flat names and values. */
  headers: readonly string[]
  clientIp: string
  protocol: string
  domainName: string
  triggerId: string
}

interface HttpEventRules {
  buildEvent(head: HttpRequestFacts, body: Buffer, accountId: string): Buffer
  /** Throws when the answer cannot be sent. */
  translateAnswer(
    result: Buffer,
    serialise: (value: unknown) => string | Buffer,
  ): { head: string; body: string | Buffer }
}

const rules = createRequire(import.meta.url)('../../../../runtimes/nodejs/http-event.cjs') as HttpEventRules

export function buildEvent(head: HttpRequestFacts, body: Buffer, accountId: string): Buffer {
  return rules.buildEvent(head, body, accountId)
}

/** What a handler returned, as the head and body of RESPONSE. Throws Error when it cannot be sent. */
export function translateAnswer(result: Buffer): { head: string; body: Buffer } {
  const { head, body } = rules.translateAnswer(result, serialise)
  return { head: Buffer.from(head).toString('latin1'), body: typeof body === 'string' ? Buffer.from(body) : body }
}

function serialise(value: unknown): string | Buffer {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value
  return JSON.stringify(value)
}
