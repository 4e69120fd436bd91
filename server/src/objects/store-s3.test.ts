import { after, test } from 'node:test'
import { cachedBlobs } from '../blobs/cached.ts'
import { noS3, startS3ForTests } from '../blobs/s3-for-tests.ts'
import { openS3Blobs } from '../blobs/s3.ts'
import { systemClock } from '../clock.ts'
import { objectStoreContract } from './contract.ts'

if (noS3 !== undefined) test('objects on S3', { skip: noS3 }, () => {})
else {
  const server = await startS3ForTests()
  after(() => server.remove())
  const failing = (message: string) => {
    throw new Error(message)
  }

  objectStoreContract(
    'objects on S3',
    async () => {
      const location = await server.createBucket()
      return {
        // As a platform has them.
        open: async () => cachedBlobs(openS3Blobs(location, { clock: systemClock, notify: failing })),
        opening: `
          (await import(${JSON.stringify(import.meta.resolve('../blobs/s3.ts'))})).openS3Blobs(${JSON.stringify(location)}, {
            clock: (await import(${JSON.stringify(import.meta.resolve('../clock.ts'))})).systemClock,
            notify: console.error,
          })`,
        remove: async () => {},
      }
    },
    'the suite of blobs on S3 fills its disk',
  )
}
