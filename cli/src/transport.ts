/**
 * HTTP with a time limit on every call. node:http rather than fetch: fetch gives up on an answer after five minutes
 * whatever it is told, and a synchronous invocation may take a day.
 */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { WebSocket } from 'ws'
import { CliError, exitCodes, messageOf } from './errors.ts'

export const CONNECT_TIMEOUT_MS = 5_000
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024

// A connection per call: an idle one that a restarted platform has closed would fail the next call.
const httpAgent = new HttpAgent({ keepAlive: false })
const httpsAgent = new HttpsAgent({ keepAlive: false })

export interface HttpCall {
  method: string
  url: URL
  headers: Record<string, string>
  body: Buffer
  /** From the first byte out to the last byte in; for a stream, to its head. */
  timeoutMs: number
  signal?: AbortSignal
}

export interface HttpAnswer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

const unreachable = (url: URL, reason: string) =>
  new CliError(
    `no answer from the platform at ${url.origin}: ${reason}`,
    exitCodes.unreachable,
    'start it with `npx sluice up` (or `npm start` in the checkout), or name another with --endpoint or SLUICE_ENDPOINT',
  )

function timeLimit(call: HttpCall): { signal: AbortSignal; clear(): void } {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), call.timeoutMs)
  const signal = call.signal ? AbortSignal.any([limit.signal, call.signal]) : limit.signal
  return { signal, clear: () => clearTimeout(timer) }
}

function start(call: HttpCall, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = call.url.protocol === 'https:'
    const request = (secure ? httpsRequest : httpRequest)(call.url, {
      method: call.method,
      agent: secure ? httpsAgent : httpAgent,
      headers: { ...call.headers, ...(call.body.length > 0 && { 'content-length': String(call.body.length) }) },
      signal,
    })
    const connectTimer = setTimeout(
      () => request.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    )
    request.on('socket', (socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(connectTimer))
    })
    request.on('close', () => clearTimeout(connectTimer))
    request.on('response', resolve)
    request.on('error', (error) => {
      if (call.signal?.aborted) return reject(call.signal.reason as Error)
      reject(unreachable(call.url, signal.aborted ? `none within ${call.timeoutMs / 1000} s` : messageOf(error)))
    })
    request.end(call.body)
  })
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > RESPONSE_BYTES_MAX) throw new Error(`the answer is longer than ${RESPONSE_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Throws CliError `unreachable` when no whole answer comes in time; any HTTP status is an answer. */
export async function send(call: HttpCall): Promise<HttpAnswer> {
  const limit = timeLimit(call)
  try {
    const message = await start(call, limit.signal)
    const body = await readAll(message).catch((error: unknown) => {
      throw unreachable(call.url, limit.signal.aborted ? `none within ${call.timeoutMs / 1000} s` : messageOf(error))
    })
    return { status: message.statusCode ?? 0, headers: message.headers, body }
  } finally {
    limit.clear()
  }
}

/** As `send`, but hands out the body as it comes; ends when `call.signal` aborts. */
export async function openStream(call: HttpCall): Promise<{ status: number; body: IncomingMessage }> {
  const limit = timeLimit(call)
  try {
    const message = await start(call, limit.signal)
    return { status: message.statusCode ?? 0, body: message }
  } finally {
    limit.clear()
  }
}

/** A WebSocket, or the answer that it was refused with. Throws CliError `unreachable` without an answer. */
export function openSocket(
  call: HttpCall,
): Promise<{ socket: WebSocket } | { socket: null; status: number; body: Buffer }> {
  const url = new URL(call.url)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(url, {
    headers: call.headers,
    handshakeTimeout: call.timeoutMs,
    perMessageDeflate: false,
  })
  return new Promise((resolve, reject) => {
    // What is said at once must find a listener, which the caller has yet to add.
    socket.once('open', () => {
      socket.pause()
      resolve({ socket })
    })
    socket.once('unexpected-response', (_request, response) => {
      readAll(response).then((body) => resolve({ socket: null, status: response.statusCode ?? 0, body }), reject)
    })
    socket.on('error', (error) => reject(unreachable(call.url, messageOf(error))))
  })
}

export { readAll }
