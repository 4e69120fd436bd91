/** Reads a request body whole, for the cases in which it must be known before anything happens. */
import type { IncomingMessage } from 'node:http'
import { FcError } from '../errors.ts'

/** Rejects with EntityTooLarge as soon as more than `bytesMax` arrived or were announced, ClientClosedRequest when it breaks off. */
export function readBody(request: IncomingMessage, contentLength: number, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => {
      request.pause()
      reject(new FcError('EntityTooLarge', `the payload exceeds ${bytesMax} bytes`, { Connection: 'close' }))
    }
    if (contentLength > bytesMax) {
      tooLarge()
      return
    }
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) tooLarge()
      else chunks.push(chunk)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('close', () =>
      reject(new FcError('ClientClosedRequest', 'the client closed the request before it was whole')),
    )
  })
}
