/** Headers by which browsers hold the console's pages, and what is answered below its address, apart from the rest. */
import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http'

const SHARED = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
].flat()

/** Nothing but our own files runs or is loaded; pictures may also be made by the page itself. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Flat names and values. */
export const PAGE_HEADERS: readonly string[] = ['Content-Security-Policy', PAGE_POLICY, ...SHARED]

/** What functions and objects answer is not ours: opened as a page, it gets no origin, and it loads nothing. */
const ANSWER_POLICY = "sandbox allow-downloads; default-src 'none'; frame-ancestors 'none'"

export const ANSWER_HEADERS: readonly string[] = [
  ...['Content-Security-Policy', ANSWER_POLICY],
  ...['Cache-Control', 'no-store'],
  ...SHARED,
]

/** Would reach further than the answer that they come with, or let pages of others read it. */
const DROPPED = new Set([
  ...['set-cookie', 'clear-site-data', 'service-worker-allowed', 'refresh', 'link', 'speculation-rules'],
  ...['alt-svc', 'nel', 'report-to', 'reporting-endpoints', 'strict-transport-security', 'www-authenticate'],
  ...['access-control-allow-origin', 'access-control-allow-credentials', 'timing-allow-origin'],
])
const REPLACED = new Set(ANSWER_HEADERS.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()))

const isOurs = (name: string) => DROPPED.has(name.toLowerCase()) || REPLACED.has(name.toLowerCase())

type Given = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined

/** Whatever answers, the answer carries ANSWER_HEADERS and sets nothing for the console's address. */
export function guardAnswer(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response)
  response.writeHead = (status: number, ...rest: unknown[]) => {
    const given = rest.findLast((each) => typeof each === 'object') as Given
    for (const name of response.getHeaderNames()) if (isOurs(name)) response.removeHeader(name)
    const kept = pairsOf(given).filter(([name]) => !isOurs(name))
    return writeHead(status, [...kept.flat(), ...ANSWER_HEADERS] as string[])
  }
}

function pairsOf(given: Given): [string, OutgoingHttpHeader][] {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) {
    return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  }
  const pairs: [string, OutgoingHttpHeader][] = []
  for (let i = 0; i + 1 < given.length; i += 2) pairs.push([String(given[i]), given[i + 1]!])
  return pairs
}
