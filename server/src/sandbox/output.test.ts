import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { deliverOutput } from './output.ts'

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')

function fakeClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0
  let timers: { atMs: number; fire: () => void }[] = []
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, fire) {
      const timer = { atMs: nowMs + delayMs, fire }
      timers.push(timer)
      return { cancel: () => void (timers = timers.filter((other) => other !== timer)) }
    },
    advance(ms) {
      nowMs += ms
      const due = timers.filter((timer) => timer.atMs <= nowMs)
      timers = timers.filter((timer) => timer.atMs > nowMs)
      for (const timer of due) timer.fire()
    },
  }
}

test('beyond 1 MB in 100 ms nothing is read, on either stream, until the time is over', async () => {
  const clock = fakeClock()
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  const received: string[] = []
  deliverOutput(streams, (stream, chunk) => received.push(`${stream} ${chunk.length}`), clock)
  streams.stdout.write(MEGABYTE)
  streams.stdout.write('more')
  streams.stderr.write('other')
  await setImmediate()
  assert.deepEqual(received, ['stdout 1048576'])
  assert.equal(streams.stdout.isPaused(), true)
  clock.advance(100)
  await setImmediate()
  assert.deepEqual(received.sort(), ['stderr 5', 'stdout 1048576', 'stdout 4'])
})

test('output that is slow enough is never held up', async () => {
  const clock = fakeClock()
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  let bytes = 0
  deliverOutput(streams, (_, chunk) => (bytes += chunk.length), clock)
  for (let i = 0; i < 40; i++) {
    streams.stdout.write(MEGABYTE.subarray(0, 100 * 1024))
    await setImmediate()
    clock.advance(20)
  }
  assert.equal(bytes, 40 * 100 * 1024)
})
