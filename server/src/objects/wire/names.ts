/** Names of buckets and objects. */
import { OssError } from '../port.ts'
import { BUCKET_NAME } from './addressing.ts'

const KEY_BYTES_MAX = 1023

/** Throws OssError InvalidBucketName. */
export function checkBucketName(name: string): void {
  if (BUCKET_NAME.test(name)) return
  throw new OssError(
    'InvalidBucketName',
    'The specified bucket is not valid: give 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end.',
    { BucketName: name },
  )
}

/** Throws OssError InvalidObjectName. */
export function checkKey(key: string): void {
  const problem = keyProblem(key)
  if (problem !== undefined) {
    throw new OssError('InvalidObjectName', `The specified object is not valid: ${problem}.`, { Key: key })
  }
}

function keyProblem(key: string): string | undefined {
  if (key === '') return 'its key is empty'
  if (key.startsWith('/') || key.startsWith('\\')) return 'its key must not start with / or \\'
  if (key.includes('\0')) return 'its key must not hold a NUL character'
  return Buffer.byteLength(key) > KEY_BYTES_MAX ? `its key exceeds ${KEY_BYTES_MAX} bytes of UTF-8` : undefined
}
