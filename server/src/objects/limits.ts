/** Limits of OSS on names and sizes, and the checks of what clients say. */
import { Buffer } from 'node:buffer'
import { OssError } from './errors.ts'
import type { ObjectAttributes } from './port.ts'

const GIB = 1024 ** 3
const TIB = 1024 ** 4

export const objectLimits = {
  bucketsMax: 100,
  keyBytesMax: 1023,
  /** Names and values of `x-oss-meta-*` together. */
  metaBytesMax: 8 * 1024,
  tagsMax: 10,
  tagKeyBytesMax: 128,
  tagValueBytesMax: 256,
  /** Of one put, appended object or part. */
  putBytesMax: 5 * GIB,
  /** Of a multipart object. */
  objectBytesMax: Math.floor(48.8 * TIB),
  partsMax: 10_000,
  /** Of each part but the last. */
  partBytesMin: 100 * 1024,
}

export const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/

export function checkBucketName(name: string): void {
  if (BUCKET_NAME.test(name)) return
  const message = `the bucket name '${name}' is not valid: 3 to 63 lower-case letters, digits and hyphens, no hyphen first or last`
  throw new OssError('InvalidBucketName', message, { BucketName: name })
}

export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  const isValid = bytes >= 1 && bytes <= objectLimits.keyBytesMax && key.isWellFormed() && !/^[/\\]|\0/.test(key)
  if (isValid) return
  const message = `the object name is not valid: 1 to ${objectLimits.keyBytesMax} bytes of UTF-8 without NUL, not beginning with / or \\`
  throw new OssError('InvalidObjectName', message, { ObjectName: key.slice(0, objectLimits.keyBytesMax) })
}

export function checkAttributes({ meta, tags }: Partial<ObjectAttributes>): void {
  const metaBytes = sum(
    Object.entries(meta ?? {}),
    ([name, value]) => Buffer.byteLength(name) + Buffer.byteLength(value),
  )
  if (metaBytes > objectLimits.metaBytesMax) {
    throw invalid('x-oss-meta-*', `${metaBytes} bytes`, `at most ${objectLimits.metaBytesMax} bytes`)
  }
  const tagEntries = Object.entries(tags ?? {})
  if (tagEntries.length > objectLimits.tagsMax) {
    throw invalid('x-oss-tagging', `${tagEntries.length} tags`, `at most ${objectLimits.tagsMax} tags`)
  }
  for (const [key, value] of tagEntries) {
    const keyBytes = Buffer.byteLength(key)
    const isValid =
      keyBytes >= 1 &&
      keyBytes <= objectLimits.tagKeyBytesMax &&
      Buffer.byteLength(value) <= objectLimits.tagValueBytesMax
    if (!isValid) {
      const accepted = `keys of 1 to ${objectLimits.tagKeyBytesMax} bytes, values of at most ${objectLimits.tagValueBytesMax}`
      throw invalid('x-oss-tagging', `${key}=${value}`, accepted)
    }
  }
}

export function checkPartNumber(partNumber: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= objectLimits.partsMax) return
  throw invalid('partNumber', String(partNumber), `a whole number from 1 to ${objectLimits.partsMax}`)
}

export function invalid(name: string, value: string, accepted: string): OssError {
  const message = `${name} is not valid: ${value}; accepted: ${accepted}`
  return new OssError('InvalidArgument', message, { ArgumentName: name, ArgumentValue: value })
}

export function tooLarge(bytes: number, bytesMax: number): OssError {
  const details = { MaxSizeAllowed: String(bytesMax), ProposedSize: String(bytes) }
  return new OssError('EntityTooLarge', `${bytes} bytes are too many: at most ${bytesMax} are accepted`, details)
}

function sum<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((total, item) => total + measure(item), 0)
}
