import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEASE_MS } from './dispatcher.ts'
import { refuses, requestOf, startAsync, throws, versionOf } from './test-support.ts'

test('what is accepted is run once, as an asynchronous invocation under its request id, and forgotten', async () => {
  const world = startAsync()
  assert.equal(await world.platform.accept(requestOf({ text: 'hello' })), null)
  await world.settle()
  assert.deepEqual(world.attempts, ['f hello'])
  assert.equal(world.queue.kept(), 0)
  assert.deepEqual(world.events, ['f enqueued', 'f dequeued', 'f started'])
})

test('a request id that is accepted already is not accepted twice', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf())
  await world.platform.accept(requestOf())
  await world.settle()
  assert.equal(world.attempts.length, 1)
})

test('what cannot be run is refused before it is kept', async () => {
  const world = startAsync()
  const refused = (changes: object, code: string) => assert.rejects(world.platform.accept(requestOf(changes)), { code })
  await refused({ functionKey: 'gone' }, 'FunctionNotFound')
  await refused({ payload: Buffer.alloc(128 * 1024 + 1) }, 'InvalidArgument')
  const disabled = versionOf('off')
  disabled.function.restriction = { reason: 'moved', lastModifiedTime: '', abortsOngoing: false }
  world.functions.set('off', disabled)
  await refused({ functionKey: 'off' }, 'FunctionInvocationDisabled')
  assert.equal(world.queue.kept(), 0)
  await world.platform.accept(requestOf({ payload: Buffer.alloc(128 * 1024) }))
})

test('a delay is kept', async () => {
  const world = startAsync()
  await world.platform.accept(requestOf({ delaySeconds: 60 }))
  await world.pass(59_900)
  assert.deepEqual(world.attempts, [])
  await world.pass(200)
  assert.equal(world.attempts.length, 1)
})

test('a function that fails is tried again as often as is set, with growing pauses, and its log tells', async () => {
  const world = startAsync(() => throws('broken'))
  world.configure('f', { retriesMax: 2 })
  const times: number[] = []
  await world.platform.accept(requestOf())
  const start = world.clock.monotonicMs()
  for (let ms = 0; ms < 10_000; ms += 100) {
    await world.settle()
    if (world.attempts.length > times.length) times.push((world.clock.monotonicMs() - start) / 1000)
    await world.pass(100)
  }
  assert.deepEqual(times, [0, 1, 3])
  assert.equal(world.queue.kept(), 0)
  assert.deepEqual(
    world.lines.map(({ requestId, stream, text }) => [requestId, stream, text]),
    [
      ['r-1', 'system', 'Async attempt 1 of 3 failed: HandledInvocationError: broken; next in 1 s'],
      ['r-1', 'system', 'Async attempt 2 of 3 failed: HandledInvocationError: broken; next in 2 s'],
      ['r-1', 'system', 'Async invocation ended as Failed: HandledInvocationError: broken'],
    ],
  )
  assert.ok(world.events.includes('f dropped'))
})

test('no retries means one attempt', async () => {
  const world = startAsync(() => throws('broken', false))
  world.configure('f', { retriesMax: 0 })
  await world.platform.accept(requestOf())
  await world.pass(120_000, 1000)
  assert.equal(world.attempts.length, 1)
})

test('throttling is tried again, from half a second on, without counting against the retries', async () => {
  let refusals = 6
  const refuse = () => (refusals-- > 0 ? refuses('ResourceExhausted') : null)
  const world = startAsync(() => 'done', refuse)
  world.configure('f', { retriesMax: 0 })
  await world.platform.accept(requestOf())
  await world.pass(400)
  assert.equal(refusals, 5)
  await world.pass(300)
  assert.equal(refusals, 4)
  await world.pass(60_000)
  assert.equal(world.attempts.length, 1)
  assert.equal(world.queue.kept(), 0)
  assert.ok(!world.events.includes('f dropped'))
})

test('what is throttled for longer than its maximum age expires, and its failure destination is told', async () => {
  const world = startAsync(
    () => 'done',
    () => refuses('ResourceExhausted'),
  )
  world.configure('f', { maxAgeSeconds: 60, onFailure: 'http://hook.example/failed' })
  await world.platform.accept(requestOf({ text: 'late' }))
  await world.pass(59_000)
  assert.equal(world.queue.kept(), 1)
  await world.pass(30_000, 1000)
  assert.equal(world.queue.kept(), 0)
  assert.ok(world.events.includes('f expired'))
  const { requestContext, requestPayload } = JSON.parse(world.posted[0]!.body)
  assert.equal(requestPayload, 'late')
  assert.equal(requestContext.condition, 'AsyncEventExpired')
})

test('destinations are told of success and of failure in the shape of Function Compute', async () => {
  const world = startAsync(({ payload }) => (payload === 'good' ? 'answer' : throws('broken', false)))
  world.configure('f', { retriesMax: 1, onSuccess: 'http://hook.example/ok', onFailure: 'http://hook.example/failed' })
  await world.platform.accept(requestOf({ requestId: 'good', text: 'good' }))
  await world.settle()
  const nowMs = world.clock.nowMs()
  assert.deepEqual(JSON.parse(world.posted[0]!.body), {
    timestamp: nowMs,
    requestContext: {
      requestId: 'good',
      functionArn: 'acs:fc:::functions/f/LATEST',
      condition: '',
      approximateInvokeCount: 1,
    },
    requestPayload: 'good',
    responseContext: { statusCode: 200, functionError: '' },
    responsePayload: 'answer',
  })
  await world.platform.accept(requestOf({ requestId: 'bad', text: 'bad' }))
  await world.pass(5000)
  const { url, body } = world.posted[1]!
  const { requestContext, responseContext, responsePayload } = JSON.parse(body)
  assert.equal(url, 'http://hook.example/failed')
  assert.deepEqual([requestContext.condition, requestContext.approximateInvokeCount], ['UnhandledInvocationError', 2])
  assert.deepEqual(responseContext, { statusCode: 200, functionError: 'UnhandledInvocationError' })
  assert.deepEqual(JSON.parse(responsePayload), { errorMessage: 'broken', errorType: 'Error' })
})

test('a destination that does not take a result is asked again, then given up, told and counted', async () => {
  const world = startAsync()
  world.configure('f', { isTask: true, onSuccess: 'http://broken.example/' })
  await world.platform.accept(requestOf())
  await world.pass(600)
  assert.equal(world.posted.length, 1)
  await world.pass(120_000, 500)
  assert.equal(world.posted.length, 6)
  assert.equal(world.queue.kept(), 0)
  assert.ok(world.events.includes('f destinationFailed'))
  assert.match(world.lines[0]!.text, /not delivered to http:\/\/broken\.example\/: it answered with status 500/)
  const task = await world.platform.tasks.get('f', 'LATEST', 'r-1')
  assert.deepEqual([task?.status, task?.destinationStatus], ['Succeeded', 'Failed'])
})

test('a function is a destination: it is run with the result, and a loop of functions ends', async () => {
  const world = startAsync()
  world.functions.set('s$next', versionOf('s$next'))
  world.configure('f', { onSuccess: 'acs:fc:cn-hangzhou:1234567890123456:services/s/functions/next' })
  world.configure('s$next', { onSuccess: 'acs:fc:::functions/f' })
  await world.platform.accept(requestOf())
  await world.pass(1000)
  const order = world.attempts.map((attempt) => attempt.split(' ', 1)[0])
  assert.deepEqual(order.slice(0, 3), ['f', 's$next', 'f'])
  assert.equal(order.length, 17)
  assert.match(world.lines.at(-1)!.text, /16 functions in a row led here/)
})

test('a bucket gets one object for each result', async () => {
  const world = startAsync()
  world.configure('f', { onSuccess: 'oss://results/of-f' })
  await world.platform.accept(requestOf())
  await world.settle()
  const [[key, body] = ['', '']] = [...world.objects]
  assert.equal(key, 'results/of-f/f/2030/01/01/r-1.json')
  assert.equal(JSON.parse(body).responsePayload, 'done')
})

test('a trigger’s own retries, age and failure destination go before those of the function', async () => {
  const world = startAsync(() => throws('broken'))
  world.configure('f', { retriesMax: 8, onFailure: 'http://hook.example/function' })
  const overrides = { retriesMax: 0, onFailure: 'http://hook.example/trigger' }
  await world.platform.accept(requestOf({ overrides }))
  await world.settle()
  assert.deepEqual(
    world.posted.map(({ url }) => url),
    ['http://hook.example/trigger'],
  )
})

test('what is discarded is never run, and its failure destination is told why', async () => {
  const world = startAsync()
  world.configure('f', { onFailure: 'http://hook.example/failed' })
  const failure = refuses('InternalServerError')
  await world.platform.discard(requestOf(), failure.kind === 'platform' ? failure.error : (null as never))
  await world.settle()
  assert.deepEqual(world.attempts, [])
  assert.equal(JSON.parse(world.posted[0]!.body).requestContext.condition, 'InternalServerError')
})

test('a function that is gone makes its messages invalid; one that is disabled makes them wait', async () => {
  const world = startAsync()
  world.configure('f', { isTask: true })
  await world.platform.accept(requestOf({ delaySeconds: 1 }))
  world.functions.delete('f')
  await world.pass(2000)
  assert.equal((await world.platform.tasks.get('f', 'LATEST', 'r-1'))?.status, 'Invalid')

  const later = versionOf('later')
  world.functions.set('later', later)
  await world.platform.accept(requestOf({ functionKey: 'later', requestId: 'r-2', delaySeconds: 1 }))
  later.function.restriction = { reason: 'repairs', lastModifiedTime: '', abortsOngoing: false }
  await world.pass(60_000)
  assert.deepEqual([world.attempts.length, world.queue.kept()], [0, 1])
  later.function.restriction = null
  await world.pass(60_000)
  assert.deepEqual(world.attempts, ['later event'])
})

test('a run longer than its lease is not run twice', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf())
  await world.pass(600_000, 1000)
  assert.equal(world.attempts.length, 1)
  assert.ok(world.queue.renewals > 10)
  world.running[0]!.finish('done')
  await world.settle()
  assert.equal(world.queue.kept(), 0)
})

test('a message that is lost to its lease while it runs here is not begun again', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf())
  await world.settle()
  world.queue.isHeldUp = true
  await world.pass(LEASE_MS + 1000, 1000)
  world.queue.isHeldUp = false
  await world.pass(LEASE_MS, 1000)
  assert.equal(world.attempts.length, 1)
  world.running[0]!.finish('done')
  await world.settle()
  assert.equal(world.queue.kept(), 0)
})

test('what ran when the platform was killed runs again; what kills it each time is given up', async () => {
  const world = startAsync(() => null)
  world.configure('f', { onFailure: 'http://hook.example/failed' })
  await world.platform.accept(requestOf())
  await world.settle()
  for (let kills = 0; kills < 15; kills++) {
    await world.restart()
    await world.pass(30_000, 1000)
  }
  assert.equal(world.attempts.length, 16)
  await world.restart()
  assert.equal(world.attempts.length, 16)
  assert.equal(world.queue.kept(), 0)
  assert.equal(JSON.parse(world.posted[0]!.body).requestContext.condition, 'InternalServerError')
})

test('messages that were often cut short run one at a time, so that the culprit takes no other with it', async () => {
  const world = startAsync(() => null)
  const ids = ['culprit', 'innocent-1', 'innocent-2']
  for (const requestId of ids) await world.platform.accept(requestOf({ requestId, text: requestId }))
  await world.settle()
  assert.equal(world.running.length, 3)
  for (let kills = 0; kills < 3; kills++) await world.restart()
  world.running.length = 0
  const done = new Set<string>()
  while (world.queue.kept() > 1) {
    await world.pass(10_000, 1000)
    assert.equal(world.running.length, 1)
    const [running] = world.running
    if (running!.payload === 'culprit') {
      world.running.length = 0
      await world.restart()
    } else {
      done.add(running!.payload)
      running!.finish('done')
    }
    await world.settle()
  }
  assert.deepEqual([...done].sort(), ['innocent-1', 'innocent-2'])
})

test('messages that wait for one that runs alone are put off for longer the longer it runs', async () => {
  const world = startAsync(() => null)
  for (const requestId of ['a', 'b', 'c']) await world.platform.accept(requestOf({ requestId }))
  await world.settle()
  for (let kills = 0; kills < 3; kills++) await world.restart()
  world.running.length = 0
  await world.pass(10_000)
  assert.equal(world.running.length, 1)
  const before = world.queue.givenBack.length
  await world.pass(600_000, 1000)
  const times = world.queue.givenBack.length - before
  // Two of them: often at first, then each half a minute.
  assert.ok(times >= 2 * (600 / 31) && times <= 2 * (600 / 30 + 10), `${times} times`)
  while (world.queue.kept() > 0) {
    await world.pass(31_000, 1000)
    assert.equal(world.running.length, 1)
    world.running[0]!.finish('done')
    await world.settle()
  }
})

test('closing gives back what runs, as if it had not been begun', async () => {
  const world = startAsync(() => null)
  world.configure('f', { retriesMax: 0 })
  await world.platform.accept(requestOf())
  await world.settle()
  const closed = world.platform.close(5000)
  await world.pass(5000)
  await closed
  assert.equal(world.queue.kept(), 1)
  const { failures, refusals, settled } = JSON.parse(world.queue.givenBack[0]!)
  assert.deepEqual({ failures, refusals, settled }, { failures: 0, refusals: 0, settled: 1 })
})

test('a backlog of one function holds up no other, and both are served in turns', async () => {
  const world = startAsync(() => null)
  world.functions.set('g', versionOf('g'))
  const flood = Array.from({ length: 1000 }, (_, at) => requestOf({ requestId: `flood-${at}` }))
  await Promise.all(flood.map((request) => world.platform.accept(request)))
  await world.settle()
  // Half of the instances are kept for callers who wait.
  assert.equal(world.running.length, 50)
  await world.platform.accept(requestOf({ functionKey: 'g', requestId: 'single' }))
  await world.settle()
  assert.equal(world.running.length, 50)
  for (const running of world.running.slice(0, 20)) running.finish('done')
  await world.settle()
  assert.ok(world.attempts.includes('g event'))
  assert.equal(world.running.length, 50)
})

test('refusals make a group wait as one: few attempts are made while there is no capacity', async () => {
  let refusals = 0
  const refuse = () => {
    refusals++
    return refuses('ResourceExhausted')
  }
  const world = startAsync(() => 'done', refuse)
  const flood = Array.from({ length: 500 }, (_, at) => requestOf({ requestId: `flood-${at}` }))
  await Promise.all(flood.map((request) => world.platform.accept(request)))
  await world.pass(60_000)
  assert.ok(refusals < 40, `${refusals} refusals`)
})

test('while the queue does not answer nothing is accepted, and it goes on when it does', async () => {
  const world = startAsync()
  await world.platform.accept(requestOf({ delaySeconds: 1 }))
  world.queue.broken = new Error('disk')
  await world.pass(2000)
  await assert.rejects(world.platform.check(), /disk/)
  await assert.rejects(world.platform.accept(requestOf({ requestId: 'r-2' })), { code: 'ServiceUnavailable' })
  world.queue.broken = null
  await world.pass(10_000)
  await world.platform.check()
  assert.deepEqual(world.attempts, ['f event'])
})

test('a result that cannot be written is written when it can, and not run again', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf())
  await world.settle()
  world.queue.broken = new Error('disk')
  world.running[0]!.finish('done')
  await world.pass(3000)
  world.queue.broken = null
  await world.pass(10_000)
  assert.deepEqual([world.attempts.length, world.queue.kept()], [1, 0])
})

test('how deep a chain of triggers is that a function runs in is known while it runs', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf({ depth: 3 }))
  await world.platform.accept(requestOf({ requestId: 'r-2', depth: 1 }))
  await world.settle()
  assert.equal(world.platform.runningDepth('f'), 3)
  for (const running of [...world.running]) running.finish('done')
  await world.settle()
  assert.equal(world.platform.runningDepth('f'), 0)
})
