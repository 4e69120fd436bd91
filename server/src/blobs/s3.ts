/** Blobs as objects of any S3. Loaded only where one is configured: the client is large. */
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Clock } from '../clock.ts'
import { checkBlobId } from './blob-id.ts'
import { BlobNotFoundError, type BlobInfo, type BlobStore, type ByteRange } from './port.ts'
import type { S3Location } from './s3-url.ts'

/** What a put holds in memory is two parts, and one that fills. Parts are at most 10,000, so a blob is at most 80 GB. */
const PART_BYTES = 8 * 1024 * 1024
const PARTS_AT_ONCE = 2
/** Readers keep a connection each for as long as they read, and must not be what puts wait for. */
const CONNECTIONS_MAX = 1024
const CONNECT_MS_MAX = 5_000
/** Silence on a connection. */
const IDLE_MS_MAX = 60_000
const ATTEMPTS_MAX = 4
const CHECK_MS_MAX = 5_000
/** An upload that began so long ago was left by a process that was killed. */
const STALE_UPLOAD_MS = 24 * 60 * 60 * 1000

/** Nothing is asked of the server before the first use, but to forget uploads that were never finished. */
export function openS3Blobs(location: S3Location, deps: { clock: Clock; notify(message: string): void }): BlobStore {
  const store = new S3Blobs(location)
  store
    .abortUploads(deps.clock.nowMs() - STALE_UPLOAD_MS)
    .catch((error: Error) => deps.notify(`unfinished uploads in ${location.bucket} stay for now: ${error.message}`))
  return store
}

class S3Blobs implements BlobStore {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor({ bucket, prefix, endpoint, region, isPathStyle, credentials }: S3Location) {
    this.#bucket = bucket
    this.#prefix = prefix
    this.#client = new S3Client({
      region,
      forcePathStyle: isPathStyle,
      maxAttempts: ATTEMPTS_MAX,
      // Servers other than Amazon's refuse checksums in trailers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_MS_MAX,
        socketTimeout: IDLE_MS_MAX,
        httpAgent: { maxSockets: CONNECTIONS_MAX },
        httpsAgent: { maxSockets: CONNECTIONS_MAX },
      },
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials !== undefined && { credentials }),
    })
  }

  async put(id: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    let bytes = 0
    const counted = async function* () {
      for await (const piece of source) {
        bytes += piece.byteLength
        yield piece
      }
    }
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#object(id), Body: Readable.from(counted(), { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    })
    await upload.done()
    return bytes
  }

  async open(id: string, range?: ByteRange): Promise<Readable> {
    const wanted = range && { Range: `bytes=${range.first}-${range.last}` }
    const command = new GetObjectCommand({ ...this.#object(id), ...wanted })
    const { Body: body, ContentLength: bytes } = await this.#client.send(command).catch(orNotFound(id))
    const stream = body as Readable
    if (range !== undefined && bytes !== range.last - range.first + 1) {
      stream.destroy()
      throw new Error(`blob '${id}' has ${bytes} bytes from ${range.first}; byte ${range.last} was asked for`)
    }
    return stream
  }

  async info(id: string): Promise<BlobInfo | undefined> {
    try {
      const head = await this.#client.send(new HeadObjectCommand(this.#object(id)))
      return { id, bytes: head.ContentLength!, storedMs: wholeSeconds(head.LastModified!) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async remove(id: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#object(id)))
  }

  async *list(): AsyncIterable<BlobInfo> {
    const query = { Bucket: this.#bucket, Prefix: this.#prefix }
    for await (const page of paginateListObjectsV2({ client: this.#client }, query)) {
      for (const { Key: key, Size: bytes, LastModified: stored } of page.Contents ?? []) {
        yield { id: key!.slice(this.#prefix.length), bytes: bytes!, storedMs: wholeSeconds(stored!) }
      }
    }
  }

  /** Asks whether the bucket is there and ours; writing would cost money each time. */
  async check(): Promise<void> {
    const abortSignal = AbortSignal.timeout(CHECK_MS_MAX)
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal })
    } catch (error) {
      throw new Error(`bucket ${this.#bucket} of blobsUrl cannot be used: ${reason(error)}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  /** Frees what is kept of uploads that began before, which nobody will finish. */
  async abortUploads(beganBeforeMs: number): Promise<void> {
    let marker = {}
    for (;;) {
      const query = { Bucket: this.#bucket, Prefix: this.#prefix, ...marker }
      const page = await this.#client.send(new ListMultipartUploadsCommand(query))
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Initiated!.getTime() >= beganBeforeMs) continue
        await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }))
      }
      if (page.IsTruncated !== true) return
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
    }
  }

  #object(id: string): { Bucket: string; Key: string } {
    checkBlobId(id)
    return { Bucket: this.#bucket, Key: `${this.#prefix}${id}` }
  }
}

/** Lists tell more than heads do. */
function wholeSeconds(time: Date): number {
  return Math.floor(time.getTime() / 1000) * 1000
}

function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.name === 'NotFound')
}

function orNotFound(id: string): (error: unknown) => never {
  return (error) => {
    throw isMissing(error) ? new BlobNotFoundError(id) : error
  }
}

/** The client names errors of the server, and gives those of the network a message. */
function reason(error: unknown): string {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode
  return status === undefined ? message || name : `${name} (HTTP ${status})`
}
