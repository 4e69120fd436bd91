/**
 * Which bucket and key a request is about: the bucket stands before the endpoint in the host name, or first in the path,
 * or, for a client that was given a name of its own (`cname`), only in what it signed. One request may be read in more
 * than one way; the signature tells which one was meant. Pure.
 */
import { isIP } from 'node:net'
import { BUCKET_NAME } from '../limits.ts'
import { decodePathPart } from './target.ts'

export interface Reading {
  /** Empty: the service itself. */
  bucket: string
  /** Decoded; empty: the bucket itself. */
  key: string
  form: 'virtualHost' | 'path' | 'cname'
}

/** Endpoints of the cloud that a client was pointed away from: it still sends their names. */
const CLOUD_ENDPOINT = /^(s3\.)?oss(-accelerate|-[a-z0-9]+)+\.aliyuncs\.com$/

/** Every reading, the likelier first. `endpoints`: host names that hold no bucket. Throws OssError InvalidObjectName. */
export function readingsOf(hostHeader: string, rawPath: string, endpoints: ReadonlySet<string>): Reading[] {
  const byPath = readPathStyle(rawPath)
  const host = hostName(hostHeader)
  if (isIP(host) !== 0 || endpoints.has(host) || CLOUD_ENDPOINT.test(host)) return [byPath]
  const [label] = host.split('.', 1) as [string]
  if (label.length === host.length || !BUCKET_NAME.test(label)) return [byPath]
  return [{ bucket: label, key: decodePathPart(rawPath.slice(1)), form: 'virtualHost' }, byPath]
}

/** The whole path is the key: `bucket` is known by the signature alone. */
export function readingIn(bucket: string, rawPath: string): Reading {
  return { bucket, key: decodePathPart(rawPath.slice(1)), form: 'cname' }
}

function readPathStyle(rawPath: string): Reading {
  const slash = rawPath.indexOf('/', 1)
  const bucket = decodePathPart(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash))
  return { bucket, key: slash < 0 ? '' : decodePathPart(rawPath.slice(slash + 1)), form: 'path' }
}

/** Lower case, without the port; a client that lists buckets may leave a dot where the bucket would stand. */
function hostName(header: string): string {
  const bracket = /^\[([^\]]*)\]/.exec(header)
  if (bracket) return bracket[1]!
  return header
    .replace(/:\d*$/, '')
    .replace(/^\.|\.$/g, '')
    .toLowerCase()
}
