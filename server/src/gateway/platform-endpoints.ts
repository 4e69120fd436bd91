/** `/healthz`, `/readyz` and `/metrics`: for supervisors and Prometheus. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface PlatformEndpoints {
  /** Rejects with the reason for not being ready. */
  checkReady(): Promise<void>
  exposeMetrics(): Promise<{ contentType: string; body: string }>
}

/** Answers the request and returns true when it is for one of them. */
export function answerPlatformEndpoint(
  request: IncomingMessage,
  response: ServerResponse,
  endpoints: PlatformEndpoints,
): boolean {
  const path = request.url!.split('?', 1)[0]!
  if (path === '/healthz') {
    answer(response, 200, 'text/plain', 'ok\n')
    return true
  }
  if (path === '/readyz') {
    endpoints.checkReady().then(
      () => answer(response, 200, 'text/plain', 'ready\n'),
      (error: unknown) =>
        answer(response, 503, 'text/plain', `not ready: ${error instanceof Error ? error.message : String(error)}\n`),
    )
    return true
  }
  if (path !== '/metrics') return false
  // Metrics name every function: over the network they need a proxy that decides who may read them.
  if (!isLoopback(request.socket.remoteAddress)) {
    answer(response, 403, 'text/plain', 'metrics are read from this machine only\n')
    return true
  }
  endpoints.exposeMetrics().then(
    ({ contentType, body }) => answer(response, 200, contentType, body),
    (error: unknown) => answer(response, 500, 'text/plain', `${String(error)}\n`),
  )
  return true
}

function answer(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, [
    'Content-Type',
    contentType,
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
  ])
  response.end(body)
}

const isLoopback = (address: string | undefined) =>
  address !== undefined && (address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.'))
