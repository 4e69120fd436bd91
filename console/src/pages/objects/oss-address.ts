/** Addresses of the object service as the console reaches it: path style, below its own origin. */

const OBJECTS = '/console/objects'

export type OssQuery = Readonly<Record<string, string | number>>

export const serviceAddress = (query: OssQuery) => `${OBJECTS}/${search(query)}`

export const bucketAddress = (bucket: string, query: OssQuery = {}) =>
  `${OBJECTS}/${encodeURIComponent(bucket)}${search(query)}`

/** Slashes of the key are escaped, too: a browser would resolve `a/../b` before it asks. */
export const objectAddress = (bucket: string, key: string, query: OssQuery = {}) =>
  `${OBJECTS}/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}${search(query)}`

/** What a browser saves under the last part of the key instead of showing it. */
export function downloadAddress(bucket: string, key: string): string {
  const name = encodeURIComponent(fileNameOf(key)).replaceAll("'", '%27')
  return objectAddress(bucket, key, { 'response-content-disposition': `attachment; filename*=UTF-8''${name}` })
}

export const fileNameOf = (key: string) => key.split('/').findLast((part) => part !== '') ?? key

/** The prefixes from the top of a bucket to where one is: `a/`, `a/b/`. */
export function prefixSteps(prefix: string): { name: string; prefix: string }[] {
  const names = prefix.split('/').slice(0, -1)
  return names.map((name, at) => ({ name, prefix: `${names.slice(0, at + 1).join('/')}/` }))
}

/** The page of the console that shows a folder. */
export const folderHref = (bucket: string, prefix: string) => `/buckets/${bucket}?prefix=${encodeURIComponent(prefix)}`

const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/
export const isBucketName = (name: string) => BUCKET_NAME.test(name)

const KEY_BYTES_MAX = 1023

/** Keys that the service takes, and that an address can carry. */
export function isObjectKey(key: string): boolean {
  const length = new TextEncoder().encode(key).length
  return length > 0 && length <= KEY_BYTES_MAX && !/^[/\\]/.test(key) && key !== '.' && key !== '..'
}

function search(query: OssQuery): string {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
  return parameters.size === 0 ? '' : `?${parameters}`
}
