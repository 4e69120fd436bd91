import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InvocationRecord } from '../logs/port.ts'
import { noMeter } from '../meter/port.ts'
import type { FunctionConfig, FunctionVersion } from '../model.ts'
import type { ExecProcess } from '../sandbox/port.ts'
import { encodeFrame, FrameType } from './channel/frames.ts'
import type { Peer } from './channel/test-support.ts'
import type { CredentialsFrame, InitFrame } from './environment.ts'
import { StartFailure } from './failure.ts'
import { Instance, type LaunchPlan } from './instance.ts'
import { channelLink, type HookCall } from './link.ts'
import type { Slot } from './port.ts'
import { createStemStock } from './stem-stock.ts'
import { HELLO, holder, kindOf, stemsWaiting, StemWorld, turns, type FakeSandbox } from './stem-test-support.ts'

type Hooks = Partial<Pick<FunctionConfig, 'initializer' | 'preFreeze' | 'preStop'>>

const versionWith = (hooks: Hooks) =>
  ({
    id: 'f@LATEST#1.0',
    key: 'f',
    versionId: 'LATEST',
    service: null,
    function: { name: 'f', service: null, config: { instanceConcurrency: 2, memoryMB: 128, ...hooks } },
  }) as unknown as FunctionVersion

const HOUR_MS = 3_600_000
const kind = kindOf('nodejs')

/** An instance over sandboxes that this test plays: `inside` is what happens in each. */
async function world(inside: (sandbox: FakeSandbox) => void, stems = 0, hooks: Hooks = {}) {
  const scene = new StemWorld()
  scene.inside = inside
  const { clock } = scene
  const stock = createStemStock(
    { stems, hostMemoryMB: 100_000 },
    { ...scene.stemDeps, onRefill: (_, problem) => problem && lines.push(problem.message) },
  )
  const lines: string[] = []
  const records: InvocationRecord[] = []
  /** Called when the instance can take what came during a hook. */
  const idleAgain = { take() {} }
  const gone = Promise.withResolvers<void>()
  const abandoned: Instance[] = []
  let renewed = 0
  const plan: LaunchPlan = {
    hasStem: () => stock.has(kind),
    takeStem: () => stock.take(kind),
    bootStem: () => stock.boot(kind),
    link: channelLink,
    folders: async () => ({ code: '/host/code', layers: null }),
    limits: kind.limits,
    initFrame: (_, __, paths) => ({ paths }) as unknown as InitFrame,
    credentials: () => ({ accessKeyId: `key-${++renewed}` }) as CredentialsFrame,
  }
  const instance = new Instance(
    'c-1',
    versionWith(hooks),
    'r-1',
    {
      onSlotFreed() {},
      onIdleAgain: () => idleAgain.take(),
      onAbandoned(left) {
        abandoned.push(left)
        left.drain()
      },
      onGone: () => gone.resolve(),
    },
    {
      clock,
      appendLine: ({ stream, text, requestId, hook }) =>
        lines.push(`${hook === null ? requestId : hook} ${stream} ${text}`),
      meter: noMeter,
      onRecord: (record) => records.push(record),
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
  return {
    scene,
    stock,
    instance,
    plan,
    clock,
    lines,
    records,
    idleAgain,
    abandoned,
    start,
    gone: gone.promise,
    remove,
  }
}

const connects =
  (answer = '{}', greeting = HELLO) =>
  (sandbox: FakeSandbox) =>
    void sandbox.connect(answer, greeting)

/** One that has started, and the runtime's end of its channel. */
async function ready(hooks: Hooks = {}) {
  const whole = await world(connects(), 0, hooks)
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
  assert.deepEqual(JSON.parse(init.payload.toString()), { paths: { code: '/code', layers: null } })
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

const preFreeze = { handler: 'index.beforeFreeze', timeoutSeconds: 2 }
const preStop = { handler: 'index.beforeStop', timeoutSeconds: 3 }

const calls = (peer: Peer, name: string) =>
  peer.frames.filter(({ type, payload }) => type === FrameType.hook && payload.toString().includes(`"${name}"`))

/** Resolves when the runtime was asked to run the hook, to its stream. */
async function asked(peer: Peer, name: string): Promise<number> {
  await peer.until(() => calls(peer, name).length > 0)
  return calls(peer, name).at(-1)!.stream
}

const told = (records: readonly InvocationRecord[]) =>
  records.map(({ kind, errorMessage }) => `${kind} ${errorMessage}`)

test('preFreeze runs before an instance is frozen, which takes no request meanwhile', async () => {
  const { instance, clock, sandbox, peer, lines, records, remove } = await ready({ preFreeze })
  assert.equal(instance.freeze(), true)
  const stream = await asked(peer, 'preFreeze')
  assert.equal(instance.state, 'freezing')
  assert.equal(instance.hasFreeSlot, false)
  assert.equal(instance.freeze(), false, 'the hook is asked for once')
  clock.advance(250)
  peer.send(FrameType.log, 0, '\x01flushing')
  peer.send(FrameType.hookDone, stream, '{}')
  await turns(() => instance.state === 'frozen')
  assert.deepEqual(sandbox.events.slice(1), ['freeze'])
  assert.deepEqual(lines, ['preFreeze stdout flushing'])
  const [record] = records
  const { requestId, deadlineMs } = JSON.parse(calls(peer, 'preFreeze')[0]!.payload.toString()) as HookCall
  assert.match(requestId, /^1-[0-9a-f]{8}-/)
  assert.equal(deadlineMs, record!.startedMs + 2000)
  assert.deepEqual(
    [record!.requestId, record!.kind, record!.durationMs, record!.billedMs, record!.memoryMB, record!.fault],
    [requestId, 'preFreeze', 250, 250, 128, null],
  )
  await instance.stop(0)
  await remove()
})

test('a request that came during preFreeze is served before the instance is frozen, which then takes the hook again', async () => {
  const { instance, sandbox, peer, records, idleAgain, remove } = await ready({ preFreeze })
  instance.freeze()
  const stream = await asked(peer, 'preFreeze')
  let slot: Slot | null = null
  idleAgain.take = () => (slot = instance.assign(holder))
  peer.send(FrameType.hookDone, stream, '{}')
  await turns(() => instance.state === 'busy')
  assert.deepEqual(sandbox.events.slice(1), [])
  idleAgain.take = () => {}
  slot!.release()
  instance.freeze()
  await peer.until(() => calls(peer, 'preFreeze').length === 2)
  peer.send(FrameType.hookDone, calls(peer, 'preFreeze')[1]!.stream, '{}')
  await turns(() => instance.state === 'frozen')
  assert.equal(records.length, 2)
  assert.notEqual(records[0]!.requestId, records[1]!.requestId)
  await instance.stop(0)
  await remove()
})

test('a hook that fails or takes too long keeps nothing: the instance is frozen, and its log tells why', async () => {
  const { instance, clock, peer, records, remove } = await ready({ preFreeze })
  instance.freeze()
  const error = { errorType: 'OrderRefused', errorMessage: 'cannot flush', handled: true }
  peer.send(FrameType.hookDone, await asked(peer, 'preFreeze'), JSON.stringify({ error }))
  await turns(() => instance.state === 'frozen')
  instance.thaw()
  instance.freeze()
  await peer.until(() => calls(peer, 'preFreeze').length === 2)
  clock.advance(1999)
  assert.equal(instance.state, 'freezing')
  clock.advance(1)
  await turns(() => instance.state === 'frozen')
  assert.deepEqual(told(records), ['preFreeze cannot flush', 'preFreeze preFreeze timed out after 2 seconds'])
  assert.deepEqual(
    records.map(({ errorType, fault, handled, billedMs }) => [errorType, fault, handled, billedMs]),
    [
      ['OrderRefused', 'function', true, 0],
      ['FunctionTimeoutError', 'function', false, 2000],
    ],
  )
  // The answer that comes at last is nobody's.
  instance.thaw()
  peer.send(FrameType.hookDone, calls(peer, 'preFreeze')[1]!.stream, '{}')
  peer.send(FrameType.log, 0, '\x01late\n')
  instance.freeze()
  peer.send(FrameType.hookDone, (await peer.until((frame) => calls(peer, 'preFreeze')[2] === frame)).stream, '{}')
  await turns(() => instance.state === 'frozen')
  assert.equal(records.length, 3)
  await instance.stop(0)
  await remove()
})

test('someone who looks into an instance during preFreeze keeps it from being frozen', async () => {
  const { instance, sandbox, peer, remove } = await ready({ preFreeze })
  sandbox.sandbox.exec = async () => ({ exited: new Promise(() => {}) }) as unknown as ExecProcess
  instance.freeze()
  const stream = await asked(peer, 'preFreeze')
  await instance.exec({ command: ['sh'], terminal: true })
  peer.send(FrameType.hookDone, stream, '{}')
  await turns(() => instance.state === 'ready')
  assert.deepEqual(sandbox.events.slice(1), [])
  await instance.stop(0)
  await remove()
})

test('preStop runs once before an instance ends, which is thawed for it', async () => {
  const { instance, clock, sandbox, peer, lines, records, gone, remove } = await ready({ preStop })
  instance.freeze()
  instance.drain()
  instance.drain()
  const stream = await asked(peer, 'preStop')
  assert.equal(instance.state, 'draining')
  assert.deepEqual(sandbox.events.slice(1), ['freeze', 'thaw'])
  clock.advance(7)
  peer.send(FrameType.log, 0, '\x02bye\n')
  peer.send(FrameType.hookDone, stream, '{}')
  await gone
  assert.deepEqual(lines, ['preStop stderr bye'])
  assert.deepEqual(
    records.map(({ kind, billedMs, fault }) => [kind, billedMs, fault]),
    [['preStop', 7, null]],
  )
  assert.equal(calls(peer, 'preStop').length, 1)
  await remove()
})

test('preStop waits for the requests that run, and for a preFreeze that is under way', async () => {
  const busy = await ready({ preStop })
  const slot = busy.instance.assign(holder)
  busy.instance.drain()
  assert.equal(calls(busy.peer, 'preStop').length, 0)
  slot.release()
  busy.peer.send(FrameType.hookDone, await asked(busy.peer, 'preStop'), '{}')
  await busy.gone
  await busy.remove()
  const freezing = await ready({ preFreeze, preStop })
  freezing.instance.freeze()
  const first = await asked(freezing.peer, 'preFreeze')
  freezing.instance.drain()
  freezing.peer.send(FrameType.hookDone, first, '{}')
  freezing.peer.send(FrameType.hookDone, await asked(freezing.peer, 'preStop'), '{}')
  await freezing.gone
  assert.deepEqual(told(freezing.records), ['preFreeze ', 'preStop '])
  assert.ok(!freezing.sandbox.events.includes('freeze'), 'it was on its way out')
  await freezing.remove()
})

test('a preStop that does not end is waited for as long as it may take', async () => {
  const { instance, clock, peer, records, gone, remove } = await ready({ preStop })
  instance.drain()
  await asked(peer, 'preStop')
  clock.advance(2999)
  assert.equal(instance.state, 'draining')
  clock.advance(1)
  await gone
  assert.deepEqual(told(records), ['preStop preStop timed out after 3 seconds'])
  await remove()
})

test('an instance that ran out of time, is stuck, is killed or dies has no preStop', async () => {
  const late = await ready({ preStop })
  late.instance.assign(holder).abandon()
  await late.gone
  const stuck = await ready({ preStop })
  stuck.clock.advance(30_000)
  stuck.instance.ping()
  stuck.clock.advance(10_000)
  await stuck.gone
  const killed = await ready({ preStop })
  await killed.instance.stop(0)
  await killed.gone
  const dead = await ready({ preStop })
  dead.sandbox.end({ code: 1 })
  await dead.gone
  for (const { peer, records, remove } of [late, stuck, killed, dead]) {
    assert.equal(calls(peer, 'preStop').length, 0)
    assert.deepEqual(records, [])
    await remove()
  }
})

test('an instance that dies in a hook, or is killed for want of time, leaves a record of it', async () => {
  const dying = await ready({ preFreeze })
  dying.instance.freeze()
  await asked(dying.peer, 'preFreeze')
  dying.sandbox.end({ code: 3 })
  await dying.gone
  assert.deepEqual(told(dying.records), [
    'preFreeze Process exited unexpectedly before completing preFreeze (exit code 3)',
  ])
  await dying.remove()
  const killed = await ready({ preStop })
  killed.instance.drain()
  await asked(killed.peer, 'preStop')
  await killed.instance.stop(0)
  await killed.gone
  assert.deepEqual(told(killed.records), [
    'preStop Process exited unexpectedly before completing preStop (ended by signal SIGKILL)',
  ])
  await killed.remove()
})

const initializer = { handler: 'index.initialize', timeoutSeconds: 5 }

test('an initializer is accounted for with the time that it ran, under the request that waited for it', async () => {
  const { instance, clock, lines, records, start, remove } = await world(
    (sandbox) => {
      const peer = sandbox.connect(null)
      void peer
        .until(({ type }) => type === FrameType.init)
        .then(() => {
          clock.advance(40)
          peer.send(FrameType.log, 0, '\x01connecting\n')
          peer.send(FrameType.ready, 0, '{"loadMs":30}')
        })
    },
    0,
    { initializer },
  )
  await start()
  assert.deepEqual(lines, ['initialize stdout connecting'])
  const [record] = records
  assert.deepEqual(
    [record!.kind, record!.requestId, record!.durationMs, record!.billedMs, record!.instanceId],
    ['initialize', 'r-1', 10, 10, 'c-1'],
  )
  assert.equal(record!.startedMs, clock.nowMs() - 10)
  assert.deepEqual([instance.phases.runtimeMs, instance.phases.initializerMs], [30, 10])
  await instance.stop(0)
  await remove()
})

test('an initializer that fails, or takes too long, is accounted for, too', async () => {
  const error = { errorType: 'OrderRefused', errorMessage: 'cannot connect', handled: true }
  const failing = await world(connects(JSON.stringify({ error, loadMs: 0 })), 0, { initializer })
  await assert.rejects(failing.start(), /cannot connect/)
  assert.deepEqual(told(failing.records), ['initialize cannot connect'])
  await failing.remove()
  const late = await world((sandbox) => void sandbox.connect(null), 0, { initializer })
  const started = late.start()
  await turns(() => late.scene.created[0]?.peer?.frames.some(({ type }) => type === FrameType.init) === true)
  late.clock.advance(65_000)
  await assert.rejects(started, /timed out after 5 seconds/)
  assert.deepEqual(told(late.records), ['initialize Function initialization timed out after 5 seconds'])
  await late.remove()
})

test('an initializer that is cut short because the instance is no longer wanted has not failed', async () => {
  const { instance, scene, records, start, gone, remove } = await world((sandbox) => void sandbox.connect(null), 0, {
    initializer,
  })
  const started = start()
  await turns(() => scene.created[0]?.peer?.frames.some(({ type }) => type === FrameType.init) === true)
  instance.drain()
  await gone
  await assert.rejects(started)
  assert.deepEqual(records, [])
  await remove()
})
