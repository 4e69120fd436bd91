/** Bodies of requests: received whole, because signatures cover them; large ones are read by a worker thread. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { WorkerLane } from '../worker-lane.ts'
import { DROPPED_BYTES_MAX, INLINE_BODY_BYTES_MAX, WAITING_BODY_BYTES_MAX } from './body-limits.ts'
import type { ReadJob, Refusal, SentBody } from './large-body-worker.ts'
import { checkDigest, parseBody } from './large-body.ts'

/** The bytes of `code.zipFile`, or why there are none, of a large body, where the text is empty then; null: as it came. */
export type ZipOfBody = Buffer | FcError | null

export interface ReadBody {
  /** Undefined when there was none. */
  body: unknown
  zip: ZipOfBody
}

export interface BodyReader {
  /** Takes the memory of `blocks`. Throws FcError: SignatureNotMatch, InvalidArgument, EntityTooLarge, ResourceThrottled. */
  read(blocks: readonly Block[], signedSha256: string | null): Promise<ReadBody>
  /** The bytes as they are. Throws FcError SignatureNotMatch. */
  join(blocks: readonly Block[], signedSha256: string | null): Buffer
}

/** A piece of a body with memory of its own, which can be given to a thread. */
type Block = Uint8Array<ArrayBuffer>

/** Joining all pieces of 150 MB at once would take the event loop too long, giving away thousands of small ones, too. */
const BLOCK_BYTES = 1024 * 1024
/** JavaScript heap of the worker thread: the text of 150 MB and a copy of it. */
const WORKER_HEAP_MB_MAX = 512

/**
 * Rejects with FcError EntityTooLarge when more than `bytesMax` came, ClientClosedRequest when the body breaks off. What is
 * too large is read on and dropped, up to a bound: a client that is still sending would see a broken connection instead of
 * the answer.
 */
export function receiveBlocks(request: IncomingMessage, bytesMax: number): Promise<Block[]> {
  return new Promise((resolve, reject) => {
    const tooLarge = new FcError('EntityTooLarge', `the body must be at most ${bytesMax} bytes`)
    const announced = Number(request.headers['content-length'] ?? 0)
    let blocks: Block[] = []
    let chunks: Buffer[] = []
    let chunkBytes = 0
    let bytes = 0
    const join = () => {
      if (chunkBytes > 0) blocks.push(joined(chunks, chunkBytes))
      chunks = []
      chunkBytes = 0
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax || announced > bytesMax) {
        blocks = []
        chunks = []
        if (bytes > bytesMax + DROPPED_BYTES_MAX) reject(tooLarge)
        return
      }
      chunks.push(chunk)
      chunkBytes += chunk.length
      if (chunkBytes >= BLOCK_BYTES) join()
    })
    request.on('end', () => {
      if (bytes > bytesMax) return reject(tooLarge)
      join()
      resolve(blocks)
    })
    request.on('close', () =>
      reject(new FcError('ClientClosedRequest', 'the client closed the request before it was whole')),
    )
  })
}

function joined(chunks: readonly Buffer[], bytes: number): Block {
  const block = new Uint8Array(new ArrayBuffer(bytes))
  let offset = 0
  for (const chunk of chunks) {
    block.set(chunk, offset)
    offset += chunk.length
  }
  return block
}

export function createBodyReader(clock: Clock): BodyReader {
  const lane = new WorkerLane<ReadJob, { read: SentBody }, Refusal>(
    {
      script: new URL('./large-body-worker.ts', import.meta.url),
      subject: 'large request',
      heapMBMax: WORKER_HEAP_MB_MAX,
      toError,
    },
    clock,
  )
  let waitingBytes = 0

  async function readLarge(blocks: Block[], bytes: number, signedSha256: string | null): Promise<ReadBody> {
    if (waitingBytes + bytes > WAITING_BODY_BYTES_MAX) {
      throw new FcError('ResourceThrottled', 'too many large requests are being processed; try again')
    }
    waitingBytes += bytes
    try {
      const memory = blocks.map((block) => block.buffer)
      const { text, zip } = await lane.run({ kind: 'read', blocks, signedSha256 }, memory)
      return { body: parseBody(text), zip: zip instanceof Uint8Array ? Buffer.from(zip.buffer) : zip && toError(zip) }
    } finally {
      waitingBytes -= bytes
    }
  }

  return {
    async read(blocks, signedSha256) {
      const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
      if (bytes > INLINE_BODY_BYTES_MAX) return readLarge([...blocks], bytes, signedSha256)
      const body = this.join(blocks, signedSha256)
      return { body: body.length === 0 ? undefined : parseBody(body.toString()), zip: null }
    },
    join(blocks, signedSha256) {
      const body = Buffer.concat(blocks)
      checkDigest(body, signedSha256)
      return body
    },
  }
}

function toError({ code, message }: Refusal): FcError {
  return new FcError(code, message)
}
