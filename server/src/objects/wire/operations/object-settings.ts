/** What an object has beside its bytes: its access control list, tags, being a link, being restored. */
import { OssError } from '../../port.ts'
import { emptyAnswer, httpTime, quoted, xmlAnswer } from '../answers.ts'
import { OBJECT_ACLS, RESTORE_HEADER, needsRestore, readAttributes, restoredUntilMs } from '../attributes.ts'
import { checkKey } from '../../limits.ts'
import { headerText } from '../auth/proof.ts'
import { invalidArgument, readChoice } from '../parameters.ts'
import { aclOf } from '../shapes.ts'
import { OBJECT_TAGS_MAX, TAGGING_BYTES_MAX, readTagging, taggingOf } from '../tags.ts'
import { decodePathPart, percentEncode } from '../target.ts'
import { childText, parseXml } from '../xml.ts'
import { storedHeaders, writeOptions } from './write.ts'
import { versionHeader } from './read.ts'
import type { ObjectAttributes, ObjectHead } from '../../port.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const RESTORE_BYTES_MAX = 64 * 1024

const row = { level: 'object', access: 'owner' } as const
const acl = { ...row, flags: ['acl'] }
const tagging = { ...row, flags: ['tagging'] }
const symlink = { ...row, flags: ['symlink'] }

export const objectSettingOperations: readonly Operation[] = [
  { ...acl, name: 'PutObjectACL', method: 'PUT', action: 'PutObjectAcl', handle: putAcl },
  { ...acl, name: 'GetObjectACL', method: 'GET', action: 'GetObjectAcl', handle: getAcl },
  { ...tagging, name: 'PutObjectTagging', method: 'PUT', action: 'PutObjectTagging', handle: putTagging },
  { ...tagging, name: 'GetObjectTagging', method: 'GET', action: 'GetObjectTagging', handle: getTagging },
  { ...tagging, name: 'DeleteObjectTagging', method: 'DELETE', action: 'DeleteObjectTagging', handle: deleteTagging },
  { ...symlink, name: 'PutSymlink', method: 'PUT', action: 'PutObject', access: 'write', handle: putSymlink },
  { ...symlink, name: 'GetSymlink', method: 'GET', action: 'GetObject', access: 'read', handle: getSymlink },
  { ...row, name: 'RestoreObject', method: 'POST', flags: ['restore'], action: 'RestoreObject', handle: restore },
]

async function putAcl(exchange: Exchange, context: WireContext): Promise<Answer> {
  const given = readChoice('x-oss-object-acl', exchange.headers['x-oss-object-acl'], OBJECT_ACLS)
  if (given === undefined) throw invalidArgument('x-oss-object-acl', '', `one of ${OBJECT_ACLS.join(', ')}`)
  return change(exchange, context, { acl: given }, 200)
}

async function getAcl(exchange: Exchange, { accountId }: WireContext): Promise<Answer> {
  const head = await exchange.head()
  return xmlAnswer('AccessControlPolicy', aclOf(accountId, head.acl), versionHeader(exchange, head))
}

async function putTagging(exchange: Exchange, context: WireContext): Promise<Answer> {
  const tags = readTagging(await exchange.body.text(TAGGING_BYTES_MAX), OBJECT_TAGS_MAX)
  return change(exchange, context, { tags }, 200)
}

async function getTagging(exchange: Exchange): Promise<Answer> {
  const head = await exchange.head()
  return xmlAnswer('Tagging', taggingOf(head.tags), versionHeader(exchange, head))
}

function deleteTagging(exchange: Exchange, context: WireContext): Promise<Answer> {
  return change(exchange, context, { tags: {} }, 204)
}

async function change(
  exchange: Exchange,
  { store }: WireContext,
  attributes: Partial<ObjectAttributes>,
  status: number,
): Promise<Answer> {
  const head = await exchange.head()
  await store.changeAttributes({ bucket: head.bucket, key: head.key, versionId: head.versionId }, attributes)
  return emptyAnswer(status, versionHeader(exchange, head))
}

async function putSymlink(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const target = decodePathPart(headerText(exchange.headers, 'x-oss-symlink-target'))
  if (target === '') throw invalidArgument('x-oss-symlink-target', '', 'the percent-encoded key of an object')
  checkKey(target)
  const stored = await store.putSymlink(exchange.bucketName, exchange.key, target, {
    ...writeOptions(exchange, 'ObjectCreated:PutSymlink'),
    attributes: readAttributes(exchange.headers, exchange.bucket.storageClass),
  })
  const { 'x-oss-hash-crc64ecma': _crc, ...headers } = storedHeaders(exchange, stored)
  return emptyAnswer(200, headers)
}

async function getSymlink(exchange: Exchange): Promise<Answer> {
  const head = await exchange.head()
  if (head.symlinkTarget === null) {
    throw new OssError('InvalidTargetType', 'The object is not a symlink.', { Key: head.key })
  }
  return emptyAnswer(200, {
    ...versionHeader(exchange, head),
    'x-oss-symlink-target': percentEncode(head.symlinkTarget),
    etag: quoted(head.etag),
    'last-modified': httpTime(head.modifiedMs),
  })
}

/** Archived objects are here at once: the first request is accepted, later ones find the object restored. */
async function restore(exchange: Exchange, { store }: WireContext): Promise<Answer> {
  const head = await exchange.head()
  if (!needsRestore(head.storageClass)) {
    throw new OssError('OperationNotSupported', 'The operation is not supported for an object of this storage class.')
  }
  const untilMs = exchange.receivedMs + (await readDays(exchange)) * DAY_MS
  const wasRestored = (restoredUntilMs(head) ?? 0) > exchange.receivedMs
  await store.changeAttributes(
    { bucket: head.bucket, key: head.key, versionId: head.versionId },
    { headers: restoredHeaders(head, untilMs) },
  )
  return emptyAnswer(wasRestored ? 200 : 202, versionHeader(exchange, head))
}

function restoredHeaders({ headers }: ObjectHead, untilMs: number): Record<string, string> {
  return { ...headers, [RESTORE_HEADER]: `ongoing-request="false", expiry-date="${httpTime(untilMs)}"` }
}

async function readDays({ body }: Exchange): Promise<number> {
  const text = await body.text(RESTORE_BYTES_MAX)
  const days = Number((text === '' ? undefined : childText(parseXml(text, 'RestoreRequest'), 'Days')) ?? 1)
  if (Number.isInteger(days) && days >= 1 && days <= 365) return days
  throw new OssError('MalformedXML', 'Days must be a whole number from 1 to 365.')
}
