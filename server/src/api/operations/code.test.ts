import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { OssError, type OssErrorCode } from '../../objects/errors.ts'
import type { PackageStore } from '../../packages/port.ts'
import type { CodeInput } from './code.ts'
import { storeCode } from './code.ts'
import type { Context } from './context.ts'

/** What reaches the package store for a request; the code of the refusal when nothing does. */
async function received(code: CodeInput, objects: object = {}): Promise<string> {
  let bytes: Buffer | undefined
  const packages: Pick<PackageStore, 'put'> = {
    async put(zip) {
      bytes = Buffer.concat(await Array.fromAsync(zip))
      return { sha256: 'a'.repeat(64), sizeBytes: bytes.length, checksum: '1', unpackedBytes: 0 }
    },
  }
  try {
    await storeCode({ packages, objects } as Context, code)
  } catch (error) {
    return (error as { code: string }).code
  }
  return bytes?.toString() ?? 'nothing'
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('base64 is accepted with and without padding, and in lines', async () => {
  for (const text of ['a', 'ab', 'abc', 'abcd']) {
    assert.equal(await received({ zipFile: base64(text) }), text)
    assert.equal(await received({ zipFile: base64(text).replaceAll('=', '') }), text)
  }
  const lines = base64('a longer text').replaceAll(/(.{4})/g, '$1\r\n')
  assert.equal(await received({ zipFile: lines }), 'a longer text')
})

test('what is not base64 never reaches the store', async () => {
  for (const zipFile of ['', '=', '%%%%', `${base64('abc')}!!!!`, 'ab cd ef $', 'AAAA!', '=AAA', 'A===']) {
    assert.equal(await received({ zipFile }), 'InvalidArgument', zipFile)
  }
})

test('a package is named in one way', async () => {
  assert.equal(await received({}), 'InvalidArgument')
  assert.equal(await received({ ossBucketName: 'b' }), 'InvalidArgument')
  assert.equal(await received({ zipFile: base64('abc'), checksum: '2' }), 'InvalidArgument')
})

const named = { ossBucketName: 'b', ossObjectName: 'o' }
const objectOf = (head: object) => ({
  head: async (ref: object) => ({ ...ref, type: 'Normal', size: 3, ...head }),
  read: async () => Readable.from([Buffer.from('zip')]),
})

test('a package that is an object is read from there', async () => {
  assert.equal(await received(named, objectOf({})), 'zip')
  assert.equal(await received({ ...named, checksum: '2' }, objectOf({})), 'InvalidArgument')
})

test('an object that is too large, a link, missing or not to be had is refused before it is read', async () => {
  const read = () => assert.fail('read')
  assert.equal(await received(named, { ...objectOf({ size: 500 * 1024 * 1024 + 1 }), read }), 'EntityTooLarge')
  assert.equal(await received(named, { ...objectOf({ type: 'Symlink' }), read }), 'InvalidArgument')
  const failing = (code: OssErrorCode) => ({ head: () => Promise.reject(new OssError(code, 'no')), read })
  assert.equal(await received(named, failing('NoSuchKey')), 'InvalidArgument')
  assert.equal(await received(named, failing('NoSuchBucket')), 'InvalidArgument')
  assert.equal(await received(named, failing('ServiceUnavailable')), 'ServiceUnavailable')
})
