import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LinkStream } from '../instances/port.ts'
import { BodySender } from './body-sender.ts'

/** A stream that keeps what it was sent, and refuses what goes beyond its credit. */
class FakeStream {
  sendCreditBytes: number
  isRequestEnded = false
  readonly sent: Buffer[] = []
  largestBytes = 0

  constructor(creditBytes: number) {
    this.sendCreditBytes = creditBytes
  }

  send(chunk: Buffer, end: boolean): void {
    assert.ok(!this.isRequestEnded, 'sent after the end')
    assert.ok(chunk.length <= this.sendCreditBytes, 'sent beyond the credit')
    assert.ok(chunk.length > 0 || end, 'sent nothing')
    this.sendCreditBytes -= chunk.length
    this.isRequestEnded = end
    this.largestBytes = Math.max(this.largestBytes, chunk.length)
    this.sent.push(Buffer.from(chunk))
  }

  get text(): string {
    return Buffer.concat(this.sent).toString()
  }
}

function senderOn(stream: FakeStream) {
  const drains: string[] = []
  const sender = new BodySender(stream as unknown as LinkStream, () => drains.push(stream.text))
  return { sender, drains }
}

test('what fits into the credit leaves at once', () => {
  const stream = new FakeStream(10)
  const { sender, drains } = senderOn(stream)
  assert.equal(sender.push(Buffer.from('abc'), false), true)
  assert.equal(sender.push(Buffer.from('def'), true), true)
  assert.deepEqual([stream.text, stream.isRequestEnded, drains], ['abcdef', true, []])
})

test('the rest waits for credit, and its leaving is told once', () => {
  const stream = new FakeStream(4)
  const { sender, drains } = senderOn(stream)
  assert.equal(sender.push(Buffer.from('abcdef'), false), false)
  assert.equal(stream.text, 'abcd')
  stream.sendCreditBytes += 1
  sender.pump()
  assert.deepEqual([stream.text, drains], ['abcde', []])
  stream.sendCreditBytes += 10
  sender.pump()
  assert.deepEqual([stream.text, drains], ['abcdef', ['abcdef']])
  sender.pump()
  assert.equal(drains.length, 1)
})

test('an end without bytes needs no credit', () => {
  const stream = new FakeStream(3)
  const { sender } = senderOn(stream)
  sender.push(Buffer.from('abc'), false)
  sender.push(Buffer.alloc(0), true)
  assert.deepEqual([stream.text, stream.isRequestEnded], ['abc', true])
})

test('an answer that came early drops what is left, and lets the sender go on', () => {
  const stream = new FakeStream(1)
  const { sender, drains } = senderOn(stream)
  assert.equal(sender.push(Buffer.from('abc'), false), false)
  stream.isRequestEnded = true
  assert.equal(sender.push(Buffer.from('def'), true), true)
  sender.pump()
  assert.deepEqual([stream.text, drains.length], ['a', 1])
})

test('whatever the pieces and the credit, the body arrives whole, within its credit, ended once', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), bytes: fc.nat(200_000) }),
    fc.record({ kind: fc.constant('credit' as const), bytes: fc.nat(100_000) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 20 }), fc.nat(100_000), (actions, creditBytes) => {
      const stream = new FakeStream(creditBytes)
      const { sender } = senderOn(stream)
      let pushedBytes = 0
      for (const { kind, bytes } of actions) {
        if (kind === 'push') {
          pushedBytes += bytes
          sender.push(Buffer.alloc(bytes), false)
        } else {
          stream.sendCreditBytes += bytes
          sender.pump()
        }
      }
      sender.push(Buffer.alloc(0), true)
      stream.sendCreditBytes += pushedBytes
      sender.pump()
      assert.equal(Buffer.concat(stream.sent).length, pushedBytes)
      assert.ok(stream.isRequestEnded)
      assert.ok(stream.largestBytes <= 65_536)
    }),
  )
})
