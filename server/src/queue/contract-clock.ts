/** The part of the contract that is about a wall clock that somebody sets. */
import assert from 'node:assert/strict'
import type { Scene } from './contract.ts'
import { BASE_MS, HOUR_MS, LEASE_MS, listen, messageOf, receiveIds, stateOf } from './test-support.ts'

type Check = (title: string, run: (scene: Scene) => Promise<void>) => void

const MINUTE_MS = 60_000

export function clockContract(check: Check): void {
  check('a clock set back does not hold up what is due, nor lengthen a delay', async ({ queue, clock }) => {
    await queue.enqueue(messageOf('due'))
    await queue.enqueue(messageOf('delayed', { dueMs: BASE_MS + MINUTE_MS }))
    clock.jump(-HOUR_MS)
    const told = listen(queue)
    assert.deepEqual(told.heard, ['a'])
    assert.deepEqual(await receiveIds(queue), ['due'])
    await queue.complete('due')
    clock.advance(MINUTE_MS)
    assert.deepEqual(await receiveIds(queue), ['delayed'])
  })

  check('a delay asked for after the clock was set back is as long as it says', async ({ queue, clock }) => {
    clock.jump(-HOUR_MS)
    const dueMs = clock.nowMs() + MINUTE_MS
    await queue.enqueue(messageOf('m', { dueMs, expiresMs: dueMs + MINUTE_MS }))
    clock.advance(MINUTE_MS - 1)
    assert.deepEqual(await receiveIds(queue), [])
    clock.advance(1)
    const [delivery] = await queue.receive('a', 1, LEASE_MS)
    assert.equal(delivery!.dueMs, dueMs)
    assert.equal(delivery!.expiresMs, dueMs + MINUTE_MS)
    assert.equal(delivery!.isExpired, false)
    assert.equal(delivery!.enqueuedMs, dueMs - MINUTE_MS)
    await queue.retry('m', clock.nowMs() + 1000, '{}')
    clock.advance(999)
    assert.deepEqual(await receiveIds(queue), [])
    clock.advance(1)
    assert.deepEqual(await receiveIds(queue), ['m'])
  })

  check('a clock set forward makes what is delayed due, once, and it is noticed within a minute', async (scene) => {
    const { queue, clock } = scene
    await queue.enqueue(messageOf('m', { dueMs: BASE_MS + HOUR_MS }))
    const ear = listen(queue)
    clock.jump(2 * HOUR_MS)
    assert.deepEqual(ear.heard, [])
    clock.advance(MINUTE_MS)
    assert.deepEqual(ear.heard, ['a'])
    assert.deepEqual(await receiveIds(queue), ['m'])
    clock.jump(-2 * HOUR_MS)
    clock.advance(LEASE_MS / 2)
    assert.deepEqual(await receiveIds(queue), [])
  })

  check('a clock that is set back and forth neither loses nor holds up anything', async ({ queue, clock }) => {
    const received: string[] = []
    for (let n = 0; n < 10; n++) {
      const dueMs = clock.nowMs() + 1000
      await queue.enqueue(messageOf(`m${n}`, { dueMs, expiresMs: dueMs + 48 * HOUR_MS }))
      clock.jump(n % 2 === 0 ? -HOUR_MS : HOUR_MS)
      clock.advance(1000)
      received.push(...(await receiveIds(queue)))
    }
    assert.deepEqual(
      received,
      Array.from({ length: 10 }, (_, n) => `m${n}`),
    )
  })

  check('a lease lasts as long as it says, whatever the wall clock does', async ({ queue, clock }) => {
    await queue.enqueue(messageOf('m'))
    await receiveIds(queue)
    clock.jump(HOUR_MS)
    clock.advance(LEASE_MS - 1)
    assert.equal(await queue.renew('m', LEASE_MS), true)
    clock.jump(-2 * HOUR_MS)
    const told = listen(queue).next()
    clock.advance(LEASE_MS)
    assert.equal(await told, 'a')
    assert.deepEqual(await receiveIds(queue), ['m'])
  })

  check('states are forgotten by the wall clock', async ({ queue, clock }) => {
    await queue.writeStates([stateOf('k', { expiresMs: BASE_MS + HOUR_MS })])
    clock.jump(HOUR_MS)
    assert.equal(await queue.readState('a', 'k'), undefined)
  })
}
