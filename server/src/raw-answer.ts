/** Answers on a bare socket, where node:http has no response to write to: to what is no HTTP, and to refused upgrades. */
import type { Duplex } from 'node:stream'
import { STATUS_CODES } from './node-http.ts'
import type { Clock } from './clock.ts'
import { errorBody, type FcError } from './errors.ts'

/** A client may keep its half open this long after it was answered. */
const LINGER_MS = 1_000

/** Answers in the form of all our errors and ends the connection: nothing after it can be trusted. */
export function refuseSocket(
  socket: Duplex,
  error: FcError,
  requestId: string,
  clock: Clock,
  status = error.status,
): void {
  const headers = { ...error.headers, 'Content-Type': 'application/json', 'X-Fc-Request-Id': requestId }
  answerSocket(socket, status, headers, errorBody(error, requestId), clock)
}

/** One answer, then the connection ends. */
export function answerSocket(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  clock: Clock,
): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Closing over what was not read would reset the connection, and the answer might be lost with it.
  socket.resume()
  const timer = clock.setTimer(LINGER_MS, () => socket.destroy())
  socket.once('close', () => timer.cancel())
}
