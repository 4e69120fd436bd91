/** The public listener: node:http with limits for slow, endless and malformed input. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer } from '../node-http.ts'
import { uuidV7, type Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { refuseSocket } from '../raw-answer.ts'
import {
  CONNECTION_CHECK_MS,
  HALF_CLOSED_MS,
  HEAD_BYTES_MAX,
  HEADERS_MS_MAX,
  KEEP_ALIVE_MS,
  REQUEST_MS_MAX,
} from './limits.ts'

export interface Listener {
  port: number
  /** Stops accepting, lets answers in flight end within `graceMs`, then closes every connection. */
  close(graceMs: number): Promise<void>
}

/** How long a client may take. */
export interface Patience {
  headersMs: number
  requestMs: number
  /** Between two looks for those that took longer. */
  checkMs: number
  /** Without a byte in either direction while a request or its answer is under way; absent: as long as it likes. */
  idleMs?: number
}

const PATIENCE: Patience = { headersMs: HEADERS_MS_MAX, requestMs: REQUEST_MS_MAX, checkMs: CONNECTION_CHECK_MS }

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void
  /** A WebSocket is asked for: the socket is the handler's, with the bytes that came after the head. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** A client waits to be told that it may send its body; absent: it is told at once. */
  awaitingContinue?(request: IncomingMessage, response: ServerResponse): void
  /** What came is no HTTP, or came too slowly; absent: the answer has the form of all our errors. */
  refuse?(socket: Socket, status: number, message: string): void
}

/** Rejects with the system's error when the address cannot be had. */
export async function listen(
  host: string,
  port: number,
  clock: Clock,
  handlers: Handlers,
  patience = PATIENCE,
): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: patience.checkMs,
      requireHostHeader: true,
      // Others, as HTTP/2 over plain text, are offers: they go on as ordinary requests.
      shouldUpgradeCallback: ({ headers }) => {
        return handlers.upgrade !== undefined && headers.upgrade?.toLowerCase() === 'websocket'
      },
    },
    (request, response) => handlers.request(request, response),
  )
  server.on('upgrade', (request, socket, head) => handlers.upgrade?.(request, socket, head))
  if (handlers.awaitingContinue) {
    server.on('checkContinue', (request, response) => handlers.awaitingContinue?.(request, response))
  }
  server.timeout = patience.idleMs ?? 0
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refuse(error, socket, patience, (status, message) => {
      if (handlers.refuse) handlers.refuse(socket, status, message)
      else refuseAsFc(socket, status, message, clock)
    })
  })
  // Some clients close their half of the connection when the request is out, and read on; node:http would hang up on them.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket) => socket.once('end', () => hangUpUnlessAnswered(socket, clock)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4096 }, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs, clock) }
}

/**
 * A client that has closed its half looks just like one that has gone: it gets an answer that begins soon. From then on
 * the system tells the two apart, for whoever has gone refuses what is written.
 */
function hangUpUnlessAnswered(socket: Socket, clock: Clock): void {
  const before = socket.bytesWritten
  clock.setTimer(HALF_CLOSED_MS, () => {
    if (socket.bytesWritten === before && socket.writableLength === 0) socket.destroy()
  })
}

/** What is no HTTP is answered once, and the connection ends: nothing after it can be trusted. */
function refuse(
  error: NodeJS.ErrnoException,
  socket: Socket,
  patience: Patience,
  answer: (status: number, message: string) => void,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnsweringAnother(socket)) {
    socket.destroy()
    return
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const isSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const message = isTooLarge
    ? `the head of the request exceeds ${HEAD_BYTES_MAX} bytes`
    : isSlow
      ? `the request did not arrive within ${patience.headersMs / 1000} seconds (headers) or ${patience.requestMs / 1000} seconds (whole)`
      : 'the request is no valid HTTP/1.1'
  answer(isSlow ? 408 : 400, message)
}

function refuseAsFc(socket: Socket, status: number, message: string, clock: Clock): void {
  refuseSocket(socket, new FcError('InvalidArgument', message), uuidV7(clock.nowMs()), clock, status)
}

/** Then the client would take the error for a part of that answer, or for the answer of an earlier request. */
function isAnsweringAnother(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  const answer = socket._httpMessage
  return answer !== null && answer !== undefined && (answer.headersSent || answer.req.complete)
}

function close(server: Server, graceMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(graceMs, () => server.closeAllConnections())
    server.close(() => {
      timer.cancel()
      resolve()
    })
    server.closeIdleConnections()
    // Those that are answered from now on are not kept for another request.
    server.keepAliveTimeout = 1
    server.keepAliveTimeoutBuffer = 0
  })
}
