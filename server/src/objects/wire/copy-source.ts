/** The object that a request copies from. */
import { isReadable } from './access.ts'
import { BUCKET_NAME } from '../limits.ts'
import { headerText } from './auth/proof.ts'
import { invalidArgument } from './parameters.ts'
import { decodePathPart } from './target.ts'
import { OssError, type ObjectHead, type ObjectRef } from '../port.ts'
import type { Exchange, WireContext } from './exchange.ts'

const HEADER = 'x-oss-copy-source'

export interface CopySource {
  ref: ObjectRef
  head: ObjectHead
}

/** Rejects with InvalidArgument, NoSuchBucket, NoSuchKey, AccessDenied. */
export async function readCopySource(exchange: Exchange, context: WireContext): Promise<CopySource> {
  const ref = parseCopySource(headerText(exchange.headers, HEADER))
  const bucket = context.store.bucket(ref.bucket)
  if (bucket === undefined) {
    throw new OssError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: ref.bucket })
  }
  const head = () => context.store.head(ref)
  if (!(await isReadable(exchange, bucket, ref, head, context))) {
    throw new OssError('AccessDenied', 'You have no right to access the source of the copy.')
  }
  return { ref, head: await head() }
}

/** `/bucket/key`, with `?versionId=…`; clients encode the key, and some the slashes in it. */
function parseCopySource(text: string): ObjectRef {
  const [path, versionId] = text.split('?versionId=', 2) as [string, string?]
  const wire = path.startsWith('/') ? path.slice(1) : path
  const whole = wire.includes('/') ? wire : decodePathPart(wire).replace(/^\//, '')
  const slash = whole.indexOf('/')
  const bucket = whole.slice(0, Math.max(slash, 0))
  const rest = whole.slice(slash + 1)
  const key = whole === wire ? decodePathPart(rest) : rest
  if (!BUCKET_NAME.test(bucket) || key === '') throw invalidArgument(HEADER, text, '/{bucket}/{key}, percent-encoded')
  return { bucket, key, ...(versionId !== undefined && { versionId: decodePathPart(versionId) }) }
}
