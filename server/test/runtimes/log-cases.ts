/** What handlers print, and which invocation it is told of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Language } from './contract.ts'
import { startRuntime, withRuntime } from './driver.ts'

export function logCases({ name, launch }: Language): void {
  test(`${name}: what a handler prints is of its stream, before its end`, async () => {
    await withRuntime(launch, { handler: 'index.printAll' }, async (runtime) => {
      const stream = runtime.openEvent('a')
      await stream.answer
      assert.deepEqual(stream.logs, { stdout: 'out a\nno line end', stderr: 'err a\n' })
      assert.deepEqual(runtime.logs, { stdout: '', stderr: '' })
    })
  })

  test(`${name}: fifty invocations at once print interleaved and each keeps its lines`, async () => {
    await withRuntime(launch, { handler: 'index.interleave', concurrency: 50 }, async (runtime) => {
      const streams = Array.from({ length: 50 }, (_, i) => runtime.openEvent(`call-${i}`))
      await Promise.all(streams.map(async (stream) => stream.answer))
      for (const [i, stream] of streams.entries()) {
        assert.equal(stream.logs.stdout, [0, 1, 2, 3, 4].map((step) => `call-${i} ${step}\n`).join(''))
      }
      assert.equal(runtime.logs.stdout, '')
    })
  })

  test(`${name}: the logger writes lines of Function Compute`, async () => {
    await withRuntime(launch, { handler: 'index.log' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      assert.match(stream.logs.stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z r-1 \[INFO\] count 3\n$/)
      assert.match(stream.logs.stderr, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z r-1 \[ERROR\] broken\n$/)
    })
  })

  test(`${name}: a line is seen although the handler never yields again`, async () => {
    const { runtime, hello } = await startRuntime(launch)
    await runtime.init(launch.codePath, { handler: 'index.printThenSpin' })
    const stream = runtime.openEvent()
    await stream.until(() => stream.logs.stdout === 'before the loop\n')
    process.kill(Number(hello['pid']), 'SIGKILL')
    await runtime.exited
  })

  test(`${name}: what is written to the descriptor itself stays on the pipe`, async () => {
    await withRuntime(launch, { handler: 'index.printToPipe' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      await runtime.stop()
      assert.equal(runtime.pipes.stdout, 'straight to the pipe\n')
      assert.equal(stream.logs.stdout, '')
    })
  })

  test(`${name}: more than a frame printed at once arrives whole`, async () => {
    await withRuntime(launch, { handler: 'index.printLarge' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      assert.equal(stream.logs.stdout.length, 3_000_000)
    })
  })
}
