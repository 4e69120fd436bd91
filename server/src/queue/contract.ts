/**
 * What every queue must do. There is one implementation so far, run here with its storage thread and without: the engine
 * to outgrow it is NATS JetStream, whose streams keep messages in the order of arrival and not of their due times.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { FcError } from '../errors.ts'
import type { SimulatedClock } from '../simulated-clock.ts'
import { clockContract } from './contract-clock.ts'
import { stateContract } from './contract-states.ts'
import { KeyExistsError } from './port.ts'
import type { MessageQueue } from './port.ts'
import { BASE_MS, HOUR_MS, idsOf, LEASE_MS, listen, messageOf, receiveIds, stateOf } from './test-support.ts'

export interface Scene {
  queue: MessageQueue
  /** Stands at `BASE_MS`. */
  clock: SimulatedClock
}

export interface ContractSetup {
  /** A new, empty queue with the bounds given. */
  make: (context: TestContext, bounds?: { messagesMax?: number; bodyBytesMax?: number }) => Promise<Scene>
}

const isThrottled = (error: unknown) => error instanceof FcError && error.code === 'ResourceThrottled'

export function messageQueueContract(name: string, setup: ContractSetup): void {
  const check = (title: string, run: (scene: Scene) => Promise<void>): void => {
    void test(`${name}: ${title}`, async (context) => run(await setup.make(context)))
  }
  stateContract(check)
  clockContract(check)

  check('a message comes back as it was given', async ({ queue, clock }) => {
    const bodies = [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.alloc(200_000, 'x')]
    const attributes = JSON.stringify({ 'x-ä': '\u0000"😀' })
    const messages = bodies.map((body, n) => messageOf(`m${n}`, { body, attributes }))
    for (const message of messages) await queue.enqueue(message)
    clock.advance(1000)
    const deliveries = await queue.receive('a', 10, LEASE_MS)
    const expected = { enqueuedMs: BASE_MS, deliveries: 1, isExpired: false }
    const received = deliveries.map((delivery) => ({ ...delivery, body: Buffer.from(delivery.body) }))
    assert.deepEqual(
      received,
      messages.map((message) => ({ ...message, ...expected })),
    )
  })

  check('a body may be changed once it is accepted, and may be part of something larger', async ({ queue }) => {
    const large = Buffer.from('before body after')
    await queue.enqueue(messageOf('m', { body: large.subarray(7, 11) }))
    large.fill(0)
    const [delivery] = await queue.receive('a', 1, LEASE_MS)
    assert.equal(Buffer.from(delivery!.body).toString(), 'body')
  })

  check('the earliest due comes first, and of equal ones the first to come', async ({ queue, clock }) => {
    const due = { late: 3, first: 1, second: 1, third: 1, soon: 2, future: 9 }
    await Promise.all(Object.entries(due).map(([id, ms]) => queue.enqueue(messageOf(id, { dueMs: BASE_MS + ms }))))
    clock.advance(5)
    assert.deepEqual(await receiveIds(queue, 'a', 2), ['first', 'second'])
    assert.deepEqual(await receiveIds(queue), ['third', 'soon', 'late'])
    assert.deepEqual(await receiveIds(queue), [])
  })

  check('what is delayed is delivered at its time, and its group told of then', async ({ queue, clock }) => {
    const ear = listen(queue)
    await queue.enqueue(messageOf('later', { dueMs: BASE_MS + 5000 }))
    await queue.enqueue(messageOf('sooner', { dueMs: BASE_MS + 2000 }))
    clock.advance(1999)
    assert.deepEqual(ear.heard, [])
    assert.deepEqual(await receiveIds(queue), [])
    clock.advance(1)
    assert.deepEqual(ear.heard, ['a'])
    assert.deepEqual(await receiveIds(queue), ['sooner'])
    clock.advance(3000)
    assert.deepEqual(ear.heard, ['a', 'a'])
    assert.deepEqual(await receiveIds(queue), ['later'])
    clock.advance(HOUR_MS)
  })

  check('a far time is not forgotten by a timer that is too short for it', async ({ queue, clock }) => {
    const farMs = 40 * 24 * HOUR_MS
    const ear = listen(queue)
    await queue.enqueue(messageOf('far', { dueMs: BASE_MS + farMs, expiresMs: BASE_MS + 2 * farMs }))
    clock.advance(farMs - 1)
    assert.deepEqual(ear.heard, [])
    clock.advance(1)
    assert.deepEqual(ear.heard, ['a'])
  })

  check('everyone who listens is told, and a late listener at once of what is due', async ({ queue }) => {
    const [one, two] = [listen(queue), listen(queue)]
    await queue.enqueue(messageOf('m1'))
    await queue.enqueue(messageOf('m2', { group: 'b' }))
    await queue.enqueue(messageOf('m3', { group: 'c', dueMs: BASE_MS + 1 }))
    assert.deepEqual(one.heard, ['a', 'b'])
    assert.deepEqual(two.heard, ['a', 'b'])
    assert.deepEqual(listen(queue).heard, ['a', 'b'])
  })

  check('groups do not hide each other', async ({ queue }) => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => queue.enqueue(messageOf(`flood${n}`, { group: 'flood' }))))
    await queue.enqueue(messageOf('quiet', { group: 'quiet', dueMs: BASE_MS }))
    assert.deepEqual(await receiveIds(queue, 'quiet'), ['quiet'])
    assert.equal((await receiveIds(queue, 'flood', 1000)).length, 500)
  })

  check('a message in flight is delivered to nobody else until its lease ends, then again', async (scene) => {
    const { queue, clock } = scene
    await queue.enqueue(messageOf('m'))
    assert.equal((await queue.receive('a', 1, LEASE_MS)).length, 1)
    const ear = listen(queue)
    clock.advance(LEASE_MS - 1)
    assert.deepEqual(await receiveIds(queue), [])
    const told = ear.next()
    clock.advance(1)
    assert.equal(await told, 'a')
    const [again] = await queue.receive('a', 1, LEASE_MS)
    assert.equal(again!.id, 'm')
    assert.equal(again!.deliveries, 2)
  })

  check('a lease that is renewed goes on from then, one that was lost cannot be', async ({ queue, clock }) => {
    await queue.enqueue(messageOf('m'))
    await receiveIds(queue)
    for (let n = 0; n < 5; n++) {
      clock.advance(LEASE_MS - 1)
      assert.equal(await queue.renew('m', LEASE_MS), true)
    }
    const told = listen(queue).next()
    clock.advance(LEASE_MS)
    await told
    assert.equal(await queue.renew('m', LEASE_MS), false)
    assert.equal(await queue.renew('unknown', LEASE_MS), false)
    assert.deepEqual(await receiveIds(queue), ['m'])
  })

  check('what is complete is gone, also when its lease was lost before', async ({ queue, clock }) => {
    for (const id of ['in flight', 'lost', 'redelivered']) await queue.enqueue(messageOf(id))
    assert.equal((await receiveIds(queue)).length, 3)
    await queue.complete('in flight')
    const told = listen(queue).next()
    clock.advance(LEASE_MS)
    await told
    await queue.complete('lost')
    assert.deepEqual(await receiveIds(queue), ['redelivered'])
    await queue.complete('redelivered')
    assert.equal(await queue.renew('redelivered', LEASE_MS), false)
    await queue.complete('redelivered')
    assert.deepEqual(queue.stats(), [])
    clock.advance(HOUR_MS)
    assert.deepEqual(await receiveIds(queue), [])
  })

  check('a retry is delivered at its time with its new attributes, behind what is due before', async (scene) => {
    const { queue, clock } = scene
    await queue.enqueue(messageOf('m'))
    await receiveIds(queue)
    const ear = listen(queue)
    await queue.retry('m', BASE_MS + 100, '{"attempt":1}')
    await queue.enqueue(messageOf('other', { dueMs: BASE_MS + 50 }))
    assert.deepEqual(await receiveIds(queue), [])
    clock.advance(100)
    assert.deepEqual(ear.heard.slice(0, 1), ['a'])
    const deliveries = await queue.receive('a', 10, LEASE_MS)
    assert.deepEqual(idsOf(deliveries), ['other', 'm'])
    assert.equal(deliveries[1]!.attributes, '{"attempt":1}')
    assert.equal(deliveries[1]!.deliveries, 2)
    assert.equal(deliveries[1]!.enqueuedMs, BASE_MS)
  })

  check('a retry of what is not in flight changes nothing', async ({ queue }) => {
    await queue.enqueue(messageOf('m'))
    await queue.retry('m', BASE_MS + HOUR_MS, '{"attempt":1}', stateOf('k'))
    await queue.retry('unknown', BASE_MS, '{}', stateOf('k'))
    const [delivery] = await queue.receive('a', 1, LEASE_MS)
    assert.equal(delivery!.attributes, '{}')
    assert.equal(await queue.readState('a', 'k'), undefined)
  })

  check('what expires is delivered as such, though it be delayed further, until it is complete', async (scene) => {
    const { queue, clock } = scene
    const expiresMs = BASE_MS + 1000
    await queue.enqueue(messageOf('retried', { expiresMs }))
    await queue.enqueue(messageOf('delayed', { dueMs: BASE_MS + HOUR_MS, expiresMs }))
    const [fresh] = await queue.receive('a', 1, LEASE_MS)
    assert.equal(fresh!.isExpired, false)
    await queue.retry('retried', BASE_MS + HOUR_MS, '{}')
    const ear = listen(queue)
    clock.advance(999)
    assert.deepEqual(ear.heard, [])
    clock.advance(1)
    assert.deepEqual(ear.heard, ['a'])
    const expired = await queue.receive('a', 10, LEASE_MS)
    assert.deepEqual(idsOf(expired), ['retried', 'delayed'])
    assert.ok(expired.every(({ isExpired }) => isExpired))
    await queue.complete('delayed')
    // Whoever cannot tell of it now may try later.
    await queue.retry('retried', clock.nowMs() + 500, '{}')
    assert.deepEqual(await receiveIds(queue), [])
    clock.advance(500)
    const [again] = await queue.receive('a', 10, LEASE_MS)
    assert.equal(again!.isExpired, true)
  })

  check('what waits can be cancelled, what is in flight or gone cannot', async ({ queue }) => {
    await queue.enqueue(messageOf('waits', { dueMs: BASE_MS + 1 }))
    await queue.enqueue(messageOf('in flight'))
    await receiveIds(queue)
    assert.equal(await queue.cancel('waits', stateOf('waits', { status: 'Stopped' })), true)
    assert.equal(await queue.cancel('waits', stateOf('waits', { status: 'again' })), false)
    assert.equal(await queue.cancel('in flight', stateOf('in flight')), false)
    assert.equal((await queue.readState('a', 'waits'))?.status, 'Stopped')
    assert.equal(await queue.readState('a', 'in flight'), undefined)
    assert.deepEqual(
      queue.stats().map(({ waiting, inFlight }) => ({ waiting, inFlight })),
      [{ waiting: 0, inFlight: 1 }],
    )
  })

  check('an id is in the queue once, in flight or not, whatever its group', async ({ queue }) => {
    await queue.enqueue(messageOf('m', { body: Buffer.from('first') }))
    const again = messageOf('m', { body: Buffer.from('second'), group: 'b' })
    const isExisting = (error: unknown) => error instanceof KeyExistsError && error.key === 'm'
    await assert.rejects(queue.enqueue(again), isExisting)
    const [delivery] = await queue.receive('a', 10, LEASE_MS)
    assert.equal(Buffer.from(delivery!.body).toString(), 'first')
    await assert.rejects(queue.enqueue(again), isExisting)
    await queue.complete('m')
    await queue.enqueue(again)
    assert.deepEqual(await receiveIds(queue, 'b'), ['m'])
  })

  check('the stats say what waits, what is in flight, how old and how large it is', async ({ queue, clock }) => {
    assert.deepEqual(queue.stats(), [])
    await queue.enqueue(messageOf('old', { body: Buffer.alloc(10) }))
    clock.advance(1000)
    await queue.enqueue(messageOf('young', { body: Buffer.alloc(5), dueMs: BASE_MS + HOUR_MS }))
    await queue.enqueue(messageOf('other', { body: Buffer.alloc(1), group: 'b' }))
    const of = (group: string) => queue.stats().find((each) => each.group === group)
    const old = { group: 'a', waiting: 2, inFlight: 0, oldestEnqueuedMs: BASE_MS, bodyBytes: 15 }
    assert.deepEqual(of('a'), old)
    await receiveIds(queue)
    assert.deepEqual(of('a'), { ...old, waiting: 1, inFlight: 1, oldestEnqueuedMs: BASE_MS + 1000 })
    await queue.retry('old', BASE_MS + HOUR_MS, '{}')
    assert.deepEqual(of('a'), old)
    await queue.cancel('old')
    assert.deepEqual(of('a'), { ...old, waiting: 1, oldestEnqueuedMs: BASE_MS + 1000, bodyBytes: 5 })
    await queue.cancel('young')
    assert.equal(of('a'), undefined)
    assert.equal(of('b')?.bodyBytes, 1)
  })

  test(`${name}: beyond its bounds the queue takes no more, and one group leaves room for others`, async (t) => {
    const { queue } = await setup.make(t, { messagesMax: 4, bodyBytesMax: 1000 })
    const big = { body: Buffer.alloc(500) }
    await assert.rejects(queue.enqueue(messageOf('too big', { body: Buffer.alloc(501) })), isThrottled)
    await queue.enqueue(messageOf('m1', big))
    await assert.rejects(queue.enqueue(messageOf('m2', { body: Buffer.alloc(1) })), isThrottled)
    await queue.enqueue(messageOf('m2', { body: Buffer.alloc(0) }))
    await assert.rejects(queue.enqueue(messageOf('m3', { body: Buffer.alloc(0) })), isThrottled)
    await queue.enqueue(messageOf('m4', { ...big, group: 'b' }))
    await assert.rejects(queue.enqueue(messageOf('m5', { body: Buffer.alloc(1), group: 'c' })), isThrottled)
    await queue.enqueue(messageOf('m5', { body: Buffer.alloc(0), group: 'c' }))
    await assert.rejects(queue.enqueue(messageOf('m6', { body: Buffer.alloc(0), group: 'd' })), isThrottled)
    await receiveIds(queue, 'b')
    await queue.complete('m4')
    await queue.enqueue(messageOf('m6', { ...big, group: 'd' }))
    assert.deepEqual(await receiveIds(queue, 'd'), ['m6'])
  })

  test(`${name}: what is refused or on its way counts in the bounds while it must`, async (t) => {
    const { queue } = await setup.make(t, { messagesMax: 4 })
    await queue.enqueue(messageOf('m0'))
    for (let n = 0; n < 5; n++) await assert.rejects(queue.enqueue(messageOf('m0')), KeyExistsError)
    const sent = Array.from({ length: 5 }, (_, n) => queue.enqueue(messageOf(`b${n}`, { group: 'b' })))
    const results = await Promise.allSettled(sent)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
    assert.ok(results.slice(2).every((result) => result.status === 'rejected' && isThrottled(result.reason)))
  })

  check('after it is closed it refuses', async ({ queue }) => {
    await queue.close()
    await queue.close()
    const isUnavailable = (error: unknown) => error instanceof FcError && error.code === 'ServiceUnavailable'
    await assert.rejects(queue.enqueue(messageOf('m')), isUnavailable)
    await assert.rejects(receiveIds(queue), isUnavailable)
  })
}
