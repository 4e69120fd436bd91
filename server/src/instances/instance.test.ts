import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogLine } from '../logs/port.ts'
import type { FunctionVersion } from '../model.ts'
import type { Sandbox, SandboxExit } from '../sandbox/port.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { encodeFrame, FrameType } from './channel/frames.ts'
import { Peer } from './channel/test-support.ts'
import { StartFailure } from './failure.ts'
import { Instance, type LaunchPlan } from './instance.ts'

const version = {
  id: 'f@LATEST#1.0',
  key: 'f',
  versionId: 'LATEST',
  service: null,
  function: { name: 'f', service: null, config: { instanceConcurrency: 2, memoryMB: 128, initializer: null } },
} as unknown as FunctionVersion

const HOUR_MS = 3_600_000
const exitOf = (exit: Partial<SandboxExit>): SandboxExit => ({
  code: null,
  signal: null,
  outOfMemory: false,
  peakMemoryBytes: 0,
  ...exit,
})

/** An instance whose sandbox is this test: `inside` plays what runs inside. */
async function world(inside: (channelSocket: string, end: (exit: SandboxExit) => void) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-instance-'))
  const clock = new SimulatedClock()
  const lines: LogLine[] = []
  const gone = Promise.withResolvers<void>()
  let renewed = 0
  const plan: LaunchPlan = {
    codeFolder: async () => '/code',
    limits: { memoryBytes: 0, diskBytes: 0, processes: 0, openFiles: 0, cpu: 1 },
    createSandbox: async (id, channelSocket) => {
      const exited = Promise.withResolvers<SandboxExit>()
      inside(channelSocket, exited.resolve)
      return {
        id,
        paths: { temporary: '/tmp', channel: channelSocket },
        specialise: async () => '/code',
        freeze() {},
        thaw() {},
        exec: () => Promise.reject(new Error('nothing runs here')),
        stats: () => undefined,
        exited: exited.promise,
        stop: async () => exited.resolve(exitOf({ signal: 'SIGKILL' })),
      } satisfies Sandbox
    },
    initFrame: () => ({ hello: 'instance' }),
    credentials: () => ({ accessKeyId: `key-${++renewed}` }),
  }
  const instance = new Instance(
    'c-1',
    version,
    'r-1',
    { onSlotFreed() {}, onAbandoned() {}, onGone: () => gone.resolve() },
    {
      clock,
      appendLine: (line) => lines.push(line),
      onDefect(error) {
        throw error
      },
    },
  )
  const started = instance.start(plan, join(folder, 's'), 0)
  started.catch(() => {})
  return {
    instance,
    clock,
    lines,
    started,
    gone: gone.promise,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

const HELLO = encodeFrame(FrameType.hello, 0, '{"protocol":1}')

/** Connects, sends `greeting`, and answers INIT with `ready`. */
function runtime(greeting: Buffer, ready: string, onPeer: (peer: Peer) => void = () => {}) {
  return (channelSocket: string) => {
    const peer = new Peer(connect(channelSocket))
    onPeer(peer)
    peer.socket.write(greeting)
    void peer.until(({ type }) => type === FrameType.init).then(() => peer.send(FrameType.ready, 0, ready))
  }
}

test('an instance is ready when its runtime has greeted and loaded the handler', async () => {
  const { instance, started, gone, remove } = await world(runtime(HELLO, '{}'))
  await started
  assert.equal(instance.state, 'ready')
  assert.ok(instance.hasFreeSlot)
  await instance.stop(0)
  await gone
  assert.equal(instance.state, 'gone')
  remove()
})

test('credentials are renewed when they have been in use for half a day, and not before', async () => {
  const connected = Promise.withResolvers<Peer>()
  const { instance, clock, started, remove } = await world(runtime(HELLO, '{}', connected.resolve))
  await started
  clock.advance(11 * HOUR_MS)
  instance.renewCredentials()
  clock.advance(HOUR_MS)
  instance.renewCredentials()
  instance.renewCredentials()
  const peer = await connected.promise
  const renewal = await peer.until(({ type }) => type === FrameType.credentials)
  assert.equal(renewal.payload.toString(), '{"accessKeyId":"key-1"}')
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.credentials).length, 1)
  await instance.stop(0)
  remove()
})

test('a handler that cannot be loaded is the function’s failure, with what the runtime said', async () => {
  const error = { errorType: 'ImportModuleError', errorMessage: "Cannot find module 'left-pad'", handled: false }
  const { started, gone, remove } = await world(runtime(HELLO, JSON.stringify({ error })))
  await assert.rejects(
    started,
    (thrown) => thrown instanceof StartFailure && thrown.failure.errorMessage === error.errorMessage,
  )
  await gone
  remove()
})

test('a runtime that answers INIT with rubbish, or breaks the channel before it, leaves nothing behind', async () => {
  const rubbish = await world(runtime(HELLO, '[1, 2'))
  await assert.rejects(rubbish.started, StartFailure)
  await rubbish.gone
  rubbish.remove()
  const broken = await world(runtime(encodeFrame(FrameType.data, 0, 'x'), ''))
  await assert.rejects(broken.started, /Process exited unexpectedly/)
  assert.ok(broken.lines.some(({ text }) => text.includes('the first frame must be HELLO')))
  broken.remove()
})

test('a runtime that never connects is given up, and told as the platform’s problem', async () => {
  const created = Promise.withResolvers<void>()
  const { clock, started, gone, remove } = await world(() => created.resolve())
  await created.promise
  clock.advance(20_000)
  await assert.rejects(started, /did not connect within 20 seconds/)
  await gone
  remove()
})

test('a process that ends before it greets tells its exit code', async () => {
  const { lines, started, remove } = await world((_path, end) => end(exitOf({ code: 3 })))
  await assert.rejects(started, (thrown) => thrown instanceof StartFailure && thrown.failure.cause === 'exit code 3')
  assert.deepEqual(
    lines.map(({ stream, text, requestId }) => [stream, text, requestId]),
    [['system', 'Process exited before it could serve: exit code 3', 'r-1']],
  )
  remove()
})
