import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { systemClock, type Clock } from '../clock.ts'
import { blobStoreContract, from, listed, somePiece } from './contract.ts'
import { BlobNotFoundError, type BlobStore } from './port.ts'
import { noS3, startS3ForTests } from './s3-for-tests.ts'
import { openS3Blobs } from './s3.ts'
import type { S3Location } from './s3-url.ts'
import { mountSmallDisk, noSmallDisk } from './small-disk-for-tests.ts'

const MB = 1024 * 1024

const open = (location: S3Location, clock: Clock = systemClock, notify: (message: string) => void = assert.fail) =>
  openS3Blobs(location, { clock, notify })

const opening = (location: S3Location) => `
  (await import(${JSON.stringify(import.meta.resolve('./s3.ts'))})).openS3Blobs(${JSON.stringify(location)}, {
    clock: (await import(${JSON.stringify(import.meta.resolve('../clock.ts'))})).systemClock,
    notify: console.error,
  })`

if (noS3 !== undefined) test('S3', { skip: noS3 }, () => {})
else {
  const server = await startS3ForTests()
  after(() => server.remove())

  blobStoreContract(
    'S3',
    async (options) => {
      if (options) return onSmallDisk(options.diskBytes)
      const location = await server.createBucket()
      return { open: async () => open(location), opening: opening(location), remove: async () => {} }
    },
    noSmallDisk,
  )

  const uploadsIn = async (Bucket: string) =>
    (await server.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'blobs/' }))).Uploads ?? []

  const withStore = (title: string, body: (store: BlobStore, location: S3Location) => Promise<void>) =>
    void test(`S3: ${title}`, async () => {
      const location = await server.createBucket()
      const store = open(location)
      await body(store, location)
      await store.close()
    })

  withStore('a large put that fails leaves no unfinished upload', async (store, { bucket }) => {
    let during = 0
    const broken = (async function* () {
      for (let i = 0; i < 5; i++) yield somePiece(8 * MB, i)
      during = (await uploadsIn(bucket)).length
      throw new Error('the client left')
    })()
    await assert.rejects(store.put('a', broken), /the client left/)
    assert.equal(during, 1)
    assert.deepEqual(await uploadsIn(bucket), [])
  })

  withStore('a small put is one request, under the prefix, beside what others keep', async (store, { bucket }) => {
    await server.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'foreign', Body: 'x' }))
    await store.put('a', from([Buffer.from('mine')]))
    const { Contents: contents } = await server.client.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '' }))
    assert.deepEqual(
      contents?.map(({ Key }) => Key).filter((key) => !key!.endsWith('/')),
      ['blobs/a', 'foreign'],
    )
    assert.deepEqual(
      (await listed(store)).map(({ id }) => id),
      ['a'],
    )
  })

  test('S3: uploads that a killed process left are forgotten a day later', async () => {
    const location = await server.createBucket()
    const Bucket = location.bucket
    await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'blobs/half' }))
    await open(location).close()
    assert.equal((await uploadsIn(Bucket)).length, 1)
    const tomorrow = { ...systemClock, nowMs: () => Date.now() + 25 * 60 * 60 * 1000 }
    const store = open(location, tomorrow)
    while ((await uploadsIn(Bucket)).length > 0) await store.check()
    await store.close()
  })

  test('S3: a bucket that is not there, and keys that are wrong, are told by the check', async () => {
    const location = await server.createBucket()
    const absent = open({ ...location, bucket: 'absent' }, systemClock, () => {})
    await assert.rejects(absent.check(), /bucket absent of blobsUrl cannot be used: NotFound \(HTTP 404\)/)
    await assert.rejects(absent.put('a', from([Buffer.from('a')])), /bucket does not exist/i)
    // The bucket is missing, not the blob: nobody may take this for "not stored".
    await assert.rejects(absent.open('a'), (error: Error) => !(error instanceof BlobNotFoundError))
    const stranger = open(
      { ...location, credentials: { accessKeyId: 'tests', secretAccessKey: 'wrong-secret' } },
      systemClock,
      () => {},
    )
    await assert.rejects(stranger.check(), /\(HTTP 403\)/)
  })

  test('S3: a server that is away is an error, and when it is back all goes on', async () => {
    const location = await server.createBucket()
    const store = open(location)
    await store.put('a', from([Buffer.from('before')]))
    await server.crash()
    await assert.rejects(store.check(), /ECONNREFUSED/)
    await assert.rejects(store.put('b', from([Buffer.from('lost')])))
    await server.start()
    await store.check()
    assert.equal((await buffer(await store.open('a'))).toString(), 'before')
    assert.deepEqual(
      (await listed(store)).map(({ id }) => id),
      ['a'],
    )
    await store.close()
  })

  test('S3: a server that ends in the middle of a read is an error, never a shorter blob', async () => {
    const location = await server.createBucket()
    const store = open(location)
    await store.put('a', from(Array.from({ length: 64 }, (_, i) => somePiece(MB, i))))
    const stream = await store.open('a')
    await assert.rejects(async () => {
      for await (const _chunk of stream) await server.crash()
    })
    await server.start()
    await store.close()
  })
}

async function onSmallDisk(bytes: number) {
  const disk = mountSmallDisk(bytes)
  const server = await startS3ForTests(disk.folder)
  const location = await server.createBucket()
  return {
    open: async () => open(location),
    opening: opening(location),
    async remove() {
      await server.remove()
      disk.unmount()
    },
  }
}
