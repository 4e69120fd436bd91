/** Answers on a bare socket, where node:http has no response to write to: to what is no HTTP, and to refused upgrades. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody, type FcError } from './errors.ts'

/** Answers in the form of all our errors and ends the connection: nothing after it can be trusted. */
export function refuseSocket(socket: Duplex, error: FcError, requestId: string, status = error.status): void {
  const body = errorBody(error, requestId)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${value}`),
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Fc-Request-Id: ${requestId}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
