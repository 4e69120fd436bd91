/** Objects uploaded in parts. */
import { OssError, type ByteRange } from '../../port.ts'
import { emptyAnswer, isoTime, keyEncoder, quoted, xmlAnswer } from '../answers.ts'
import { checkReadable, readAttributes } from '../attributes.ts'
import { COPY_CONDITIONS, isUnmodified } from '../conditions.ts'
import { readCopySource } from '../copy-source.ts'
import { invalidArgument, readChoice, readInteger, readLimit } from '../parameters.ts'
import { percentEncodePath } from '../target.ts'
import { childText, childrenOf, parseXml } from '../xml.ts'
import { ENTRIES_MAX, prefixesOf, readList } from './lists.ts'
import { checkLength, storedHeaders, writeOptions } from './write.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'

const PART_NUMBER_MAX = 10_000
const COMPLETE_BYTES_MAX = 2 * 1024 * 1024

const row = { level: 'object', access: 'write', action: 'PutObject' } as const
const part = { ...row, method: 'PUT', flags: ['partNumber', 'uploadId'] }
const upload = { ...row, flags: ['uploadId'] }

export const multipartOperations: readonly Operation[] = [
  { ...row, name: 'InitiateMultipartUpload', method: 'POST', flags: ['uploads'], handle: initiate },
  { ...part, name: 'UploadPart', handle: uploadPart },
  { ...part, name: 'UploadPartCopy', header: 'x-oss-copy-source', handle: copyPart },
  { ...upload, name: 'CompleteMultipartUpload', method: 'POST', handle: complete },
  { ...upload, name: 'AbortMultipartUpload', method: 'DELETE', action: 'AbortMultipartUpload', handle: abort },
  { ...upload, name: 'ListParts', method: 'GET', action: 'ListParts', access: 'owner', handle: listParts },
  {
    name: 'ListMultipartUploads',
    level: 'bucket',
    method: 'GET',
    flags: ['uploads'],
    action: 'ListMultipartUploads',
    access: 'owner',
    handle: listUploads,
  },
]

async function initiate(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName, key, bucket, query } = exchange
  const created = await store.createUpload(bucketName, key, {
    ...writeOptions(exchange, 'ObjectCreated:InitiateMultipartUpload'),
    attributes: readAttributes(exchange.headers, bucket.storageClass),
  })
  const encodingType = readEncodingType(query)
  return xmlAnswer('InitiateMultipartUploadResult', {
    EncodingType: encodingType,
    Bucket: bucketName,
    Key: keyEncoder(encodingType)(key),
    UploadId: created.uploadId,
  })
}

async function uploadPart(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const stored = await store.putPart(partRef(exchange), exchange.body.stream(), {
    ...writeOptions(exchange, 'ObjectCreated:UploadPart'),
    ...checkLength(exchange),
  })
  return emptyAnswer(200, { etag: quoted(stored.etag), 'x-oss-hash-crc64ecma': stored.crc64 })
}

async function copyPart(exchange: Exchange, context: WireContext): Promise<Answer> {
  const ref = partRef(exchange)
  const source = await readCopySource(exchange, context)
  checkReadable(source.head, exchange.receivedMs)
  if (isUnmodified(exchange.headers, COPY_CONDITIONS, source.head)) return emptyAnswer(304)
  const range = readSourceRange(exchange.headers['x-oss-copy-source-range'] as string | undefined, source.head.size)
  const options = writeOptions(exchange, 'ObjectCreated:UploadPartCopy')
  const copied = await context.store.copyPart(ref, source.ref, range, options)
  return xmlAnswer(
    'CopyPartResult',
    { LastModified: isoTime(copied.modifiedMs), ETag: quoted(copied.etag) },
    { etag: quoted(copied.etag), 'x-oss-hash-crc64ecma': copied.crc64 },
  )
}

async function complete(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName, key, headers, query } = exchange
  const text = await exchange.body.text(COMPLETE_BYTES_MAX)
  const isAll = headers['x-oss-complete-all'] === 'yes'
  if (isAll && text !== '') throw invalidArgument('x-oss-complete-all', 'yes', 'sent without a list of parts')
  const stored = await store.completeUpload(
    uploadRef(exchange),
    isAll ? null : readParts(text),
    writeOptions(exchange, 'ObjectCreated:CompleteMultipartUpload'),
  )
  const encodingType = readEncodingType(query)
  const answer = xmlAnswer(
    'CompleteMultipartUploadResult',
    {
      EncodingType: encodingType,
      Location: `http://${headers.host}${percentEncodePath(new URL(exchange.url, 'http://host').pathname)}`,
      Bucket: bucketName,
      Key: keyEncoder(encodingType)(key),
      ETag: quoted(stored.etag),
    },
    storedHeaders(exchange, stored),
  )
  return { ...answer, stored }
}

function readParts(text: string): { partNumber: number; etag: string }[] {
  return childrenOf(parseXml(text, 'CompleteMultipartUpload'), 'Part').map((element) => {
    const partNumber = Number(childText(element, 'PartNumber'))
    const etag = childText(element, 'ETag')
    if (!Number.isInteger(partNumber) || etag === undefined) {
      throw new OssError('MalformedXML', 'Each Part must have a PartNumber and an ETag.')
    }
    return { partNumber, etag: etag.replaceAll('"', '') }
  })
}

async function abort(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  await store.abortUpload(uploadRef(exchange), writeOptions(exchange, 'ObjectRemoved:AbortMultipartUpload'))
  return emptyAnswer(204)
}

async function listParts(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName, key, bucket, query } = exchange
  const ref = uploadRef(exchange)
  const marker = readInteger(query, 'part-number-marker', 0, 0, PART_NUMBER_MAX)
  const limit = readLimit(query, 'max-parts', ENTRIES_MAX, ENTRIES_MAX)
  const encodingType = readEncodingType(query)
  const { parts, next } = await store.listParts(ref, marker, limit)
  return xmlAnswer('ListPartsResult', {
    EncodingType: encodingType,
    Bucket: bucketName,
    Key: keyEncoder(encodingType)(key),
    UploadId: ref.uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: next ?? parts.at(-1)?.partNumber ?? 0,
    MaxParts: limit,
    IsTruncated: next !== null,
    StorageClass: bucket.storageClass,
    Part: parts.map(({ partNumber, modifiedMs, etag, size, crc64 }) => ({
      PartNumber: partNumber,
      LastModified: isoTime(modifiedMs),
      ETag: quoted(etag),
      Size: size,
      HashCrc64ecma: crc64,
    })),
  })
}

async function listUploads(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { query, bucket } = exchange
  const { encodingType, encode, ...asked } = readList(exchange, 'max-uploads', ENTRIES_MAX)
  const keyMarker = query.get('key-marker') ?? ''
  const uploadMarker = query.get('upload-id-marker') ?? ''
  const page = await store.listUploads({ ...asked, after: keyMarker, afterUploadId: uploadMarker })
  return xmlAnswer('ListMultipartUploadsResult', {
    EncodingType: encodingType,
    Bucket: asked.bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: uploadMarker,
    NextKeyMarker: encode(page.next?.key ?? ''),
    NextUploadIdMarker: page.next?.uploadId ?? '',
    Delimiter: encode(asked.delimiter),
    Prefix: encode(asked.prefix),
    MaxUploads: asked.limit,
    IsTruncated: page.next !== null,
    Upload: page.uploads.map(({ key, uploadId, initiatedMs, attributes }) => ({
      Key: encode(key),
      UploadId: uploadId,
      Initiated: isoTime(initiatedMs),
      StorageClass: attributes.storageClass || bucket.storageClass,
    })),
    CommonPrefixes: prefixesOf(page.commonPrefixes, encode),
  })
}

function readEncodingType(query: Exchange['query']): 'url' | undefined {
  return readChoice('encoding-type', query.get('encoding-type') || undefined, ['url'])
}

function uploadRef({ bucketName: bucket, key, query }: Exchange): { bucket: string; key: string; uploadId: string } {
  return { bucket, key, uploadId: query.get('uploadId')! }
}

function partRef(exchange: Exchange) {
  const partNumber = readInteger(exchange.query, 'partNumber', 0, 1, PART_NUMBER_MAX)
  if (partNumber === 0) throw invalidArgument('partNumber', '', `a whole number from 1 to ${PART_NUMBER_MAX}`)
  return { ...uploadRef(exchange), partNumber }
}

/** `bytes=a-b` within the source; absent: all of it. */
function readSourceRange(text: string | undefined, size: number): ByteRange | null {
  if (text === undefined) return null
  const [, first, last] = /^bytes=(\d{1,16})-(\d{1,16})$/.exec(text) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (first !== undefined && range.first <= range.last && range.last < size) return range
  throw invalidArgument('x-oss-copy-source-range', text, `bytes={first}-{last} within the ${size} bytes of the source`)
}
