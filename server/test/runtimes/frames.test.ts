import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ChannelError,
  decodeHead,
  encodeFrame,
  encodeHead,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  FrameDecoder,
} from '../../src/instances/channel/frames.ts'

interface Frame {
  type: number
  flags: number
  stream: number
  payload: string
}

const anyFrame = fc.record(
  {
    type: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  },
  { noNullPrototype: true },
)

function encode({ type, flags, stream, payload }: Frame): Buffer {
  return encodeFrame(type, stream, Buffer.from(payload, 'hex'), flags)
}

function decode(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  const decoder = new FrameDecoder((type, flags, stream, payload) => {
    frames.push({ type, flags, stream, payload: payload.toString('hex') })
  })
  for (const chunk of chunks) decoder.push(chunk)
  return frames
}

test('frames cut at any one boundary decode to what was encoded', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 4 }), (frames) => {
      const bytes = Buffer.concat(frames.map(encode))
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.deepEqual(decode([bytes.subarray(0, cut), bytes.subarray(cut)]), frames)
      }
    }),
    { numRuns: 30 },
  )
})

test('frames cut into pieces of any size decode to what was encoded', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      (frames, sizes) => {
        const bytes = Buffer.concat(frames.map(encode))
        const chunks: Buffer[] = []
        for (let offset = 0; offset < bytes.length;) {
          const size = Number(sizes.next().value)
          chunks.push(bytes.subarray(offset, offset + size))
          offset += size
        }
        assert.deepEqual(decode(chunks), frames)
      },
    ),
  )
})

test('of random bytes the decoder keeps less than one frame, or refuses them', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 30 }), (pieces) => {
      let keptBytes = 0
      const decoder = new FrameDecoder((_type, _flags, _stream, payload) => {
        keptBytes -= FRAME_HEADER_BYTES + payload.length
      })
      for (const piece of pieces) {
        keptBytes += piece.length
        try {
          decoder.push(Buffer.from(piece))
        } catch (error) {
          assert.ok(error instanceof ChannelError)
          return
        }
        assert.ok(keptBytes >= 0 && keptBytes < FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX)
      }
    }),
  )
})

test('a frame beyond the limit is refused by its header alone, one at the limit is not', () => {
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt32BE(FRAME_PAYLOAD_BYTES_MAX + 1)
  assert.throws(() => decode([header]), ChannelError)
  header.writeUInt32BE(FRAME_PAYLOAD_BYTES_MAX)
  assert.equal(decode([header, Buffer.alloc(FRAME_PAYLOAD_BYTES_MAX)]).length, 1)
})

test('a head and a body are split as they were joined', () => {
  fc.assert(
    fc.property(fc.json(), fc.uint8Array(), (head, bytes) => {
      const body = Buffer.from(bytes)
      const decoded = decodeHead(encodeHead(head, body))
      assert.equal(decoded.head, head)
      assert.ok(decoded.body.equals(body))
    }),
  )
})

test('a payload that lies about its head is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const payload = Buffer.from(bytes)
      try {
        const { head, body } = decodeHead(payload)
        assert.ok(Buffer.byteLength(head) >= 0 && body.length <= payload.length - 4)
      } catch (error) {
        assert.ok(error instanceof ChannelError)
      }
    }),
  )
})
