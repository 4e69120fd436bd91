/** Reads a request body whole, for the cases in which it must be known before anything happens. */
import type { IncomingMessage } from 'node:http'
import { FcError } from '../errors.ts'
import { DISCARD_MS_MAX, DISCARDED_BYTES_MAX } from './limits.ts'

/** Rejects with EntityTooLarge as soon as more than `bytesMax` arrived or were announced, ClientClosedRequest when it breaks off. */
export function readBody(request: IncomingMessage, contentLength: number, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const tooLarge = () => reject(new FcError('EntityTooLarge', `the payload exceeds ${bytesMax} bytes`))
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) {
        chunks.push(chunk)
        return
      }
      request.off('data', take)
      tooLarge()
    }
    if (contentLength > bytesMax) {
      tooLarge()
      return
    }
    const brokenOff = () =>
      reject(new FcError('ClientClosedRequest', 'the client closed the request before it was whole'))
    request.on('data', take)
    request.on('close', brokenOff)
    request.on('end', () => {
      // It closes when it was answered, too: an error for that, with its stack, would cost more than the rest.
      request.off('close', brokenOff)
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
  })
}

/**
 * Reads what is left of a body that is refused, drops it, and then calls `done`: a client that is still sending would
 * see a broken connection instead of its answer. Bounded in bytes and time; beyond either the answer goes out anyway.
 */
export function discardBody(request: IncomingMessage, done: () => void): void {
  const { headers } = request
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (!hasBody || request.complete) {
    done()
    return
  }
  let bytes = 0
  const settle = () => {
    clearTimeout(timer)
    request.off('data', count)
    request.off('end', settle)
    done()
  }
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > DISCARDED_BYTES_MAX) settle()
  }
  const timer = setTimeout(settle, DISCARD_MS_MAX)
  request.on('data', count)
  request.on('end', settle)
  request.resume()
}
