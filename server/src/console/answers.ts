/** Small answers of the console's own. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorBody, FcError } from '../errors.ts'
import { ANSWER_HEADERS } from './headers.ts'

export function answerJson(response: ServerResponse, status: number, body: object, headers: readonly string[] = []) {
  answerText(response, status, JSON.stringify(body), headers)
}

export function answerError(response: ServerResponse, error: FcError, requestId: string): void {
  if (response.headersSent) return void response.destroy()
  const extra = [...Object.entries(error.headers).flat(), 'X-Fc-Request-Id', requestId]
  // What is left of the request's body is not read: the connection is of no further use.
  if (!response.req.complete) extra.push('Connection', 'close')
  answerText(response, error.status, errorBody(error, requestId), extra)
}

function answerText(response: ServerResponse, status: number, body: string, headers: readonly string[]): void {
  const length = ['Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, ['Content-Type', 'application/json', ...length, ...headers, ...ANSWER_HEADERS])
  response.end(body)
}

/** Rejects with EntityTooLarge, InvalidArgument. */
export async function readJson(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new FcError('EntityTooLarge', `the body exceeds ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new FcError('InvalidArgument', 'the body must be JSON')
  }
}
