import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LogCapture } from './log-capture.ts'

function capture(wantsTail: boolean) {
  const lines: string[] = []
  return { lines, log: new LogCapture((stream, text) => lines.push(`${stream} ${text}`), wantsTail) }
}

test('lines are put together per stream, wherever they were cut', () => {
  const { lines, log } = capture(false)
  log.push('stdout', Buffer.from('one\ntw'))
  log.push('stderr', Buffer.from('err'))
  log.push('stdout', Buffer.from('o\nlast'))
  log.push('stderr', Buffer.from('or\n'))
  log.end()
  assert.deepEqual(lines, ['stdout one', 'stdout two', 'stderr error', 'stdout last'])
  assert.equal(log.tail(), '')
})

test('the tail holds output and markers in order, markers are not stored', () => {
  const { lines, log } = capture(true)
  log.mark('start')
  log.push('stdout', Buffer.from('printed\n'))
  log.mark('end')
  assert.equal(log.tail(), 'start\nprinted\nend')
  assert.deepEqual(lines, ['stdout printed'])
})

test('the tail is the last 4 KB, from a whole character on', () => {
  const { log } = capture(true)
  log.push('stdout', Buffer.from(`${'é'.repeat(3000)}\nx\n`))
  const tail = log.tail()
  assert.ok(Buffer.byteLength(tail) <= 4096 && Buffer.byteLength(tail) > 4090)
  assert.match(tail, /^é+\nx$/)
})

test('however much is printed, little of it is held, and its end is right', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 3000 }), { maxLength: 30 }), (texts) => {
      const { log } = capture(true)
      const clean = texts.map((text) => text.replaceAll(/[\r\n]/g, '').toWellFormed())
      for (const text of clean) log.push('stdout', Buffer.from(`${text}\n`))
      const whole = Buffer.from(clean.join('\n'))
      const tail = Buffer.from(log.tail())
      assert.ok(tail.length <= 4096 && tail.length >= Math.min(whole.length, 4096 - 3))
      assert.ok(whole.subarray(whole.length - tail.length).equals(tail))
    }),
  )
})
