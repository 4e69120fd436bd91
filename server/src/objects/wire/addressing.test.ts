import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { OssError } from '../port.ts'
import { readingIn, readingsOf } from './addressing.ts'
import { percentEncode } from './target.ts'

const endpoints = new Set(['localhost', 'sluice.internal', 'oss.example.com'])
const read = (host: string, path: string) =>
  readingsOf(host, path, endpoints).map(({ bucket, key, form }) => `${form} ${bucket}:${key}`)

test('an endpoint holds no bucket: the path begins with it', () => {
  for (const host of ['localhost:7801', '127.0.0.1:7801', '[::1]:7801', 'sluice.internal', 'oss.example.com']) {
    assert.deepEqual(read(host, '/pictures/a/b.png'), ['path pictures:a/b.png'], host)
    assert.deepEqual(read(host, '/pictures'), ['path pictures:'], host)
    assert.deepEqual(read(host, '/pictures/'), ['path pictures:'], host)
    assert.deepEqual(read(host, '/'), ['path :'], host)
  }
})

test('a bucket before the endpoint is read first, the path second', () => {
  assert.deepEqual(read('pictures.localhost:7801', '/a/b'), ['virtualHost pictures:a/b', 'path a:b'])
  assert.deepEqual(read('PICTURES.sluice.internal', '/'), ['virtualHost pictures:', 'path :'])
  assert.deepEqual(read('pictures.oss-cn-hangzhou.aliyuncs.com', '/k'), ['virtualHost pictures:k', 'path k:'])
})

test('endpoints of the cloud are endpoints here, also with the dot of a bucket that is missing', () => {
  for (const host of [
    'oss-cn-hangzhou.aliyuncs.com',
    '.oss-cn-hangzhou.aliyuncs.com',
    'oss-cn-x-internal.aliyuncs.com',
  ]) {
    assert.deepEqual(read(host, '/'), ['path :'], host)
  }
})

test('what cannot be a bucket is none', () => {
  assert.deepEqual(read('a_b.localhost', '/k/x'), ['path k:x'])
  assert.deepEqual(read('ab.localhost', '/k/x'), ['path k:x'])
})

test('dots, double slashes and plus signs stay, and a key is decoded once', () => {
  assert.deepEqual(read('localhost', '/pictures/../a//b/./c/'), ['path pictures:../a//b/./c/'])
  assert.deepEqual(read('localhost', '/pictures/a+b%2Bc%2F%252F'), ['path pictures:a+b+c/%2F'])
  assert.equal(readingIn('pictures', '/%2E%2E//x').key, '..//x')
})

test('a slash that is encoded does not end the bucket', () => {
  assert.deepEqual(read('localhost', '/pictures%2Fa'), ['path pictures/a:'])
})

test('what is no UTF-8 is refused', () => {
  for (const path of ['/pictures/%', '/pictures/%zz', '/pictures/%ff', '/pictures/%c0%af', '/pictures/%ed%a0%80']) {
    assert.throws(
      () => read('localhost', path),
      (error) => error instanceof OssError && error.code === 'InvalidObjectName',
      path,
    )
  }
})

test('every key comes out as it went in, whichever way it is addressed', () => {
  const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(key, fc.boolean(), (text, keepSlashes) => {
      const wire = keepSlashes ? percentEncode(text).replaceAll('%2F', '/') : percentEncode(text)
      assert.equal(readingsOf('localhost', `/pictures/${wire}`, endpoints)[0]!.key, text)
      assert.equal(readingsOf('pictures.localhost', `/${wire}`, endpoints)[0]!.key, text)
      assert.equal(readingIn('pictures', `/${wire}`).key, text)
    }),
  )
})

test('no host and no path make it throw anything but a refusal, and there is always a reading', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (host, rest) => {
      try {
        assert.ok(readingsOf(host, `/${rest}`, endpoints).length >= 1)
      } catch (error) {
        assert.ok(error instanceof OssError)
      }
    }),
  )
})
