/** The object service, with the session of this browser in place of a signature. All reject with ApiError. */
import { ApiError } from '../../api/errors.ts'
import { markExpired } from '../../session/session.ts'
import { bucketAddress, objectAddress, serviceAddress } from './oss-address.ts'
import { type BucketPage, type ObjectPage, readBuckets, readFailure, readObjects } from './oss-xml.ts'

const HEADERS = { 'x-sluice-console': '1' }
export const PAGE_KEYS = 200

export interface ObjectFacts {
  contentType: string
  sizeBytes: number
  modifiedMs: number
  etag: string
  storageClass: string
  /** Without their prefix `x-oss-meta-`. */
  metadata: Record<string, string>
}

export async function listBuckets(marker: string | null, signal?: AbortSignal): Promise<BucketPage> {
  const query = { 'max-keys': PAGE_KEYS, ...(marker !== null && { marker }) }
  return readBuckets(await xmlOf(await ask(serviceAddress(query), { signal })))
}

export async function createBucket(bucket: string): Promise<void> {
  await ask(bucketAddress(bucket), { method: 'PUT' })
}

export async function deleteBucket(bucket: string): Promise<void> {
  await ask(bucketAddress(bucket), { method: 'DELETE' })
}

/** Keys below a prefix, up to the next slash. */
export async function listObjects(
  bucket: string,
  prefix: string,
  marker: string | null,
  signal?: AbortSignal,
): Promise<ObjectPage> {
  const query = {
    prefix,
    delimiter: '/',
    'max-keys': PAGE_KEYS,
    'encoding-type': 'url',
    ...(marker !== null && { marker }),
  }
  return readObjects(await xmlOf(await ask(bucketAddress(bucket, query), { signal })))
}

export async function headObject(bucket: string, key: string, signal?: AbortSignal): Promise<ObjectFacts> {
  const { headers } = await ask(objectAddress(bucket, key), { method: 'HEAD', signal })
  return {
    contentType: headers.get('content-type') ?? '',
    sizeBytes: Number(headers.get('content-length') ?? 0),
    modifiedMs: Date.parse(headers.get('last-modified') ?? ''),
    etag: headers.get('etag') ?? '',
    storageClass: headers.get('x-oss-storage-class') ?? '',
    metadata: Object.fromEntries(
      [...headers].flatMap(([name, value]) =>
        name.startsWith('x-oss-meta-') ? [[name.slice('x-oss-meta-'.length), value]] : [],
      ),
    ),
  }
}

/** The first bytes of an object, at most so many. */
export async function readObject(
  bucket: string,
  key: string,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await ask(objectAddress(bucket, key), { headers: { range: `bytes=0-${bytesMax - 1}` }, signal })
  return new Uint8Array(await response.arrayBuffer())
}

export async function deleteObject(bucket: string, key: string): Promise<void> {
  await ask(objectAddress(bucket, key), { method: 'DELETE' })
}

/** By XMLHttpRequest, which tells how far it is. `onProgress`: 0 to 1. */
export function putObject(
  bucket: string,
  key: string,
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', objectAddress(bucket, key))
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value)
    request.setRequestHeader('content-type', file.type || 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1))
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve()
      else reject(failureOf(request.status, request.responseText))
    })
    request.addEventListener('error', () => reject(notReached('the upload was cut off')))
    request.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

interface Request {
  method?: string
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

async function ask(address: string, { method = 'GET', headers, signal }: Request): Promise<Response> {
  const response = await fetch(address, {
    method,
    headers: { ...HEADERS, ...headers },
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted ? error : notReached(String(error))
  })
  if (response.ok) return response
  // An answer to HEAD has no body; its error stands in a header.
  const encoded = response.headers.get('x-oss-err')
  throw failureOf(response.status, encoded === null ? await response.text() : atob(encoded))
}

const notReached = (message: string) => new ApiError({ status: 0, code: 'NetworkError', message })

const parse = (text: string) => new DOMParser().parseFromString(text, 'application/xml').documentElement

async function xmlOf(response: Response): Promise<Element> {
  return parse(await response.text())
}

function failureOf(status: number, body: string): ApiError {
  if (status === 401) markExpired()
  const failure = readFailure(parse(body))
  return new ApiError({
    status,
    body,
    code: failure.code || `HTTP ${status}`,
    message: failure.message || body.slice(0, 500),
    requestId: failure.requestId,
  })
}
