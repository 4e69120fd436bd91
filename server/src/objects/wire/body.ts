/** The body of a request: read as a stream, or whole when it is small. */
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { OssError } from '../port.ts'

/** Of a body that is refused, so much is still read, and for so long, before the answer goes out. */
const DISCARDED_BYTES_MAX = 64 * 1024 * 1024
const DISCARD_MS_MAX = 10_000

export class RequestBody {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #awaitsContinue: boolean
  /** As announced; undefined: chunked. No body is 0. */
  readonly length: number | undefined

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { headers } = request
    this.#request = request
    this.#response = response
    this.#awaitsContinue = headers.expect?.toLowerCase() === '100-continue'
    this.length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined
  }

  /** Once. Its iteration rejects when the client goes away. */
  stream(): AsyncIterable<Uint8Array> {
    if (this.#awaitsContinue) {
      this.#awaitsContinue = false
      this.#response.writeContinue()
    }
    // Whoever stops in between has to be answered, on the same connection.
    return this.#request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  }

  /** Text of at most `bytesMax` bytes, compared with `content-md5` when that was sent. MalformedXML, InvalidDigest. */
  async text(bytesMax: number): Promise<string> {
    const tooLarge = () => new OssError('MalformedXML', `The body exceeds ${bytesMax} bytes.`)
    if ((this.length ?? 0) > bytesMax) throw tooLarge()
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of this.stream()) {
      bytes += chunk.length
      if (bytes > bytesMax) throw tooLarge()
      chunks.push(chunk)
    }
    const body = Buffer.concat(chunks)
    const contentMd5 = this.#request.headers['content-md5'] as string | undefined
    if (contentMd5 !== undefined && contentMd5 !== hash('md5', body, 'base64')) throw invalidDigest(contentMd5)
    return body.toString()
  }

  /**
   * Reads what is left and drops it, in bounds, before an error is answered: a client that is still sending would see a
   * broken connection instead. True: the connection can serve another request.
   */
  async discard(): Promise<boolean> {
    const request = this.#request
    if (request.complete || request.destroyed) return true
    if (this.#awaitsContinue) return false
    if (this.length === 0) return true
    return new Promise((resolve) => {
      let bytes = 0
      const settle = () => {
        clearTimeout(timer)
        request.off('data', count).off('end', settle).off('close', settle)
        resolve(request.complete)
      }
      const count = (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > DISCARDED_BYTES_MAX) settle()
      }
      const timer = setTimeout(settle, DISCARD_MS_MAX)
      request.on('data', count).on('end', settle).on('close', settle)
      request.resume()
    })
  }
}

function invalidDigest(contentMd5: string): OssError {
  return new OssError('InvalidDigest', 'The Content-MD5 you specified was invalid.', { 'Content-MD5': contentMd5 })
}
