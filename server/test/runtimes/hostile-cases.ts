/** Frames that break the rules of the channel. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame, encodeHead, FrameType } from '../../src/instances/channel/frames.ts'
import type { Language } from './contract.ts'
import { type Runtime, startRuntime, withRuntime } from './driver.ts'

/** Exit code of a runtime whose node broke the rules of the channel. */
const EXIT_CHANNEL_BROKEN = 70

export function hostileCases({ name, launch }: Language): void {
  const invoke = (stream: number, payload: Buffer | string): Buffer => encodeFrame(FrameType.invoke, stream, payload)
  const event = encodeHead(JSON.stringify({ kind: 'event', requestId: 'r' }))
  const lie = Buffer.alloc(8)
  lie.writeUInt32BE(500)
  const tooLong = Buffer.alloc(10)
  tooLong.writeUInt32BE(1_048_577)
  const violations: [title: string, ...frames: Buffer[]][] = [
    ['INIT twice', encodeFrame(FrameType.init, 0, '{}')],
    ['a stream number used twice', invoke(5, event), invoke(5, event)],
    ['a stream never opened', encodeFrame(FrameType.data, 9, 'x')],
    ['an unknown frame type', encodeFrame(0x55, 0)],
    ['a head that is no JSON', invoke(5, encodeHead('{'))],
    ['a head longer than its frame', invoke(5, lie)],
    ['an INVOKE without head', invoke(5, 'ab')],
    ['a frame beyond the limit', tooLong],
    ['more body than credit', ...beyondCredit(invoke(5, event))],
  ]
  for (const [title, ...frames] of violations) {
    test(`${name}: ${title} ends the process with a reason on stderr`, async () => {
      await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
        for (const frame of frames) runtime.send(frame)
        assert.equal((await runtime.exited).code, EXIT_CHANNEL_BROKEN)
        assert.match(runtime.pipes.stderr, /^sluice: the channel broke: ./)
      })
    })
  }

  test(`${name}: an INVOKE before READY ends the process`, async () => {
    const { runtime } = await startRuntime(launch)
    runtime.send(invoke(1, event))
    assert.equal((await runtime.exited).code, EXIT_CHANNEL_BROKEN)
  })

  test(`${name}: frames for a stream that has ended are dropped`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      const stream = runtime.openEvent('x')
      await stream.answer
      stream.cancel('disconnect')
      stream.grant(10)
      stream.data(Buffer.from('late'))
      assert.equal((await runtime.invoke('next')).text, 'next')
    })
  })

  test(`${name}: frames cut into single bytes are understood`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      runtime.socket.setNoDelay(true)
      const send = (frame: Buffer): void => {
        for (const byte of frame) runtime.socket.write(Buffer.of(byte))
      }
      runtime.send = send
      assert.equal((await runtime.invoke('byte by byte')).text, 'byte by byte')
    })
  })
}

function beyondCredit(opening: Buffer): Buffer[] {
  const piece = Buffer.alloc(1_000_000)
  return [opening, ...Array.from({ length: 2 }, () => encodeFrame(FrameType.data, 5, piece))]
}

/** Whether the runtime still answers; false when it has ended by itself. */
async function answersOrEnded(runtime: Runtime): Promise<boolean> {
  const answered = runtime.ping().then(() => true)
  return Promise.race([answered, runtime.exited.then(() => false)])
}

const FUZZ_RUNS = 12

const anyFrame = fc
  .record({
    type: fc.oneof(fc.constantFrom(...Object.values(FrameType)), fc.integer({ min: 0, max: 255 })),
    stream: fc.integer({ min: 0, max: 6 }),
    flags: fc.integer({ min: 0, max: 3 }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => encodeHead(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(encodeHead(JSON.stringify({ kind: 'event', requestId: 'r' }), 'body')),
    ),
  })
  .map(({ type, stream, flags, payload }) => encodeFrame(type, stream, payload, flags))

export function fuzzCases({ name, launch }: Language): void {
  test(`${name}: whatever frames arrive, the runtime still answers or has ended by itself`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 20 }), async (frames) => {
        await withRuntime(launch, { handler: 'index.echo', concurrency: 2 }, async (runtime) => {
          runtime.dropsUnknownStreams = true
          for (const frame of frames) runtime.send(frame)
          if (!(await answersOrEnded(runtime))) assert.equal((await runtime.exited).code, EXIT_CHANNEL_BROKEN)
        })
      }),
      { numRuns: FUZZ_RUNS },
    )
  })

  test(`${name}: bytes that are no frames end the process, or leave it waiting for the rest of one`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 10, maxLength: 2000 }), async (bytes) => {
        await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
          runtime.dropsUnknownStreams = true
          runtime.socket.end(Buffer.from(bytes))
          const { code } = await runtime.exited
          assert.ok(code === EXIT_CHANNEL_BROKEN || code === 0, `exit code ${code}`)
        })
      }),
      { numRuns: FUZZ_RUNS },
    )
  })
}
