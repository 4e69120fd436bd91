import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseS3Url } from './s3-url.ts'

const keys = { accessKeyId: 'id', accessKeySecret: 'secret' }
const noKeys = { accessKeyId: '', accessKeySecret: '' }

test('a bucket alone is Amazon’s, with the credentials that the SDK finds', () => {
  assert.deepEqual(parseS3Url('s3://my-bucket', noKeys), {
    bucket: 'my-bucket',
    prefix: '',
    endpoint: undefined,
    region: 'us-east-1',
    isPathStyle: false,
    credentials: undefined,
  })
})

test('endpoint, region, prefix and keys are taken over; an endpoint of one’s own has the bucket in the path', () => {
  const url = 's3://b/some/folder/?endpoint=http://127.0.0.1:9000&region=eu-1'
  assert.deepEqual(parseS3Url(url, keys), {
    bucket: 'b',
    prefix: 'some/folder/',
    endpoint: 'http://127.0.0.1:9000',
    region: 'eu-1',
    isPathStyle: true,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  })
  assert.equal(parseS3Url(`${url}&pathStyle=false`, keys).isPathStyle, false)
})

test('what cannot be meant is refused with what is accepted, and no key is repeated', () => {
  for (const [url, reason] of [
    ['http://bucket', /must be s3:\/\/bucket/],
    ['s3://', /must be s3:\/\/bucket/],
    ['s3://id:geheim@bucket', /must not hold keys; set blobsAccessKeyId/],
    ['s3://bucket?endpont=http://h', /endpont is no parameter; known: endpoint, region, pathStyle/],
    ['s3://bucket?endpoint=host:9000', /endpoint must be an http:\/\/ or https:\/\/ URL/],
    ['s3://bucket?pathStyle=yes', /pathStyle must be true or false/],
  ] as const) {
    assert.throws(
      () => parseS3Url(url, keys),
      (error: Error) => reason.test(error.message) && !/geheim/.test(error.message),
    )
  }
  assert.throws(() => parseS3Url('s3://bucket', { ...keys, accessKeySecret: '' }), /together, or neither/)
})
