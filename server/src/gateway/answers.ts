/** Answers that the gateway gives by itself, and the headers that all answers share. */
import type { ServerResponse } from 'node:http'
import { errorBody, type FcError } from '../errors.ts'
import { EXPOSED_HEADERS } from '../exposed-headers.ts'
import { discardBody } from './body.ts'
import type { InvocationOutcome } from '../invocations/port.ts'

/**
 * Answers an error as JSON, after the rest of the request body was read; returns the bytes of its own body. When the head
 * is out already, the answer is broken off.
 */
export function answerError(
  response: ServerResponse,
  error: FcError,
  requestId: string,
  extraHeaders: readonly string[] = [],
): number {
  if (response.headersSent) {
    response.destroy()
    return 0
  }
  const body = errorBody(error, requestId)
  const headers = jsonHeaders(requestId, body, [...Object.entries(error.headers).flat(), ...extraHeaders])
  discardBody(response.req, () => {
    if (response.destroyed) return
    response.writeHead(error.status, headers)
    response.end(body)
  })
  return Buffer.byteLength(body)
}

export function jsonHeaders(requestId: string, body: string, extra: readonly string[]): string[] {
  return [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Fc-Request-Id',
    requestId,
    ...extra,
  ]
}

/** Headers of an event invocation's answer, flat. */
export function eventHeaders(
  requestId: string,
  outcome: InvocationOutcome,
  versionId: string,
  checksum: string,
): string[] {
  const headers = [
    'X-Fc-Request-Id',
    requestId,
    'X-Fc-Invocation-Duration',
    String(Math.ceil(outcome.durationMs)),
    'X-Fc-Max-Memory-Usage',
    outcome.maxMemoryMB.toFixed(2),
    'X-Fc-Invocation-Service-Version',
    versionId,
    'X-Fc-Invocation-Code-Version',
    versionId,
    'X-Fc-Instance-Id',
    outcome.instanceId,
    'X-Fc-Code-Checksum',
    checksum,
    'Access-Control-Expose-Headers',
    EXPOSED_HEADERS,
  ]
  if (outcome.logTail !== '') headers.push('X-Fc-Log-Result', Buffer.from(outcome.logTail).toString('base64'))
  return headers
}
