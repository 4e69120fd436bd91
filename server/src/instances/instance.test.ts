import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionVersion } from '../model.ts'
import type { ExecProcess } from '../sandbox/port.ts'
import { encodeFrame, FrameType } from './channel/frames.ts'
import type { CredentialsFrame, InitFrame } from './environment.ts'
import { StartFailure } from './failure.ts'
import { Instance, type LaunchPlan } from './instance.ts'
import { channelLink } from './link.ts'
import { createStemStock } from './stem-stock.ts'
import { HELLO, holder, kindOf, stemsWaiting, StemWorld, turns, type FakeSandbox } from './stem-test-support.ts'

const version = {
  id: 'f@LATEST#1.0',
  key: 'f',
  versionId: 'LATEST',
  service: null,
  function: { name: 'f', service: null, config: { instanceConcurrency: 2, memoryMB: 128, initializer: null } },
} as unknown as FunctionVersion

const HOUR_MS = 3_600_000
const kind = kindOf('nodejs')

/** An instance over sandboxes that this test plays: `inside` is what happens in each. */
async function world(inside: (sandbox: FakeSandbox) => void, stems = 0) {
  const scene = new StemWorld()
  scene.inside = inside
  const { clock } = scene
  const stock = createStemStock(
    { stems, hostMemoryMB: 100_000 },
    { ...scene.stemDeps, onRefill: (_, problem) => problem && lines.push(problem.message) },
  )
  const lines: string[] = []
  const gone = Promise.withResolvers<void>()
  const abandoned: Instance[] = []
  let renewed = 0
  const plan: LaunchPlan = {
    hasStem: () => stock.has(kind),
    takeStem: () => stock.take(kind),
    bootStem: () => stock.boot(kind),
    codeFolder: async () => '/host/code',
    link: channelLink,
    limits: kind.limits,
    initFrame: (_, __, codePath) => ({ codePath }) as InitFrame,
    credentials: () => ({ accessKeyId: `key-${++renewed}` }) as CredentialsFrame,
  }
  const instance = new Instance(
    'c-1',
    version,
    'r-1',
    {
      onSlotFreed() {},
      onAbandoned(left) {
        abandoned.push(left)
        left.drain()
      },
      onGone: () => gone.resolve(),
    },
    {
      clock,
      appendLine: ({ stream, text, requestId }) => lines.push(`${requestId} ${stream} ${text}`),
      onDefect(error) {
        throw error
      },
    },
  )
  const start = () => {
    const started = instance.start(plan, 0)
    started.catch(() => {})
    return started
  }
  const remove = async () => {
    await stock.close()
    scene.remove()
  }
  return { scene, stock, instance, plan, clock, lines, abandoned, start, gone: gone.promise, remove }
}

const connects =
  (ready = '{}', greeting = HELLO) =>
  (sandbox: FakeSandbox) =>
    void sandbox.connect(ready, greeting)

/** One that has started, and the runtime's end of its channel. */
async function ready() {
  const whole = await world(connects())
  await whole.start()
  const sandbox = whole.scene.created[0]!
  return { ...whole, sandbox, peer: sandbox.peer! }
}

test('an instance is ready when its runtime has greeted and loaded the handler', async () => {
  const { instance, scene, start, gone, remove } = await world(connects())
  await start()
  assert.equal(instance.state, 'ready')
  assert.ok(instance.hasFreeSlot)
  assert.deepEqual(scene.created[0]!.events, ['specialise /host/code'])
  const init = await scene.created[0]!.peer!.until(({ type }) => type === FrameType.init)
  assert.deepEqual(JSON.parse(init.payload.toString()), { codePath: '/code' })
  await instance.stop(0)
  await gone
  assert.equal(instance.state, 'gone')
  await remove()
})

test('a stem from the stock is used before one is booted', async () => {
  const { instance, scene, stock, start, remove } = await world(connects(), 1)
  stock.use([kind])
  await stemsWaiting(stock, kind, 1)
  await start()
  assert.equal(scene.created.length, 1)
  assert.equal(instance.state, 'ready')
  await instance.stop(0)
  await remove()
})

test('a stem that dies during the handover costs one retry with a new one, and no failure', async () => {
  const { instance, scene, stock, start, remove } = await world(connects(), 1)
  stock.use([kind])
  await stemsWaiting(stock, kind, 1)
  const [first] = scene.created
  first!.specialiseProblem = new Error('it has ended')
  await start()
  assert.equal(instance.state, 'ready')
  assert.ok(first!.events.includes('stop 0'), 'the broken one is ended')
  assert.ok(!first!.peer!.frames.some(({ type }) => type === FrameType.init), 'and got nothing of the function')
  assert.deepEqual(scene.created[1]!.events, ['specialise /host/code'])
  await instance.stop(0)
  await remove()
})

test('a stem that no longer answers gets no function: another is booted for it', async () => {
  const { instance, scene, clock, stock, start, remove } = await world(connects(), 1)
  stock.use([kind])
  await stemsWaiting(stock, kind, 1)
  const [first] = scene.created
  first!.isAnswering = false
  const started = start()
  await first!.peer!.until(({ type }) => type === FrameType.ping)
  clock.advance(1000)
  await started
  assert.equal(instance.state, 'ready')
  assert.ok(!first!.peer!.frames.some(({ type }) => type === FrameType.init))
  await instance.stop(0)
  await remove()
})

test('a new sandbox that cannot be specialised fails the start with its reason', async () => {
  const { scene, start, gone, remove } = await world((sandbox) => {
    sandbox.specialiseProblem = new Error('no room for a mount')
    sandbox.connect()
  })
  await assert.rejects(start(), /no room for a mount/)
  await gone
  assert.equal(scene.created.length, 1)
  await remove()
})

test('a frozen instance has its slots, and runs again before a request reaches it', async () => {
  const { instance, sandbox, remove } = await ready()
  assert.equal(instance.freeze(), true)
  assert.equal(instance.state, 'frozen')
  assert.equal(instance.freeze(), false)
  assert.ok(instance.hasFreeSlot)
  instance.assign(holder)
  assert.equal(instance.state, 'busy')
  assert.deepEqual(sandbox.events.slice(1), ['freeze', 'thaw'])
  assert.equal(instance.freeze(), false, 'a busy one is not frozen')
  await instance.stop(0)
  await remove()
})

test('credentials that grew old in a frozen instance are renewed when it is thawed, and not before', async () => {
  const { instance, clock, peer, remove } = await ready()
  instance.freeze()
  clock.advance(13 * HOUR_MS)
  instance.renewCredentials()
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.credentials).length, 0)
  instance.thaw()
  const renewal = await peer.until(({ type }) => type === FrameType.credentials)
  assert.equal(renewal.payload.toString(), '{"accessKeyId":"key-1"}')
  await instance.stop(0)
  await remove()
})

test('a program that someone runs inside thaws the instance, and keeps it from being frozen', async () => {
  const { instance, sandbox, remove } = await ready()
  const exited = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  sandbox.sandbox.exec = async () => ({ exited: exited.promise }) as unknown as ExecProcess
  instance.freeze()
  await instance.exec({ command: ['sh'], terminal: true })
  assert.equal(instance.state, 'ready')
  assert.equal(instance.freeze(), false)
  exited.resolve({ code: 0, signal: null })
  await exited.promise
  assert.equal(instance.freeze(), true)
  sandbox.sandbox.exec = () => Promise.reject(new Error('cannot run the program'))
  await assert.rejects(instance.exec({ command: ['sh'], terminal: true }), /cannot run/)
  assert.equal(instance.freeze(), true, 'a program that never ran holds nothing')
  await instance.stop(0)
  await assert.rejects(instance.exec({ command: ['sh'], terminal: false }), /does not run/)
  await remove()
})

test('an idle instance that no longer answers is given up, and its owner told', async () => {
  const { instance, clock, peer, abandoned, lines, gone, remove } = await ready()
  instance.ping()
  clock.advance(30_000)
  instance.ping()
  instance.ping()
  await peer.until(({ type }) => type === FrameType.ping)
  clock.advance(9_999)
  assert.deepEqual(abandoned, [])
  clock.advance(1)
  assert.deepEqual(abandoned, [instance])
  await gone
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.ping).length, 1)
  assert.deepEqual(lines, [' system Instance is stuck: it was idle and did not answer within 10 seconds'])
  await remove()
})

test('an instance that answers, that is busy, or that is frozen is not given up', async () => {
  const { instance, clock, peer, abandoned, lines, remove } = await ready()
  const pings = () => peer.frames.filter(({ type }) => type === FrameType.ping)
  const ping = async () => {
    const count = pings().length
    clock.advance(30_000)
    instance.ping()
    await peer.until(() => pings().length > count)
  }
  await ping()
  peer.send(FrameType.pong, 0, pings()[0]!.payload)
  // Frames keep their order: what is printed after the answer has come only when the answer has.
  peer.send(FrameType.log, 0, '\x01answered\n')
  await turns(() => lines.length > 0)
  clock.advance(10_000)
  assert.deepEqual(abandoned, [])
  await ping()
  const slot = instance.assign(holder)
  clock.advance(60_000)
  assert.deepEqual(abandoned, [])
  slot.release()
  await ping()
  instance.freeze()
  clock.advance(60_000)
  instance.ping()
  assert.deepEqual(abandoned, [])
  await instance.stop(0)
  await remove()
})

test('credentials are renewed when they have been in use for half a day, and not before', async () => {
  const { instance, clock, peer, remove } = await ready()
  clock.advance(11 * HOUR_MS)
  instance.renewCredentials()
  clock.advance(HOUR_MS)
  instance.renewCredentials()
  instance.renewCredentials()
  const renewal = await peer.until(({ type }) => type === FrameType.credentials)
  assert.equal(renewal.payload.toString(), '{"accessKeyId":"key-1"}')
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.credentials).length, 1)
  await instance.stop(0)
  await remove()
})

test('a handler that cannot be loaded is the function’s failure, with what the runtime said', async () => {
  const error = { errorType: 'ImportModuleError', errorMessage: "Cannot find module 'left-pad'", handled: false }
  const { start, gone, remove, lines } = await world(connects(JSON.stringify({ error })))
  await assert.rejects(
    start(),
    (thrown) => thrown instanceof StartFailure && thrown.failure.errorMessage === error.errorMessage,
  )
  await gone
  assert.deepEqual(lines, [], 'that it was ended then is no news')
  await remove()
})

test('a runtime that answers INIT with rubbish, or breaks the channel before it, leaves nothing behind', async () => {
  const rubbish = await world(connects('[1, 2'))
  await assert.rejects(rubbish.start(), StartFailure)
  await rubbish.gone
  await rubbish.remove()
  const broken = await world(connects('', encodeFrame(FrameType.data, 0, 'x')))
  await assert.rejects(broken.start(), /the runtime broke the channel: the first frame must be HELLO/)
  await broken.gone
  assert.deepEqual(broken.scene.created[0]!.events, ['stop 0'])
  await broken.remove()
})

test('a process that ends while it loads the handler is the function’s failure, with its exit code', async () => {
  const { lines, start, remove } = await world((sandbox) => {
    const peer = sandbox.connect()
    void peer.until(({ type }) => type === FrameType.init).then(() => sandbox.end({ code: 3 }))
  })
  await assert.rejects(start(), (thrown) => thrown instanceof StartFailure && thrown.failure.cause === 'exit code 3')
  assert.deepEqual(lines, ['r-1 system Process exited before it could serve: exit code 3'])
  await remove()
})

test('what a runtime printed before it had a function is none of its log', async () => {
  const { instance, lines, start, remove } = await world((sandbox) => {
    sandbox.print('a warning of the interpreter\n')
    sandbox.connect()
  })
  await start()
  await instance.stop(0)
  assert.ok(!lines.some((line) => line.includes('a warning')))
  await remove()
})

test('an instance stopped while its sandbox is being made is gone at once, and the sandbox when it comes', async () => {
  const made = Promise.withResolvers<void>()
  const { instance, scene, start, gone, remove } = await world(connects())
  scene.beforeCreate = () => made.promise
  const started = start()
  await turns(() => scene.creating === 1)
  await instance.stop(0)
  await gone
  await assert.rejects(started, /stopped while it started/)
  made.resolve()
  await turns(() => scene.created[0]?.events.includes('stop 0') === true)
  await remove()
})
