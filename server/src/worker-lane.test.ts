import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import type { Clock } from './clock.ts'
import { WorkerLane } from './worker-lane.ts'

type Job =
  | { kind: 'who' }
  | { kind: 'environment' }
  | { kind: 'double'; bytes: Uint8Array }
  | { kind: 'refuse' }
  | { kind: 'die' }
interface Results {
  who: number
  environment: NodeJS.ProcessEnv
  double: Uint8Array
  refuse: never
  die: never
}

const script = `
  import { parentPort, threadId } from 'node:worker_threads'
  parentPort.on('message', (job) => {
    if (job.kind === 'die') process.exit(1)
    if (job.kind === 'environment') return parentPort.postMessage({ result: { ...process.env } })
    if (job.kind === 'refuse') return parentPort.postMessage({ refused: 7 })
    parentPort.postMessage({ result: job.kind === 'who' ? threadId : job.bytes.map((byte) => byte * 2) })
  })`

/** A lane, and its idle timer to fire by hand. */
function createLane() {
  let fireIdle = () => {}
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    setTimer(_delayMs, fire) {
      fireIdle = fire
      return { cancel: () => (fireIdle = () => {}) }
    },
  }
  const lane = new WorkerLane<Job, Results, number>(
    {
      script: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
      subject: 'test job',
      heapMBMax: 64,
      toError: (reason) => new Error(`refused for reason ${reason}`),
    },
    clock,
  )
  return { lane, idle: () => fireIdle() }
}

test('jobs are done in turn by one thread, which gets the memory that is given to it', async (context) => {
  const { lane, idle } = createLane()
  context.after(idle)
  const bytes = Uint8Array.of(1, 2)
  const [first, doubled, second] = await Promise.all([
    lane.run({ kind: 'who' }),
    lane.run({ kind: 'double', bytes }, [bytes.buffer]),
    lane.run({ kind: 'who' }),
  ])
  assert.equal(first, second)
  assert.deepEqual([...doubled], [2, 4])
  assert.equal(bytes.length, 0, 'its memory is the thread’s')
})

test('a refusal becomes the error that the lane was made with', async (context) => {
  const { lane, idle } = createLane()
  context.after(idle)
  await assert.rejects(lane.run({ kind: 'refuse' }), /refused for reason 7/)
})

test('a thread that dies fails its job only; the next one gets a new thread', async (context) => {
  const { lane, idle } = createLane()
  context.after(idle)
  const before = await lane.run({ kind: 'who' })
  const [lost, after] = await Promise.allSettled([lane.run({ kind: 'die' }), lane.run({ kind: 'who' })])
  assert.match(String((lost as PromiseRejectedResult).reason), /the test job could not be processed: .* worker ended/)
  assert.notEqual((after as PromiseFulfilledResult<number>).value, before)
})

test('a thread that has nothing to do for long is ended', async (context) => {
  const { lane, idle } = createLane()
  context.after(idle)
  const before = await lane.run({ kind: 'who' })
  idle()
  assert.notEqual(await lane.run({ kind: 'who' }), before)
})

test('of the environment a thread has only where compiled code is kept', async (context) => {
  const { NODE_COMPILE_CACHE } = process.env
  context.after(() => {
    if (NODE_COMPILE_CACHE === undefined) delete process.env['NODE_COMPILE_CACHE']
    else process.env['NODE_COMPILE_CACHE'] = NODE_COMPILE_CACHE
  })
  process.env['NODE_COMPILE_CACHE'] = tmpdir()
  const { lane, idle } = createLane()
  context.after(idle)
  assert.deepEqual(await lane.run({ kind: 'environment' }), { NODE_COMPILE_CACHE: tmpdir() })
})
