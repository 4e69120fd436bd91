/** Reads a request body whole, for the cases in which it must be known before anything happens. */
import type { IncomingMessage } from 'node:http'
import { FcError } from '../errors.ts'
import { DISCARDED_BYTES_MAX } from './limits.ts'

/** Rejects with EntityTooLarge as soon as more than `bytesMax` arrived or were announced, ClientClosedRequest when it breaks off. */
export function readBody(request: IncomingMessage, contentLength: number, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) refuse()
      else chunks.push(chunk)
    }
    const refuse = () => {
      request.off('data', take)
      discard(request)
      reject(new FcError('EntityTooLarge', `the payload exceeds ${bytesMax} bytes`))
    }
    if (contentLength > bytesMax) {
      refuse()
      return
    }
    request.on('data', take)
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('close', () =>
      reject(new FcError('ClientClosedRequest', 'the client closed the request before it was whole')),
    )
  })
}

/**
 * Reads the rest of a body that was refused and drops it: a client that is still sending would otherwise see a broken
 * connection instead of the answer. What goes on beyond a bound is cut off.
 */
export function discard(request: IncomingMessage): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > DISCARDED_BYTES_MAX) request.destroy()
  })
  request.resume()
}
