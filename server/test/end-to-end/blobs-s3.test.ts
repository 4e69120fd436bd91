/** A platform that keeps bytes of objects and code packages in an S3. */
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noS3, startS3ForTests } from '../../src/blobs/s3-for-tests.ts'
import { ossClient } from '../support/oss.ts'
import { startPlatform, zip } from '../support/platform.ts'

test('code and objects lie in the S3, and are there without the local copies', { skip: noS3 ?? false }, async (t) => {
  const s3 = await startS3ForTests()
  t.after(() => s3.remove())
  const { bucket, endpoint, credentials } = await s3.createBucket()
  const platform = await startPlatform({
    SLUICE_BLOBS_URL: `s3://${bucket}/here?endpoint=${endpoint}`,
    SLUICE_BLOBS_ACCESS_KEY_ID: credentials!.accessKeyId,
    SLUICE_BLOBS_ACCESS_KEY_SECRET: credentials!.secretAccessKey,
  })
  t.after(() => platform.stop())
  const objects = ossClient(platform, { bucket: 'photos' })
  await ossClient(platform).call('putBucket', 'photos')
  await objects.call('put', 'a.txt', Buffer.from('an object'))
  const zipFile = (await zip({ 'index.js': `exports.handler = async () => 'from S3'` })).toString('base64')
  const body = { functionName: 'f', runtime: 'nodejs20', handler: 'index.handler', code: { zipFile } }
  assert.equal((await platform.call('POST', '/2023-03-30/functions', body)).status, 200)

  await platform.kill()
  assert.equal(existsSync(join(platform.dataDir, 'blobs')), false)
  rmSync(join(platform.dataDir, 'packages'), { recursive: true })
  await platform.start()
  assert.equal((await platform.call('POST', '/2023-03-30/functions/f/invocations')).text, 'from S3')
  const { content } = await ossClient(platform, { bucket: 'photos' }).call<{ content: Buffer }>('get', 'a.txt')
  assert.equal(content.toString(), 'an object')

  await s3.crash()
  const answer = await platform.send('GET', '/readyz')
  assert.equal(answer.status, 503)
  assert.match(answer.text, new RegExp(`bucket ${bucket} of blobsUrl cannot be used`))
  // What is unpacked runs on.
  assert.equal((await platform.call('POST', '/2023-03-30/functions/f/invocations')).text, 'from S3')
  await s3.start()
  assert.equal((await platform.send('GET', '/readyz')).status, 200)
})
