import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Channel, frame, readClientFrame } from './frames.ts'

const typed = (channel: number, payload: string) => readClientFrame(frame(channel, payload), false)

test('a binary frame is what was typed, whatever its first byte is', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const data = Buffer.from(bytes)
      assert.deepEqual(readClientFrame(data, true), { kind: 'stdin', data })
    }),
  )
})

test('a text frame begins with its channel', () => {
  assert.deepEqual(typed(Channel.stdin, 'ls\r'), { kind: 'stdin', data: Buffer.from('ls\r') })
  assert.deepEqual(typed(Channel.close, ''), { kind: 'endOfStdin' })
  assert.deepEqual(typed(Channel.resize, '{"Width":80,"Height":24}'), { kind: 'resize', columns: 80, rows: 24 })
  assert.deepEqual(typed(Channel.resize, '{"height":24,"WIDTH":80}'), { kind: 'resize', columns: 80, rows: 24 })
})

test('what is against the rules is named, never thrown', () => {
  const resize = 'resize takes {"Width":columns,"Height":rows}, each a whole number from 1 to 1000'
  for (const json of ['', 'null', '[]', '{"Width":80}', '{"Width":0,"Height":24}', '{"Width":"80","Height":24}']) {
    assert.deepEqual(typed(Channel.resize, json), { kind: 'broken', reason: resize })
  }
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { kind } = readClientFrame(Buffer.from(bytes), false)
      assert.ok(['stdin', 'endOfStdin', 'resize', 'broken'].includes(kind))
    }),
  )
})
