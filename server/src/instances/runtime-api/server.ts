/**
 * The runtime API (`/2020-11-11/runtime/invocation/…`): one listener for the programs of all instances. Each has an address
 * of its own that nobody else can guess, so that none can answer, or take, what is another's.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from '../../node-http.ts'
import type { Random } from '../../clock.ts'

/** What the program of one instance asks. Whoever is asked answers, sooner or later. */
export interface RuntimeApiHandler {
  /** GET next */
  onNext(response: ServerResponse): void
  /** POST {requestId}/response, POST {requestId}/error */
  onAnswer(requestId: string, kind: 'response' | 'error', request: IncomingMessage, response: ServerResponse): void
}

export interface RuntimeApi {
  /** Resolves to the address that the program is given, as FC_RUNTIME_API, and what forgets it. Rejects when nothing can be listened on. */
  admit(handler: RuntimeApiHandler): Promise<{ address: string; forget: () => void }>
  close(): Promise<void>
}

export interface RuntimeApiOptions {
  /** Where sandboxes reach it. */
  host: string
  /** 0: any. */
  port: number
}

const KEY_BYTES = 24
const PATH = /^\/([\w-]+)\/2020-11-11\/runtime\/invocation\/(?:(next)|([^/]+)\/(response|error))$/
/** Parameters of an HTTP answer come in a header. */
const HEAD_BYTES_MAX = 65_536

/** Listens from the first program on that is admitted. */
export function createRuntimeApi(options: RuntimeApiOptions, deps: { random: Random }): RuntimeApi {
  const handlers = new Map<string, RuntimeApiHandler>()
  let listening: Promise<Server> | null = null
  const open = () =>
    (listening ??= listen(options, handlers).catch((error: unknown) => {
      listening = null
      throw error
    }))
  return {
    async admit(handler) {
      const server = await open()
      const { port } = server.address() as AddressInfo
      const key = deps.random.bytes(KEY_BYTES).toString('base64url')
      handlers.set(key, handler)
      return { address: `${options.host}:${port}/${key}`, forget: () => void handlers.delete(key) }
    },
    async close() {
      const server = await listening?.catch(() => null)
      if (!server) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen({ host, port }: RuntimeApiOptions, handlers: Map<string, RuntimeApiHandler>): Promise<Server> {
  const server = createServer({ maxHeaderSize: HEAD_BYTES_MAX }, (request, response) => {
    const [, key = '', next, requestId, kind] = PATH.exec(request.url!) ?? []
    const handler = handlers.get(key)
    if (handler === undefined) refuse(response, 404, 'no program is known by this address')
    else if (next !== undefined && request.method === 'GET') handler.onNext(response)
    else if (requestId !== undefined && request.method === 'POST') {
      handler.onAnswer(requestId, kind as 'response' | 'error', request, response)
    } else refuse(response, 405, 'next takes GET, response and error take POST')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, resolve)
  })
  server.unref()
  return server
}

export function refuse(response: ServerResponse, status: number, errorMessage: string): void {
  response.req.resume()
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ errorMessage }))
}
