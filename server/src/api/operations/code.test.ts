import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackageStore } from '../../packages/port.ts'
import type { CodeInput } from './code.ts'
import { storeCode } from './code.ts'
import type { Context } from './context.ts'

/** What reaches the package store for a request; the code of the refusal when nothing does. */
async function received(code: CodeInput): Promise<string> {
  let bytes: Buffer | undefined
  const packages: Pick<PackageStore, 'put'> = {
    async put(zip) {
      bytes = Buffer.concat(await Array.fromAsync(zip))
      return { sha256: 'a'.repeat(64), sizeBytes: bytes.length, checksum: '1', unpackedBytes: 0 }
    },
  }
  try {
    await storeCode({ packages } as Context, code)
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
  assert.equal(await received({ ossBucketName: 'b', ossObjectName: 'o' }), 'NotImplemented')
  assert.equal(await received({ zipFile: base64('abc'), checksum: '2' }), 'InvalidArgument')
})
