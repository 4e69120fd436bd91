/** Where blobs live, as settings say: files, or an S3. */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { openFileBlobs } from './files.ts'
import type { BlobStore } from './port.ts'
import { parseS3Url } from './s3-url.ts'

export interface BlobSettings {
  /** `s3://…`; empty: files below `directory`. */
  url: string
  accessKeyId: string
  accessKeySecret: string
  directory: string
}

/** What is of one kind, such as `packages`; in an S3 each account has its own, since each forgets what it does not know. */
export type OpenBlobs = (kind: string) => Promise<BlobStore>

/** Throws when the settings cannot be used. */
export function blobsOf(
  settings: BlobSettings & { accountId: string },
  deps: { clock: Clock; notify(message: string): void },
): OpenBlobs {
  const { url, directory, accountId } = settings
  if (url === '') return (kind) => openFileBlobs(join(directory, kind), (message) => deps.notify(message))
  const location = parseS3Url(url, settings)
  return async (kind) => {
    const { openS3Blobs } = await import('./s3.ts')
    return openS3Blobs({ ...location, prefix: `${location.prefix}${accountId}/${kind}/` }, deps)
  }
}
