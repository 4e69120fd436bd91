/** What a client hears when disk or database fail, and what the operator hears. */
import { StorageError } from '../storage-thread.ts'
import { OssError } from './errors.ts'

const NO_SPACE = /\bENOSPC\b|\bEDQUOT\b|disk is full/

/** Names no path: clients see it. */
export function storageFailure(error: unknown, notify: (message: string) => void): OssError {
  if (error instanceof OssError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  if (error instanceof StorageError && error.reason === 'busy') {
    return new OssError('ServiceUnavailable', 'Too many requests wait for the object store. Please try again later.')
  }
  // A storage thread tells of itself.
  if (!(error instanceof StorageError)) notify(`objects cannot be stored: ${message}`)
  const cause = NO_SPACE.test(`${code} ${message}`) ? 'no space is left' : 'its storage failed'
  return new OssError('ServiceUnavailable', `The object store cannot carry it out now: ${cause}.`)
}
