import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc64 } from './crc64.ts'

test('the checksum is the one that Function Compute tells', () => {
  assert.equal(crc64(Buffer.from('123456789')), '11051210869376104954')
  assert.equal(crc64(Buffer.alloc(0)), '0')
})
