import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { combineCrc64, crc64, Crc64 } from './crc64.ts'

test('the checksum of the standard check string is the published one', () => {
  assert.equal(crc64(Buffer.from('123456789')), '11051210869376104954')
})

test('the checksum of nothing is zero', () => {
  assert.equal(crc64(Buffer.alloc(0)), '0')
})

test('eight bytes a step give what one bit a step gives, wherever in memory they begin', () => {
  const bitByBit = (bytes: Uint8Array): string => {
    let crc = 0xffff_ffff_ffff_ffffn
    for (const byte of bytes) {
      crc ^= BigInt(byte)
      for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0xc96c_5795_d787_0f42n : crc >> 1n
    }
    return (crc ^ 0xffff_ffff_ffff_ffffn).toString()
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (whole, offset) => {
      const bytes = whole.subarray(offset)
      assert.equal(crc64(bytes), bitByBit(bytes))
    }),
  )
})

test('pieces in a row and pieces combined give the checksum of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
      const whole = crc64(Buffer.concat([first, second]))
      assert.equal(new Crc64().update(first).update(second).digest(), whole)
      assert.equal(combineCrc64(crc64(first), crc64(second), second.length), whole)
    }),
  )
})

test('the checksum of a long piece is combined without reading it', () => {
  const zeros = Buffer.alloc(1024 * 1024)
  const start = crc64(Buffer.from('123456789'))
  const long = new Crc64().update(Buffer.from('123456789'))
  for (let i = 0; i < 3; i++) long.update(zeros)
  assert.equal(combineCrc64(start, crc64(Buffer.alloc(zeros.length * 3)), zeros.length * 3), long.digest())
})
