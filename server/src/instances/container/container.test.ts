import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sandbox, SandboxExit } from '../../sandbox/port.ts'
import type { StemOwner } from '../stem.ts'
import { Container } from './container.ts'

const EXIT: SandboxExit = { code: 3, signal: null, outOfMemory: false, peakMemoryBytes: 0 }

/** A sandbox that ends when it is told to, and an owner that notes what it hears. */
function scene() {
  const heard: string[] = []
  const ended = Promise.withResolvers<SandboxExit>()
  const sandbox = {
    exited: ended.promise,
    async stop() {
      heard.push('stopped')
      ended.resolve(EXIT)
      await ended.promise
    },
  } as unknown as Sandbox
  const owner = {
    onOutput: (stream: string, chunk: Buffer) => heard.push(`${stream} ${String(chunk)}`),
    onClosed: () => heard.push('runs'),
    onExited: ({ code }: SandboxExit) => heard.push(`exit ${code}`),
  } as unknown as StemOwner
  return { heard, sandbox, owner, end: () => ended.resolve(EXIT) }
}

/** For what was resolved to be heard of. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what a program prints and how it ends before its owner listens is told when it does, in order', async () => {
  const { heard, sandbox, owner, end } = scene()
  let print: StemOwner['onOutput'] = () => {}
  const container = new Container(async (onOutput) => {
    print = onOutput
    return sandbox
  })
  await container.created
  print('stderr', Buffer.from('no database'))
  end()
  await settled()
  container.take(owner)
  await settled()
  assert.deepEqual(heard, [], 'its owner has not begun yet')
  container.connection.initialize()
  assert.deepEqual(heard, ['runs', 'stderr no database', 'exit 3'])
  print('stdout', Buffer.from('late'))
  assert.equal(heard.at(-1), 'stdout late')
})

test('one that is stopped while it is made is ended when it is there', async () => {
  const { heard, sandbox } = scene()
  const made = Promise.withResolvers<Sandbox>()
  const container = new Container(() => made.promise)
  await container.stop(0)
  made.resolve(sandbox)
  await assert.rejects(container.created, /stopped while it started/)
  assert.deepEqual(heard, ['stopped'])
})

test('one that is stopped before its owner begins tells its end all the same', async () => {
  const { heard, sandbox, owner } = scene()
  const container = new Container(async () => sandbox)
  await container.created
  container.take(owner)
  await container.stop(0)
  await settled()
  assert.deepEqual(heard, ['runs', 'stopped', 'exit 3'])
})

test('why it cannot be made is why it was never there', async () => {
  const container = new Container(() => Promise.reject(new Error('no room')))
  await assert.rejects(container.created, /no room/)
  await assert.rejects(container.connected, /no room/)
  await container.stop(0)
})
