/** Objects read: whole, in part, or what is known of them. */
import { OssError, type ObjectHead } from '../../port.ts'
import { emptyAnswer, httpTime, quoted } from '../answers.ts'
import { checkSession } from '../access.ts'
import { attributeHeaders, checkReadable } from '../attributes.ts'
import { READ_CONDITIONS, isUnmodified } from '../conditions.ts'
import { readRange } from '../range.ts'
import type { Answer, Exchange, Operation, WireContext } from '../exchange.ts'

const row = { level: 'object', action: 'GetObject', access: 'read' } as const

export const readOperations: readonly Operation[] = [
  { ...row, name: 'GetObject', method: 'GET', handle: getObject },
  { ...row, name: 'HeadObject', method: 'HEAD', handle: headObject },
  { ...row, name: 'GetObjectMeta', method: 'GET', flags: ['objectMeta'], handle: getObjectMeta },
  { ...row, name: 'GetObjectMeta', method: 'HEAD', flags: ['objectMeta'], handle: getObjectMeta },
]

/** What a name leads to: the object, or the one that it is a link to. */
export interface Found {
  /** Of the name itself. */
  head: ObjectHead
  /** Whose bytes are read. */
  content: ObjectHead
}

/** Rejects with NoSuchKey, MethodNotAllowed (a delete marker), AccessDenied, SymlinkTargetNotExist, InvalidTargetType. */
export async function findContent(exchange: Exchange, context: WireContext): Promise<Found> {
  const head = await exchange.head()
  const { symlinkTarget } = head
  if (symlinkTarget === null) return { head, content: head }
  checkSession(exchange, 'GetObject', head.bucket, symlinkTarget, context)
  const content = await context.store.head({ bucket: head.bucket, key: symlinkTarget }).catch((error: unknown) => {
    if (!(error instanceof OssError) || error.code !== 'NoSuchKey') throw error
    throw new OssError('SymlinkTargetNotExist', 'The symlink target object does not exist.', { Key: symlinkTarget })
  })
  if (content.symlinkTarget !== null) {
    throw new OssError('InvalidTargetType', 'The target of the symlink is itself a symlink.', { Key: symlinkTarget })
  }
  return { head, content }
}

async function getObject(exchange: Exchange, context: WireContext): Promise<Answer> {
  const found = await findContent(exchange, context)
  const { content } = found
  const headers = objectHeaders(found, exchange)
  checkReadable(content, exchange.receivedMs)
  if (isUnmodified(exchange.headers, READ_CONDITIONS, content)) return notModified(headers)
  overrideHeaders(headers, exchange)
  const isStandard = exchange.headers['x-oss-range-behavior'] === 'standard'
  const range = readRange(exchange.headers.range, content.size, isStandard)
  if (range === null) return { status: 200, headers, body: await context.store.read(content) }
  delete headers['content-md5']
  headers['content-length'] = String(range.last - range.first + 1)
  headers['content-range'] = `bytes ${range.first}-${range.last}/${content.size}`
  return { status: 206, headers, body: await context.store.read(content, range) }
}

async function headObject(exchange: Exchange, context: WireContext): Promise<Answer> {
  const found = await findContent(exchange, context)
  const headers = objectHeaders(found, exchange)
  if (isUnmodified(exchange.headers, READ_CONDITIONS, found.content)) return notModified(headers)
  return emptyAnswer(200, headers)
}

async function getObjectMeta(exchange: Exchange): Promise<Answer> {
  const head = await exchange.head()
  const headers = {
    ...versionHeader(exchange, head),
    etag: quoted(head.etag),
    'last-modified': httpTime(head.modifiedMs),
  }
  // The length is what the object has, also where the answer to a GET has no body.
  return emptyAnswer(200, { ...headers, 'content-length': exchange.method === 'HEAD' ? String(head.size) : '0' })
}

/** Of a link: length and ETag are those of its target, the rest its own. */
export function objectHeaders(found: Found, exchange: Exchange): Record<string, string> {
  return { ...storedHeaders(found), ...versionHeader(exchange, found.head) }
}

/** Of heads that are no links, as a store may give the same one again and again. */
const known = new WeakMap<ObjectHead, Readonly<Record<string, string>>>()

function storedHeaders(found: Found): Readonly<Record<string, string>> {
  const { head, content } = found
  if (head !== content) return makeHeaders(found)
  let headers = known.get(head)
  if (headers === undefined) known.set(head, (headers = makeHeaders(found)))
  return headers
}

function makeHeaders({ head, content }: Found): Record<string, string> {
  const headers = attributeHeaders(head)
  headers['content-length'] = String(content.size)
  headers['etag'] = quoted(content.etag)
  headers['last-modified'] = httpTime(Math.max(head.modifiedMs, content.modifiedMs))
  headers['accept-ranges'] = 'bytes'
  headers['x-oss-object-type'] = head.type
  headers['x-oss-storage-class'] = head.storageClass
  headers['x-oss-hash-crc64ecma'] = content.crc64
  if (content.contentMd5 !== null) headers['content-md5'] = content.contentMd5
  if (head.type === 'Appendable') headers['x-oss-next-append-position'] = String(head.size)
  const tags = Object.keys(head.tags).length
  if (tags > 0) headers['x-oss-tagging-count'] = String(tags)
  return headers
}

/** Where versions are, or were, kept. */
export function versionHeader(
  { bucket }: Exchange,
  { versionId }: { versionId: string | null },
): Record<string, string> {
  return bucket.versioning === null || versionId === null ? {} : { 'x-oss-version-id': versionId }
}

function notModified(headers: Record<string, string>): Answer {
  const { 'content-length': _length, 'content-md5': _md5, ...rest } = headers
  return emptyAnswer(304, rest)
}

const OVERRIDES = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
]

/** `response-*` parameters, of those who signed the request: nobody else may choose what a browser makes of an object. */
function overrideHeaders(headers: Record<string, string>, { query, caller }: Exchange): void {
  if (query.size === 0) return
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`)
    if (value === undefined || value === '') continue
    if (caller === null) {
      throw new OssError('InvalidArgument', 'Response header parameters need a signed request.', {
        ArgumentName: `response-${name}`,
      })
    }
    headers[name] = value
  }
}
