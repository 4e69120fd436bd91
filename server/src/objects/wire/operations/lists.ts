/** What a bucket holds: objects in both versions of the list, and their versions. */
import { isoTime, keyEncoder, quoted, xmlAnswer } from '../answers.ts'
import { RESTORE_HEADER } from '../attributes.ts'
import { invalidArgument, readChoice, readLimit } from '../parameters.ts'
import { ownerOf } from '../shapes.ts'
import type { ListQuery, ObjectHead } from '../../port.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'
import type { XmlValue } from '../xml.ts'

const ENTRIES_DEFAULT = 100
export const ENTRIES_MAX = 1000

const row = { level: 'bucket', method: 'GET', access: 'list' } as const

export const listOperations: readonly Operation[] = [
  { ...row, name: 'ListObjects', action: 'ListObjects', handle: listObjects },
  { ...row, name: 'ListObjectsV2', flags: ['list-type'], action: 'ListObjects', handle: listObjectsV2 },
  { ...row, name: 'ListObjectVersions', flags: ['versions'], action: 'ListObjectVersions', handle: listVersions },
]

/** What every list is asked with. */
export function readList({ bucketName, query }: Exchange, limitName: string, initial = ENTRIES_DEFAULT) {
  const encodingType = readChoice('encoding-type', query.get('encoding-type') || undefined, ['url'])
  return {
    bucket: bucketName,
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: readLimit(query, limitName, initial, ENTRIES_MAX),
    encodingType,
    encode: keyEncoder(encodingType),
  }
}

async function listObjects(exchange: Exchange, { store, accountId }: WireContext): Promise<Answer> {
  const { encodingType, encode, ...asked } = readList(exchange, 'max-keys')
  const marker = exchange.query.get('marker') ?? ''
  const page = await store.list({ ...asked, after: marker })
  return xmlAnswer('ListBucketResult', {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    Marker: encode(marker),
    MaxKeys: asked.limit,
    Delimiter: encode(asked.delimiter),
    EncodingType: encodingType,
    IsTruncated: page.next !== null,
    NextMarker: page.next === null ? undefined : encode(page.next),
    Contents: page.objects.map((head) => ({ ...entryOf(head, encode), Owner: ownerOf(accountId) })),
    CommonPrefixes: prefixesOf(page.commonPrefixes, encode),
  })
}

async function listObjectsV2(exchange: Exchange, { store, accountId }: WireContext): Promise<Answer> {
  const { query } = exchange
  if (query.get('list-type') !== '2') throw invalidArgument('list-type', query.get('list-type') ?? '', '2')
  const { encodingType, encode, ...asked } = readList(exchange, 'max-keys')
  const token = query.get('continuation-token') || undefined
  const startAfter = query.get('start-after') ?? ''
  const withOwner = query.get('fetch-owner') === 'true'
  const after = token === undefined ? startAfter : readToken(token)
  const page = await store.list({ ...asked, after } satisfies ListQuery)
  return xmlAnswer('ListBucketResult', {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    StartAfter: startAfter === '' ? undefined : encode(startAfter),
    MaxKeys: asked.limit,
    Delimiter: encode(asked.delimiter),
    EncodingType: encodingType,
    IsTruncated: page.next !== null,
    KeyCount: page.objects.length + page.commonPrefixes.length,
    ContinuationToken: token,
    NextContinuationToken: page.next === null ? undefined : Buffer.from(page.next).toString('base64url'),
    Contents: page.objects.map((head) => ({
      ...entryOf(head, encode),
      Owner: withOwner ? ownerOf(accountId) : undefined,
    })),
    CommonPrefixes: prefixesOf(page.commonPrefixes, encode),
  })
}

async function listVersions(exchange: Exchange, { store, accountId }: WireContext): Promise<Answer> {
  const { query } = exchange
  const { encodingType, encode, ...asked } = readList(exchange, 'max-keys')
  const keyMarker = query.get('key-marker') ?? ''
  const versionMarker = query.get('version-id-marker') ?? ''
  if (versionMarker !== '' && keyMarker === '')
    throw invalidArgument('version-id-marker', versionMarker, 'together with key-marker')
  const page = await store.listVersions({
    ...asked,
    after: keyMarker,
    ...(versionMarker !== '' && { afterVersionId: versionMarker }),
  })
  const common = (head: ObjectHead) => ({
    Key: encode(head.key),
    VersionId: head.versionId,
    IsLatest: head.isLatest,
    LastModified: isoTime(head.modifiedMs),
    Owner: ownerOf(accountId),
  })
  return xmlAnswer('ListVersionsResult', {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker,
    MaxKeys: asked.limit,
    Delimiter: encode(asked.delimiter),
    EncodingType: encodingType,
    IsTruncated: page.next !== null,
    NextKeyMarker: page.next === null ? undefined : encode(page.next.key),
    NextVersionIdMarker: page.next?.versionId,
    Version: page.objects
      .filter(({ isDeleteMarker }) => !isDeleteMarker)
      .map((head) => ({ ...entryOf(head, encode), ...common(head) })),
    DeleteMarker: page.objects.filter(({ isDeleteMarker }) => isDeleteMarker).map(common),
    CommonPrefixes: prefixesOf(page.commonPrefixes, encode),
  })
}

function entryOf(head: ObjectHead, encode: (text: string) => string): { [name: string]: XmlValue } {
  return {
    Key: encode(head.key),
    LastModified: isoTime(head.modifiedMs),
    ETag: quoted(head.etag),
    Type: head.type,
    Size: head.size,
    StorageClass: head.storageClass,
    RestoreInfo: head.headers[RESTORE_HEADER],
  }
}

export function prefixesOf(prefixes: readonly string[], encode: (text: string) => string): XmlValue {
  return prefixes.map((prefix) => ({ Prefix: encode(prefix) }))
}

function readToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (key !== '' && Buffer.from(key).toString('base64url') === token) return key
  throw invalidArgument('continuation-token', token, 'a NextContinuationToken of an earlier answer')
}
