/** What a client says of an object in headers, and how it gets that back. */
import { OssError } from '../port.ts'
import { headerText, utf8Header } from './auth/proof.ts'
import { invalidArgument, readChoice } from './parameters.ts'
import { readTaggingHeader } from './tags.ts'
import type { IncomingHttpHeaders } from 'node:http'
import type { ObjectAcl, ObjectAttributes } from '../port.ts'

export const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const
export const BUCKET_ACLS = ['private', 'public-read', 'public-read-write'] as const
export const OBJECT_ACLS: readonly ObjectAcl[] = ['default', ...BUCKET_ACLS]

/** Kept as they come, and sent with the object. */
const KEPT_HEADERS = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
const META_PREFIX = 'x-oss-meta-'
const META_BYTES_MAX = 8 * 1024
const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** Throws InvalidArgument. `storageClass`: of the bucket. */
export function readAttributes(headers: IncomingHttpHeaders, storageClass: string): ObjectAttributes {
  return {
    contentType: utf8Header(headerText(headers, 'content-type')) || DEFAULT_CONTENT_TYPE,
    headers: Object.fromEntries(
      KEPT_HEADERS.filter((name) => headers[name] !== undefined).map((name) => [
        name,
        utf8Header(headerText(headers, name)),
      ]),
    ),
    meta: readMeta(headers),
    acl: readChoice('x-oss-object-acl', headers['x-oss-object-acl'], OBJECT_ACLS) ?? 'default',
    tags: readTaggingHeader(headerText(headers, 'x-oss-tagging')),
    storageClass: readChoice('x-oss-storage-class', headers['x-oss-storage-class'], STORAGE_CLASSES) ?? storageClass,
  }
}

function readMeta(headers: IncomingHttpHeaders): Record<string, string> {
  const meta: Record<string, string> = {}
  let bytes = 0
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(META_PREFIX) || name === META_PREFIX) continue
    const value = utf8Header(headerText(headers, name))
    meta[name.slice(META_PREFIX.length)] = value
    bytes += name.length + Buffer.byteLength(value)
  }
  if (bytes > META_BYTES_MAX) {
    throw invalidArgument('x-oss-meta-*', '', `at most ${META_BYTES_MAX} bytes together`)
  }
  return meta
}

export function attributeHeaders({ contentType, headers, meta }: ObjectAttributes): Record<string, string> {
  const answered: Record<string, string> = { 'content-type': contentType, ...headers }
  for (const [name, value] of Object.entries(meta)) answered[META_PREFIX + name] = value
  return answered
}

/** Where the state of a restored object is kept among its headers, as it is answered. */
export const RESTORE_HEADER = 'x-oss-restore'

export function needsRestore(storageClass: string): boolean {
  return storageClass.endsWith('Archive')
}

/** Until when an archived object can be read; undefined: it is not restored. */
export function restoredUntilMs({ headers }: ObjectAttributes): number | undefined {
  const expiry = /expiry-date="([^"]+)"/.exec(headers[RESTORE_HEADER] ?? '')?.[1]
  return expiry === undefined ? undefined : Date.parse(expiry)
}

/** Throws InvalidObjectState for an archived object that was not restored, or not lately. */
export function checkReadable(attributes: ObjectAttributes & { key: string }, nowMs: number): void {
  if (!needsRestore(attributes.storageClass)) return
  if ((restoredUntilMs(attributes) ?? 0) > nowMs) return
  throw new OssError('InvalidObjectState', "The operation is not valid for the object's state: restore it first.", {
    Key: attributes.key,
  })
}
