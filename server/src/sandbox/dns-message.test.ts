import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QUERY_BYTES_MAX, readQuery, serverFailure } from './dns-message.ts'
import { question } from './dns-test-support.ts'

test('no bytes whatever make the reader throw, and what it reads can be answered', () => {
  const header = fc.constant(question('a.example').subarray(0, 12))
  const bytes = fc.uint8Array({ maxLength: QUERY_BYTES_MAX + 10 })
  const messages = fc.oneof(
    bytes,
    fc.tuple(header, bytes).map((parts) => Buffer.concat(parts)),
  )
  fc.assert(
    fc.property(messages, (message) => {
      const query = readQuery(Buffer.from(message))
      if (query) assert.equal(serverFailure(query).readUInt16BE(0), query.message.readUInt16BE(0))
    }),
  )
})

test('two questions, answers in a question, other operations and names that point are refused', () => {
  const change = (offset: number, value: number) => {
    const message = question('a.example')
    message.writeUInt16BE(value, offset)
    return message
  }
  assert.ok(readQuery(change(0, 99)))
  const broken = { response: change(2, 0x8000), update: change(2, 0x2800), two: change(4, 2), answers: change(6, 1) }
  const pointer = { itself: change(12, 0xc00c), header: change(12, 0xc000), reserved: change(12, 0x4000) }
  for (const [name, message] of Object.entries({ ...broken, ...pointer, additionals: change(10, 1) })) {
    assert.equal(readQuery(message), undefined, name)
  }
})
