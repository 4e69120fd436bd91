/** The harness's own requests: timed single ones, and waiting for a server to come up. */
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface Endpoint {
  port: number
  path: string
  /** `Host` for a platform that routes by it. */
  headers: Record<string, string>
  /** GET unless said otherwise. */
  method?: 'GET' | 'POST' | 'PUT'
  /** None unless said otherwise. */
  body?: string
}

export interface Answer {
  status: number
  body: string
  /** From the call to the last byte of the answer. */
  elapsedMs: number
}

const REQUEST_MS_MAX = 30_000
const RETRY_MS = 1

/** One request over a connection of its own. Rejects when the connection fails or nothing comes for 30 s. */
export function get({ port, path, headers, method = 'GET', body = '' }: Endpoint): Promise<Answer> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, method, agent: false, timeout: REQUEST_MS_MAX }
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const elapsedMs = performance.now() - startedMs
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), elapsedMs })
      })
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from port ${port} for ${REQUEST_MS_MAX} ms`)))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Asks until the answer is a 200; rejects after `withinMs`, or with the reason of `failed`. */
export async function waitUntilAnswers(
  endpoint: Endpoint,
  withinMs: number,
  failed: () => string | null,
): Promise<Answer> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    // A connection that is refused costs a third of a request: whoever starts has the processor meanwhile.
    const answer = (await listens(endpoint.port)) ? await get(endpoint).catch(() => undefined) : undefined
    if (answer?.status === 200) return answer
    const reason = failed() ?? (performance.now() > deadlineMs ? `not ready within ${withinMs} ms` : null)
    if (reason !== null) throw new Error(reason)
    await delay(RETRY_MS)
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (isListening: boolean) => {
      socket.destroy()
      resolve(isListening)
    }
    socket.on('connect', () => settle(true))
    socket.on('error', () => settle(false))
  })
}

/** A port that nothing listens on, and neither on the `following` ones. */
export async function freePort(following = 0): Promise<number> {
  for (;;) {
    const port = await tryListen(0)
    const others = Array.from({ length: following }, (_, i) => port! + i + 1)
    const taken = await Promise.all(others.map(tryListen))
    if (port !== null && taken.every((one) => one !== null)) return port
  }
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null))
    })
  })
}
