/** Bytes on their way from a client to a blob: counted, hashed, and checked against what was said of them. */
import { createHash } from 'node:crypto'
import { Crc64 } from '../crc64.ts'
import { OssError } from './errors.ts'
import type { Content, Piece } from './index/model.ts'
import { invalid, tooLarge } from './limits.ts'

export interface Expected {
  bytesMax: number
  contentLength?: number | undefined
  /** Base64. */
  contentMd5?: string | undefined
}

export class Intake {
  readonly #source: AsyncIterable<Uint8Array>
  readonly #expected: Expected
  readonly #md5 = createHash('md5')
  readonly #crc64 = new Crc64()
  /** Those that came so far. */
  bytes = 0
  /** What the source threw, or a check. */
  failure: { error: unknown } | undefined

  constructor(source: AsyncIterable<Uint8Array>, expected: Expected) {
    this.#source = source
    this.#expected = expected
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    try {
      const { contentLength, bytesMax } = this.#expected
      if (contentLength !== undefined && contentLength > bytesMax) throw tooLarge(contentLength, bytesMax)
      for await (const piece of this.#source) {
        if (piece.byteLength === 0) continue
        this.bytes += piece.byteLength
        if (this.bytes > bytesMax) throw tooLarge(this.bytes, bytesMax)
        if (contentLength !== undefined && this.bytes > contentLength) throw this.#wrongLength(contentLength)
        this.#md5.update(piece)
        this.#crc64.update(piece)
        yield piece
      }
      if (contentLength !== undefined && this.bytes < contentLength) throw this.#wrongLength(contentLength)
      this.#checkMd5()
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  /** When all have come. */
  content(pieces: readonly Piece[]): Content {
    return {
      pieces,
      size: this.bytes,
      md5: this.#digest().toString('hex').toUpperCase(),
      crc64: this.#crc64.digest(),
    }
  }

  #checkMd5(): void {
    const { contentMd5 } = this.#expected
    if (contentMd5 === undefined) return
    const computed = this.#digest().toString('base64')
    if (computed === contentMd5) return
    const message = 'The Content-MD5 you specified did not match what we received.'
    throw new OssError('InvalidDigest', message, { 'Content-MD5': contentMd5, ComputedMD5: computed })
  }

  #digest(): Buffer {
    return this.#md5.copy().digest()
  }

  #wrongLength(contentLength: number): OssError {
    const relation = this.bytes > contentLength ? 'more' : 'fewer'
    return invalid('Content-Length', String(contentLength), `as many bytes as come; ${relation} came`)
  }
}
