import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketAddress, downloadAddress, fileNameOf, isObjectKey, objectAddress, prefixSteps } from './oss-address.ts'
import { readBuckets, readFailure, readObjects, type XmlElement } from './oss-xml.ts'

type Content = string | XmlElement[]
function element(tagName: string, content: Content): XmlElement {
  return typeof content === 'string'
    ? { tagName, textContent: content, children: [] }
    : { tagName, textContent: content.map((child) => child.textContent).join(''), children: content }
}

test('any key is one step of the path, whatever it holds', () => {
  for (const key of ['a/../b', './x', 'a?b#c', '100%.txt', 'ä/日本', 'a//b', 'a b+c']) {
    const { pathname, search, hash } = new URL(objectAddress('photos', key), 'http://localhost')
    const steps = pathname.split('/')
    assert.deepEqual([steps.length, decodeURIComponent(steps[4]!), search, hash], [5, key, '', ''], key)
  }
})

test('parameters are escaped', () => {
  assert.equal(
    bucketAddress('photos', { prefix: 'a&b/', 'max-keys': 5 }),
    '/console/objects/photos?prefix=a%26b%2F&max-keys=5',
  )
})

test('a download is saved under its own name, which cannot end the header', () => {
  const { searchParams } = new URL(downloadAddress('b', `d/it's "x".html`), 'http://localhost')
  assert.equal(searchParams.get('response-content-disposition'), `attachment; filename*=UTF-8''it%27s%20%22x%22.html`)
})

test('the name of a file is the last part of its key', () => {
  assert.deepEqual(['a/b.txt', 'b.txt', 'a/b/', '/'].map(fileNameOf), ['b.txt', 'b.txt', 'b', '/'])
})

test('keys that no address can carry, or the service refuses, are told before the upload', () => {
  assert.deepEqual(['a/b', 'ä', '', '/a', '..', 'x'.repeat(1024)].map(isObjectKey), [
    true,
    true,
    false,
    false,
    false,
    false,
  ])
})

test('the way to a prefix has a step for each slash', () => {
  assert.deepEqual(prefixSteps('a/b/'), [
    { name: 'a', prefix: 'a/' },
    { name: 'b', prefix: 'a/b/' },
  ])
  assert.deepEqual(prefixSteps(''), [])
})

test('a page of objects is read with its prefixes and where it goes on', () => {
  const page = readObjects(
    element('ListBucketResult', [
      element('IsTruncated', 'true'),
      element('NextMarker', 'a%2F%01b'),
      element('Contents', [
        element('Key', 'a%2F%3Cb%3E.txt'),
        element('Size', '12'),
        element('LastModified', '2026-01-02T03:04:05.000Z'),
        element('StorageClass', 'Standard'),
      ]),
      element('CommonPrefixes', [element('Prefix', 'a%2Fc%2F')]),
    ]),
  )
  assert.deepEqual(page, {
    objects: [{ key: 'a/<b>.txt', sizeBytes: 12, modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5), storageClass: 'Standard' }],
    prefixes: ['a/c/'],
    nextMarker: 'a/\x01b',
  })
})

test('an empty bucket is an empty page', () => {
  const empty = readObjects(element('ListBucketResult', [element('IsTruncated', 'false')]))
  assert.deepEqual(empty, { objects: [], prefixes: [], nextMarker: null })
})

test('buckets are read', () => {
  const bucket = element('Bucket', [
    element('Name', 'photos'),
    element('CreationDate', '2026-01-02T03:04:05.000Z'),
    element('StorageClass', 'IA'),
  ])
  const page = readBuckets(element('ListAllMyBucketsResult', [element('Buckets', [bucket])]))
  assert.deepEqual(page, {
    buckets: [{ name: 'photos', createdMs: Date.UTC(2026, 0, 2, 3, 4, 5), storageClass: 'IA' }],
    nextMarker: null,
  })
})

test('a failure says its code and its words', () => {
  const failure = readFailure(
    element('Error', [element('Code', 'BucketNotEmpty'), element('Message', 'not empty'), element('RequestId', 'A1')]),
  )
  assert.deepEqual(failure, { code: 'BucketNotEmpty', message: 'not empty', requestId: 'A1' })
})
