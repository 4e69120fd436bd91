import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../port.ts'
import { isSignedByV1 } from './auth/signed-parameters.ts'
import { Callbacks } from './features/callback.ts'
import { featuresOf } from './features/open.ts'
import { operations } from './open.ts'
import { createRouter } from './router.ts'
import { readTarget } from './target.ts'
import type { Level } from './exchange.ts'

const images = { process: () => Promise.reject(new Error('no picture is asked for here')) }
const store = { head: () => Promise.reject(new Error('no object is asked for here')) }
const features = featuresOf('1', images, new Callbacks({ store, images, keyFile: '', endpoint: '' }))
const all = [...operations, ...features.flatMap((feature) => feature.operations ?? [])]
const router = createRouter(all)
const find = (level: Level, method: string, query = '', headers = {}) =>
  router.find(level, method, readTarget(`/${query}`).query, headers).name

test('method, level and flags choose the operation, with or without an equals sign', () => {
  assert.equal(find('service', 'GET'), 'ListBuckets')
  assert.equal(find('bucket', 'GET', '?prefix=a&max-keys=1'), 'ListObjects')
  assert.equal(find('bucket', 'GET', '?list-type=2'), 'ListObjectsV2')
  assert.equal(find('bucket', 'GET', '?acl'), 'GetBucketAcl')
  assert.equal(find('bucket', 'GET', '?acl='), 'GetBucketAcl')
  assert.equal(find('object', 'GET', '?acl'), 'GetObjectACL')
  assert.equal(find('object', 'PUT'), 'PutObject')
  assert.equal(find('object', 'PUT', '?partNumber=1&uploadId=a'), 'UploadPart')
  assert.equal(find('object', 'GET', '?versionId=a&response-content-type=b'), 'GetObject')
})

test('a preflight is answered at the address of whatever it asks about', () => {
  assert.equal(find('object', 'OPTIONS', '?partNumber=1&uploadId=a'), 'OptionObject')
  assert.equal(find('bucket', 'OPTIONS', '?cors'), 'OptionObject')
})

test('a header chooses among those of the same flags', () => {
  const copy = { 'x-oss-copy-source': '/a/b' }
  assert.equal(find('object', 'PUT', '', copy), 'CopyObject')
  assert.equal(find('object', 'PUT', '?uploadId=a&partNumber=1', copy), 'UploadPartCopy')
})

test('what the cloud has and this does not is told, and never taken for the plain operation', () => {
  for (const [level, method, flag] of [
    ['bucket', 'PUT', 'replication'],
    ['bucket', 'DELETE', 'replication'],
    ['object', 'PUT', 'live'],
    ['object', 'GET', 'uploads'],
    ['object', 'POST', 'asyncFetch'],
  ] as const) {
    assert.throws(
      () => find(level, method, `?${flag}`),
      (error) => error instanceof OssError && error.code === 'NotImplemented',
      flag,
    )
  }
  assert.throws(
    () => find('service', 'DELETE'),
    (error) => error instanceof OssError && error.code === 'MethodNotAllowed',
  )
})

test('no two operations answer the same request', () => {
  const rows = all.map(({ level, method, flags = [], header }) => [level, method, [...flags].sort(), header].join(' '))
  assert.deepEqual(
    rows.filter((row, index) => rows.indexOf(row) !== index),
    [],
  )
})

test('every flag that chooses an operation is signed by version 1, so that nobody adds it to a signed URL', () => {
  // Lists are told to whom they are told anyway, and the public key to everybody.
  const open = ['list-type', 'callback-public-key']
  const unsigned = all.flatMap(({ flags = [] }) => flags).filter((flag) => !open.includes(flag) && !isSignedByV1(flag))
  assert.deepEqual(unsigned, [])
})
