import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sandbox, SandboxExit } from '../../sandbox/port.ts'
import { StartFailure } from '../failure.ts'
import type { StreamHandler } from '../port.ts'
import type { StemOwner } from '../stem.ts'
import { JobBody, type RunEvent } from './job.ts'

const EVENT = JSON.stringify({ kind: 'event' })
const DONE: SandboxExit = { code: 0, signal: null, outOfMemory: false, peakMemoryBytes: 0 }
const KILLED: SandboxExit = { ...DONE, peakMemoryBytes: 5000, code: null, signal: 'SIGKILL' }

/** A container that runs until it is ended. */
function container() {
  const ended = Promise.withResolvers<SandboxExit>()
  const sandbox = { exited: ended.promise, stop: async () => ended.resolve(KILLED) } as unknown as Sandbox
  return { sandbox, end: (exit: SandboxExit) => ended.resolve(exit) }
}

/** A job whose containers are `run`; what its owner and its callers hear. */
function scene(run: RunEvent) {
  const heard: string[] = []
  const owner = {
    onReady: () => heard.push('ready'),
    onOutput: (_: string, chunk: Buffer) => heard.push(`printed ${String(chunk)}`),
    onExited: ({ code }: SandboxExit) => heard.push(`exit ${code}`),
  } as unknown as StemOwner
  const handler = {
    onResponse: (head: string, body: Buffer, end: boolean) => heard.push(`answer ${head}${String(body)} ${end}`),
    onError: (payload: string) => {
      const { errorType, errorMessage } = JSON.parse(payload) as { errorType: string; errorMessage: string }
      heard.push(`${errorType}: ${errorMessage}`)
    },
  } as unknown as StreamHandler
  const body = new JobBody('c-1', run)
  return { heard, handler, body, link: body.take(owner) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('each event has a container of its own, and its exit code is the answer', async () => {
  const exits: SandboxExit[] = [DONE, { ...DONE, code: 4 }, { ...KILLED, outOfMemory: true }]
  const events: string[] = []
  const { heard, handler, body, link } = scene(async (event, onOutput) => {
    events.push(event)
    onOutput('stdout', Buffer.from(event))
    const { sandbox, end } = container()
    end(exits[events.length - 1]!)
    return sandbox
  })
  for (const event of ['a', 'b', 'c']) {
    link.invoke(EVENT, Buffer.from(event), true, handler)
    await settled()
  }
  assert.deepEqual(events, ['a', 'b', 'c'])
  assert.equal(body.sandbox.stats()?.peakMemoryBytes, 5000)
  assert.deepEqual(heard, [
    ...['printed a', 'answer {} true'],
    ...['printed b', 'FunctionUnhandledError: the container did not end with exit code 0: exit code 4'],
    ...['printed c', 'FunctionOOMError: the container did not end with exit code 0: out of memory'],
  ])
})

test('an event that comes in pieces is run when it is whole', async () => {
  const events: string[] = []
  const { handler, link } = scene(async (event) => {
    events.push(event)
    return container().sandbox
  })
  const stream = link.invoke(EVENT, null, false, handler)
  stream.send(Buffer.from('ä').subarray(0, 1), false)
  assert.deepEqual(events, [])
  stream.send(Buffer.from('ä').subarray(1), true)
  assert.deepEqual(events, ['ä'])
})

test('what cannot be an event, or cannot be run, is told, and the next one runs', async () => {
  const failure = new StartFailure({ errorType: 'CAFileNotFound', errorMessage: 'no such program', handled: false })
  const run = ['not there', 'no room'].map((message) => (message === 'no room' ? new Error(message) : failure))
  const { heard, handler, link } = scene(() => Promise.reject(run.shift()!))
  link.invoke(JSON.stringify({ kind: 'http' }), null, true, handler)
  link.invoke(EVENT, Buffer.alloc(140_000, 'x'), true, handler)
  link.invoke(EVENT, null, true, handler)
  link.invoke(EVENT, null, true, handler)
  await settled()
  assert.match(heard[0]!, /^HttpNotSupported/)
  assert.match(heard[1]!, /^EventTooLarge: .*at most 131045 bytes/)
  assert.deepEqual(heard.slice(2), ['CAFileNotFound: no such program', 'ContainerNotStarted: no room'])
})

test('a cancelled event ends its container', async () => {
  const { heard, handler, link } = scene(async () => container().sandbox)
  link.invoke(EVENT, Buffer.from('a'), true, handler).cancel('timeout')
  await settled()
  link.invoke(EVENT, null, false, handler).cancel('disconnect')
  await settled()
  assert.deepEqual(heard, [
    'FunctionUnhandledError: the container did not end with exit code 0: signal SIGKILL',
    'InvocationCancelled: the invocation was cancelled',
  ])
})

test('an instance that is stopped ends its container, and is gone once', async () => {
  const { heard, handler, body, link } = scene(async () => container().sandbox)
  link.invoke(EVENT, Buffer.from('a'), true, handler)
  await settled()
  await Promise.all([body.stop(0), body.stop(0)])
  await settled()
  assert.deepEqual(
    heard.filter((each) => each.startsWith('exit')),
    ['exit 0'],
  )
  assert.ok(heard.some((each) => each.includes('SIGKILL')))
})
