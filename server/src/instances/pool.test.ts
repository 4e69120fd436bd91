import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FcError } from '../errors.ts'
import { StartFailure } from './failure.ts'
import { fixedKeepAlive, PoolWorld, type Asked } from './test-support.ts'

test('the first request starts an instance and gets it when it is ready', async () => {
  const world = new PoolWorld(1)
  const asked = world.acquire('a')
  assert.equal(asked.told, 'nothing')
  await world.starts[0]!.ready()
  assert.equal(asked.told, 'c-0')
  assert.equal(world.starts.length, 1)
})

test('concurrent first requests share one start as far as its slots go', async () => {
  const world = new PoolWorld(3)
  const asked = ['a', 'b', 'c', 'd'].map((name) => world.acquire(name))
  assert.equal(world.starts.length, 2)
  await world.starts[0]!.ready()
  assert.deepEqual(
    asked.map(({ told }) => told),
    ['c-0', 'c-0', 'c-0', 'nothing'],
  )
  await world.starts[1]!.ready()
  assert.equal(asked[3]!.told, 'c-1')
})

test('the most recently used instance is handed out, so that the others can age', async () => {
  const world = new PoolWorld(1)
  const [a, b] = [world.acquire('a'), world.acquire('b')]
  await world.starts[0]!.ready()
  await world.starts[1]!.ready()
  a.slot!.release()
  b.slot!.release()
  assert.equal(world.acquire('c').told, 'c-1')
  assert.equal(world.acquire('d').told, 'c-0')
})

test('a slot that comes free goes to who has waited longest', async () => {
  const world = new PoolWorld(1)
  world.limits.instances = 1
  const [a, b, c] = ['a', 'b', 'c'].map((name) => world.acquire(name)) as [Asked, Asked, Asked]
  await world.starts[0]!.ready()
  a.slot!.release()
  assert.deepEqual([b.told, c.told], ['c-0', 'nothing'])
  b.slot!.release()
  assert.equal(c.told, 'c-0')
})

test('an instance whose request ran out of time takes no more, though it has slots', async () => {
  const world = new PoolWorld(3)
  const [a, b] = [world.acquire('a'), world.acquire('b')]
  await world.starts[0]!.ready()
  a.slot!.abandon()
  assert.equal(world.starts[0]!.instance.state, 'draining')
  const c = world.acquire('c')
  assert.equal(c.told, 'nothing')
  assert.equal(world.starts.length, 2, 'one that drains is not waited for')
  await world.starts[1]!.ready()
  assert.equal(c.told, 'c-1')
  b.slot!.release()
  assert.equal(world.starts[0]!.instance.state, 'gone')
})

test('beyond the queue’s length a request is refused at once, and told when to come back', () => {
  const world = new PoolWorld(1, { queueLengthMax: 2 })
  world.limits.starts = 0
  const asked = ['a', 'b', 'c'].map((name) => world.acquire(name))
  assert.deepEqual(
    asked.map(({ told }) => told),
    ['nothing', 'nothing', 'ResourceExhausted'],
  )
  assert.deepEqual(asked[2]!.refusal!.headers, { 'Retry-After': '1' })
})

test('who waits too long is refused, unless an instance is being started for it', async () => {
  const world = new PoolWorld(1, { queueMsMax: 1000 })
  world.limits.starts = 1
  const first = world.acquire('first')
  world.limits.starts = 0
  const second = world.acquire('second')
  world.clock.advance(1001)
  assert.deepEqual([first.told, second.told], ['nothing', 'ResourceExhausted'])
  assert.match(second.refusal!.message, /within 1 seconds/)
  world.clock.advance(60_000)
  assert.equal(first.told, 'nothing')
  await world.starts[0]!.ready()
  assert.equal(first.told, 'c-0')
})

test('without room a request waits, and is refused in the end with what was short', () => {
  const world = new PoolWorld(1, { queueMsMax: 1000 })
  world.limits.instances = 0
  const asked = world.acquire('a')
  assert.equal(asked.told, 'nothing')
  world.clock.advance(1000)
  assert.equal(asked.refusal?.code, 'ResourceExhausted')
  assert.match(asked.refusal.message, /none came free within 1 seconds; all are in use/)
})

test('a start that fails fails the requests it was meant for, and the next start serves the rest', async () => {
  const world = new PoolWorld(2)
  world.limits.starts = 1
  const [a, b, c] = ['a', 'b', 'c'].map((name) => world.acquire(name)) as [Asked, Asked, Asked]
  await world.starts[0]!.fail(new StartFailure({ errorType: 'E', errorMessage: 'no handler', handled: false }))
  assert.deepEqual([a.told, b.told, c.told], ['no handler', 'no handler', 'nothing'])
  await world.starts[1]!.ready()
  assert.equal(c.told, 'c-1')
  assert.deepEqual(world.failures, [])
})

test('a start that fails by the platform’s fault is a 503 with the reason, and reported', async () => {
  const world = new PoolWorld(1)
  const asked = world.acquire('a')
  const error = new Error('disk full')
  await world.starts[0]!.fail(error)
  assert.equal(asked.told, 'ServiceUnavailable')
  assert.match(asked.refusal!.message, /disk full/)
  assert.deepEqual(world.failures, [error])
})

test('who withdraws is not called, and its place goes to the next', async () => {
  const world = new PoolWorld(1)
  world.limits.starts = 1
  const a = world.acquire('a')
  const b = world.acquire('b')
  world.pool.withdraw(a)
  await world.starts[0]!.ready()
  assert.deepEqual([a.told, b.told], ['nothing', 'c-0'])
  world.pool.withdraw(a)
})

test('when requests suddenly take long, who waits gets an instance instead of the promise of a quick one', async () => {
  const world = new PoolWorld(1)
  const quick = world.acquire('quick')
  await world.starts[0]!.ready()
  quick.slot!.release()
  for (let i = 0; i < 20; i++) world.history.observeServiceMs(5)
  const slow = world.acquire('slow')
  const next = world.acquire('next')
  assert.equal(world.starts.length, 1, 'it is expected to be free at once')
  world.clock.advance(400)
  assert.equal(world.starts.length, 2)
  await world.starts[1]!.ready()
  assert.deepEqual([slow.told, next.told], ['c-0', 'c-1'])
})

test('idle instances leave when their keep-alive is over, busy ones stay', async () => {
  const world = new PoolWorld(1, { keepAlive: fixedKeepAlive(1000) })
  const [a, b] = [world.acquire('a'), world.acquire('b')]
  await world.starts[0]!.ready()
  await world.starts[1]!.ready()
  a.slot!.release()
  world.clock.advance(999)
  world.pool.look()
  assert.equal(world.pool.members.size, 2)
  world.clock.advance(1)
  world.pool.look()
  assert.deepEqual(
    [...world.pool.members.keys()].map(({ id }) => id),
    [b.slot!.instanceId],
  )
})

test('a retired pool ends its idle instances now, and the busy ones when they are done', async () => {
  const world = new PoolWorld(1)
  const [a, b] = [world.acquire('a'), world.acquire('b')]
  await world.starts[0]!.ready()
  await world.starts[1]!.ready()
  a.slot!.release()
  world.pool.retire()
  assert.equal(world.pool.members.size, 1)
  b.slot!.release()
  assert.ok(world.pool.isEmpty)
})

test('a retired pool serves what waits before it ends', async () => {
  const world = new PoolWorld(1)
  const asked = world.acquire('a')
  world.pool.retire()
  await world.starts[0]!.ready()
  assert.equal(asked.told, 'c-0')
  asked.slot!.release()
  assert.ok(world.pool.isEmpty)
})

test('an instance that dies is replaced for those who wait', async () => {
  const world = new PoolWorld(1)
  world.limits.instances = 1
  world.acquire('a')
  const b = world.acquire('b')
  await world.starts[0]!.ready()
  world.starts[0]!.instance.end()
  assert.equal(world.starts.length, 2)
  await world.starts[1]!.ready()
  assert.equal(b.told, 'c-1')
})

test('whatever happens, slots and limits hold, and nobody is told twice or forgotten', async () => {
  const step = fc.constantFrom('acquire', 'release', 'abandon', 'ready', 'fail', 'die', 'wait', 'withdraw', 'look')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.nat(100)), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, concurrency) => {
        const world = new PoolWorld(concurrency, { keepAlive: fixedKeepAlive(2000) })
        world.limits = { instances: 3, starts: 100 }
        const asked: Asked[] = []
        const withdrawn = new Set<Asked>()
        const finished = new Set<Asked>()
        const pick = <Value>(list: Value[], n: number) => list[n % Math.max(1, list.length)]
        const holding = () =>
          asked.filter((each) => {
            const at = world.starts.find(({ instance }) => instance.id === each.slot?.instanceId)
            return each.slot !== null && !finished.has(each) && at?.instance.state !== 'gone'
          })
        const pending = () => world.starts.filter(({ instance }) => instance.state === 'starting')
        for (const [what, n] of steps) {
          const holder = pick(holding(), n)
          if (what === 'acquire') asked.push(world.acquire(String(asked.length)))
          else if (what === 'release' && holder) {
            finished.add(holder)
            holder.slot!.release()
          } else if (what === 'abandon' && holder) {
            finished.add(holder)
            holder.slot!.abandon()
          } else if (what === 'ready') await pick(pending(), n)?.ready()
          else if (what === 'fail') {
            await pick(pending(), n)?.fail(new FcError('ServiceUnavailable', 'failed'))
          } else if (what === 'die') {
            const live = world.starts.filter(({ instance }) => ['ready', 'busy', 'draining'].includes(instance.state))
            pick(live, n)?.instance.end()
          } else if (what === 'wait') world.clock.advance(n * 20)
          else if (what === 'withdraw') {
            const waiting = pick(
              asked.filter(({ told }) => told === 'nothing'),
              n,
            )
            if (waiting) {
              withdrawn.add(waiting)
              world.pool.withdraw(waiting)
            }
          } else if (what === 'look') world.pool.look()

          assert.ok(world.pool.members.size <= 3)
          for (const instance of world.pool.members.keys()) assert.ok(instance.inFlight <= instance.concurrency)
          const silent = asked.filter((each) => each.told === 'nothing' && !withdrawn.has(each))
          assert.equal(world.pool.waitingCount, silent.length)
          for (const each of asked) {
            const outcomes = [each.slot, each.refusal, each.startFailure].filter((told) => told !== null)
            assert.ok(outcomes.length <= 1)
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})
