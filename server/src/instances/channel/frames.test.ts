import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ChannelError,
  decodeHead,
  encodeFrame,
  encodeHead,
  FLAG_END,
  FRAME_PAYLOAD_BYTES_MAX,
  FrameDecoder,
  FrameType,
} from './frames.ts'

interface Frame {
  type: number
  flags: number
  stream: number
  payload: string
}

function decoder() {
  const frames: Frame[] = []
  const inner = new FrameDecoder((type, flags, stream, payload) =>
    frames.push({ type, flags, stream, payload: payload.toString('hex') }),
  )
  return { frames, push: (chunk: Buffer) => inner.push(chunk) }
}

test('a frame is ten bytes of header and its payload', () => {
  const frame = encodeFrame(FrameType.data, 0x01020304, 'ab', FLAG_END)
  assert.equal(frame.toString('hex'), '00000002_03_01_01020304_6162'.replaceAll('_', ''))
})

test('frames come out as they went in, wherever the bytes are cut', () => {
  const frame = fc.record(
    {
      type: fc.integer({ min: 0, max: 255 }),
      flags: fc.integer({ min: 0, max: 255 }),
      stream: fc.integer({ min: 0, max: 0xffffffff }),
      payload: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.nat(40)), (frames, cuts) => {
      const bytes = Buffer.concat(
        frames.map(({ type, flags, stream, payload }) => encodeFrame(type, stream, Buffer.from(payload, 'hex'), flags)),
      )
      const out = decoder()
      let at = 0
      for (const cut of cuts) {
        out.push(bytes.subarray(at, at + cut))
        at += cut
      }
      out.push(bytes.subarray(at))
      assert.deepEqual(out.frames, frames)
    }),
  )
})

test('a large frame that comes byte by byte is put together once', () => {
  const payload = Buffer.alloc(100_000, 'p')
  const bytes = encodeFrame(FrameType.data, 1, payload)
  const out = decoder()
  for (const byte of bytes.subarray(0, 2000)) out.push(Buffer.of(byte))
  for (let at = 2000; at < bytes.length; at += 1000) out.push(bytes.subarray(at, at + 1000))
  assert.deepEqual(out.frames, [{ type: 3, flags: 0, stream: 1, payload: payload.toString('hex') }])
})

test('a length beyond the limit is refused from its header alone', () => {
  const header = Buffer.alloc(10)
  header.writeUInt32BE(FRAME_PAYLOAD_BYTES_MAX + 1, 0)
  assert.throws(() => decoder().push(header), ChannelError)
  header.writeUInt32BE(FRAME_PAYLOAD_BYTES_MAX, 0)
  assert.doesNotThrow(() => decoder().push(header))
})

test('whatever bytes come, they are frames or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      const { push } = decoder()
      try {
        for (const chunk of chunks) push(Buffer.from(chunk))
      } catch (error) {
        assert.ok(error instanceof ChannelError)
      }
    }),
  )
})

test('a head and the bytes behind it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array(), (head, body) => {
      const read = decodeHead(encodeHead(head, Buffer.from(body)))
      assert.equal(read.head, head)
      assert.ok(read.body.equals(body))
    }),
  )
  assert.equal(decodeHead(encodeHead('{}', 'é')).body.toString(), 'é')
})

test('a head that claims more than there is is refused', () => {
  assert.throws(() => decodeHead(Buffer.alloc(3)), ChannelError)
  assert.throws(() => decodeHead(Buffer.from([0, 0, 0, 2, 65])), ChannelError)
})
