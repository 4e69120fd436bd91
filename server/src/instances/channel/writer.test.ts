import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeHead, FLAG_END, FrameType } from './frames.ts'
import { Peer, socketPair } from './test-support.ts'
import { FrameWriter } from './writer.ts'

interface Order {
  kind: 'head' | 'frame' | 'credit'
  stream: number
  head: string
  bytes: number
  end: boolean
}

test('whatever is written arrives whole and in order', async () => {
  const order: fc.Arbitrary<Order> = fc.record({
    kind: fc.constantFrom('head', 'frame', 'credit'),
    stream: fc.integer({ min: 1, max: 1000 }),
    head: fc.string({ unit: 'grapheme', maxLength: 50 }),
    bytes: fc.oneof(fc.nat(100), fc.constantFrom(16_383, 16_384, 65_536, 200_000)),
    end: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 1, maxLength: 20 }), async (orders) => {
      const pair = await socketPair()
      try {
        const peer = new Peer(pair.runtime)
        const writer = new FrameWriter(pair.node)
        const bodies = orders.map(({ bytes }, i) => Buffer.alloc(bytes, i + 1))
        orders.forEach(({ kind, stream, head, end }, i) => {
          if (kind === 'head') writer.head(FrameType.invoke, stream, head, bodies[i]!, end)
          else if (kind === 'frame') writer.frame(FrameType.data, stream, bodies[i]!, end)
          else writer.credit(FrameType.credit, stream, bodies[i]!.length)
        })
        writer.frame(FrameType.ping, 0, null, false)
        await peer.until(({ type }) => type === FrameType.ping)
        assert.equal(peer.frames.length, orders.length + 1)
        orders.forEach(({ kind, stream, head, end }, i) => {
          const frame = peer.frames[i]!
          assert.equal(frame.stream, stream)
          if (kind === 'credit') {
            assert.equal(frame.payload.readUInt32BE(), bodies[i]!.length)
            return
          }
          assert.equal(frame.flags, end ? FLAG_END : 0)
          const read = kind === 'head' ? decodeHead(frame.payload) : { head, body: frame.payload }
          assert.equal(read.head, head)
          assert.ok(read.body.equals(bodies[i]!))
        })
      } finally {
        pair.close()
      }
    }),
    { numRuns: 40 },
  )
})

test('a head larger than everything kept ready is sent whole', async () => {
  const pair = await socketPair()
  const peer = new Peer(pair.runtime)
  const writer = new FrameWriter(pair.node)
  const head = 'é'.repeat(100_000)
  writer.head(FrameType.invoke, 1, head, null, true)
  writer.frame(FrameType.ping, 0, Buffer.from('after'), false)
  const ping = await peer.until(({ type }) => type === FrameType.ping)
  assert.equal(ping.payload.toString(), 'after')
  assert.equal(decodeHead(peer.frames[0]!.payload).head, head)
  pair.close()
})

test('what a slow reader has not taken is counted, and goes to it unchanged', async () => {
  const pair = await socketPair()
  pair.runtime.pause()
  const writer = new FrameWriter(pair.node)
  const rounds = 200
  for (let i = 0; i < rounds; i++) {
    writer.frame(FrameType.data, i + 1, Buffer.alloc(10_000, i), false)
    await new Promise(setImmediate)
  }
  assert.ok(writer.backlogBytes > 500_000, `${writer.backlogBytes} bytes wait`)
  const peer = new Peer(pair.runtime)
  pair.runtime.resume()
  await peer.until(({ stream }) => stream === rounds)
  assert.equal(writer.backlogBytes, 0)
  for (const [i, { payload }] of peer.frames.entries()) assert.ok(payload.every((byte) => byte === i % 256))
  pair.close()
})

test('writing to a socket that is gone does nothing', async () => {
  const pair = await socketPair()
  const writer = new FrameWriter(pair.node)
  pair.node.destroy()
  await once(pair.node, 'close')
  writer.frame(FrameType.ping, 0, Buffer.alloc(100_000), false)
  writer.head(FrameType.invoke, 1, '{}', null, true)
  await new Promise(setImmediate)
  pair.close()
})
