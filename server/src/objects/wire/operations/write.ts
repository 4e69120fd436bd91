/** Objects written, copied and removed. */
import { OssError, type ObjectAttributes, type PutResult, type WriteOptions } from '../../port.ts'
import { emptyAnswer, isoTime, quoted, xmlAnswer } from '../answers.ts'
import { RESTORE_HEADER, checkReadable, readAttributes } from '../attributes.ts'
import { COPY_CONDITIONS, isUnmodified } from '../conditions.ts'
import { readCopySource, type CopySource } from '../copy-source.ts'
import { readChoice, readInteger } from '../parameters.ts'
import { versionHeader } from './read.ts'
import { objectLimits, tooLarge } from '../../limits.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'

const row = { level: 'object', access: 'write', action: 'PutObject' } as const

export const writeOperations: readonly Operation[] = [
  { ...row, name: 'PutObject', method: 'PUT', handle: putObject },
  { ...row, name: 'CopyObject', method: 'PUT', header: 'x-oss-copy-source', handle: copyObject },
  { ...row, name: 'AppendObject', method: 'POST', flags: ['append'], handle: appendObject },
  { ...row, name: 'DeleteObject', method: 'DELETE', action: 'DeleteObject', handle: deleteObject },
]

async function putObject(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName, key, bucket } = exchange
  const length = checkLength(exchange)
  const stored = await store.put(bucketName, key, exchange.body.stream(), {
    ...writeOptions(exchange, 'ObjectCreated:PutObject'),
    attributes: readAttributes(exchange.headers, bucket.storageClass),
    ...length,
  })
  return { ...emptyAnswer(200, storedHeaders(exchange, stored)), stored }
}

async function appendObject(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName, key, bucket, query } = exchange
  const length = checkLength(exchange)
  const position = readInteger(query, 'position', 0, 0, Number.MAX_SAFE_INTEGER)
  const appended = await store.append(bucketName, key, position, exchange.body.stream(), {
    ...writeOptions(exchange, 'ObjectCreated:AppendObject'),
    attributes: readAttributes(exchange.headers, bucket.storageClass),
    ...length,
  })
  const next = String(appended.nextPosition)
  return emptyAnswer(200, { ...storedHeaders(exchange, appended), 'x-oss-next-append-position': next })
}

async function copyObject(exchange: Exchange, context: WireContext): Promise<Answer> {
  const { bucketName, key, bucket, headers } = exchange
  const source = await readCopySource(exchange, context)
  checkReadable(source.head, exchange.receivedMs)
  if (isUnmodified(headers, COPY_CONDITIONS, source.head)) return emptyAnswer(304)
  const copied = await context.store.copy(source.ref, bucketName, key, {
    ...writeOptions(exchange, 'ObjectCreated:CopyObject'),
    attributes: copiedAttributes(exchange, source, bucket.storageClass),
  })
  const versions = {
    ...versionHeader(exchange, copied),
    ...(source.ref.versionId !== undefined && { 'x-oss-copy-source-version-id': source.ref.versionId }),
  }
  return xmlAnswer(
    'CopyObjectResult',
    { LastModified: isoTime(copied.modifiedMs), ETag: quoted(copied.etag) },
    { ...versions, etag: quoted(copied.etag), 'x-oss-hash-crc64ecma': copied.crc64 },
  )
}

/** Headers and meta are those of the source unless the request brings its own; onto itself, it always does. */
function copiedAttributes(
  { headers, bucketName, key }: Exchange,
  { ref, head }: CopySource,
  storageClass: string,
): ObjectAttributes {
  const given = readAttributes(headers, storageClass)
  const metadata = readDirective(headers, 'x-oss-metadata-directive')
  const tagging = readDirective(headers, 'x-oss-tagging-directive')
  // An older version is copied onto its key to be the latest again, as it was.
  const isSame = ref.bucket === bucketName && ref.key === key && ref.versionId === undefined
  const { [RESTORE_HEADER]: _restored, ...kept } = head.headers
  const {
    contentType,
    headers: described,
    meta,
  } = metadata === 'REPLACE' || isSame ? given : { ...head, headers: kept }
  const isSilent = (name: string) => isSame && headers[name] === undefined
  return {
    contentType: isSilent('content-type') ? head.contentType : contentType,
    headers: described,
    meta,
    acl: isSilent('x-oss-object-acl') ? head.acl : given.acl,
    tags: tagging === 'REPLACE' ? given.tags : head.tags,
    storageClass: isSilent('x-oss-storage-class') ? head.storageClass : given.storageClass,
  }
}

function readDirective(headers: Exchange['headers'], name: string): 'COPY' | 'REPLACE' | undefined {
  const given = headers[name]
  return readChoice(name, given === undefined ? undefined : String(given).toUpperCase(), ['COPY', 'REPLACE'])
}

async function deleteObject(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const { bucketName: bucket, key, query } = exchange
  const versionId = query.get('versionId')
  const ref = { bucket, key, ...(versionId !== undefined && { versionId }) }
  const removed = await store.delete(ref, writeOptions(exchange, 'ObjectRemoved:DeleteObject'))
  return emptyAnswer(204, {
    ...versionHeader(exchange, removed),
    ...(removed.isDeleteMarker && { 'x-oss-delete-marker': 'true' }),
  })
}

export function writeOptions({ cause, headers }: Exchange, eventName: string): WriteOptions {
  return { cause, eventName, ...(headers['x-oss-forbid-overwrite'] === 'true' && { forbidOverwrite: true }) }
}

/** What the store compares with what comes. Throws MissingContentLength, EntityTooLarge. */
export function checkLength({ headers, body }: Exchange): { contentLength?: number; contentMd5?: string } {
  const { length } = body
  if (length !== undefined && headers['content-length'] === undefined) {
    throw new OssError('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if ((length ?? 0) > objectLimits.putBytesMax) throw tooLarge(length!, objectLimits.putBytesMax)
  const contentMd5 = headers['content-md5'] as string | undefined
  return { ...(length !== undefined && { contentLength: length }), ...(contentMd5 !== undefined && { contentMd5 }) }
}

export function storedHeaders(exchange: Exchange, stored: PutResult): Record<string, string> {
  return { ...versionHeader(exchange, stored), etag: quoted(stored.etag), 'x-oss-hash-crc64ecma': stored.crc64 }
}
