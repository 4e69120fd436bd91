/** The part of the contract that is about states. */
import assert from 'node:assert/strict'
import { FcError } from '../errors.ts'
import type { Scene } from './contract.ts'
import { KeyExistsError } from './port.ts'
import type { MessageQueue, StateQuery } from './port.ts'
import { BASE_MS, messageOf, receiveIds, stateOf } from './test-support.ts'

type Check = (title: string, run: (scene: Scene) => Promise<void>) => void

async function keys(queue: MessageQueue, query: Partial<StateQuery> = {}): Promise<string[]> {
  const { states } = await queue.listStates({ group: 'a', order: 'ascending', limit: 100, ...query })
  return states.map(({ key }) => key)
}

export function stateContract(check: Check): void {
  check('a state changes with its message, and stays when the message is gone', async ({ queue }) => {
    const status = async () => (await queue.readState('a', 'k'))?.status
    await queue.enqueue(messageOf('m'), stateOf('k', { isNew: true, document: '{"ä":1}' }))
    const { isNew: _, ...written } = stateOf('k', { document: '{"ä":1}' })
    assert.deepEqual(await queue.readState('a', 'k'), written)
    await receiveIds(queue)
    await queue.writeStates([stateOf('k', { status: 'Running' })])
    assert.equal(await status(), 'Running')
    await queue.retry('m', BASE_MS, '{}', stateOf('k', { status: 'Retrying' }))
    assert.equal(await status(), 'Retrying')
    await receiveIds(queue)
    await queue.complete('m', stateOf('k', { status: 'Succeeded' }))
    assert.equal(await status(), 'Succeeded')
    await queue.complete('m', stateOf('k', { status: 'Failed' }))
    assert.equal(await status(), 'Succeeded', 'a message that is gone has no say any more')
    assert.equal(await queue.readState('b', 'k'), undefined)
  })

  check('a state that is to be new and is not refuses its message', async ({ queue }) => {
    await queue.enqueue(messageOf('m1'), stateOf('k', { isNew: true, document: '"first"' }))
    const second = queue.enqueue(messageOf('m2'), stateOf('k', { isNew: true, document: '"second"' }))
    await assert.rejects(second, (error) => error instanceof KeyExistsError && error.key === 'k')
    assert.deepEqual(await receiveIds(queue), ['m1'])
    assert.equal((await queue.readState('a', 'k'))?.document, '"first"')
    await queue.enqueue(messageOf('m2'), stateOf('k', { isNew: true, group: 'b' }))
    assert.equal(queue.stats().length, 1)
  })

  check('a message that is refused writes no state', async ({ queue }) => {
    await queue.enqueue(messageOf('m'))
    await assert.rejects(queue.enqueue(messageOf('m'), stateOf('k', { isNew: true })), KeyExistsError)
    assert.equal(await queue.readState('a', 'k'), undefined)
  })

  check('of several states all are written or none', async ({ queue }) => {
    await queue.writeStates([stateOf('k1'), stateOf('k2')])
    await assert.rejects(queue.writeStates([stateOf('k3'), stateOf('k1', { isNew: true })]), KeyExistsError)
    assert.deepEqual(await keys(queue), ['k1', 'k2'])
    await queue.writeStates([])
  })

  check('an expired state is not there, and its key is free', async ({ queue, clock }) => {
    await queue.writeStates([stateOf('short', { expiresMs: BASE_MS + 1000 }), stateOf('long')])
    clock.advance(999)
    assert.deepEqual(await keys(queue), ['long', 'short'])
    clock.advance(1)
    assert.equal(await queue.readState('a', 'short'), undefined)
    assert.deepEqual(await keys(queue), ['long'])
    await queue.writeStates([stateOf('short', { isNew: true, document: '"new"' })])
    assert.equal((await queue.readState('a', 'short'))?.document, '"new"')
  })

  check('states are listed by when they started, and by key where that is equal', async ({ queue }) => {
    const started = { b: 1, a: 1, c: 0, d: 2 }
    await queue.writeStates(Object.entries(started).map(([key, ms]) => stateOf(key, { startedMs: BASE_MS + ms })))
    await queue.writeStates([stateOf('other', { group: 'b' })])
    assert.deepEqual(await keys(queue), ['c', 'a', 'b', 'd'])
    assert.deepEqual(await keys(queue, { order: 'descending' }), ['d', 'b', 'a', 'c'])
    assert.deepEqual(await keys(queue, { group: 'none' }), [])
  })

  check('states are found by status, start of the key and time of start', async ({ queue }) => {
    const states = ['x-1', 'x-2', 'y-1', 'X-1', 'x%_', 'x'].map((key, n) =>
      stateOf(key, { startedMs: BASE_MS + n, status: n % 2 === 0 ? 'Running' : 'Failed' }),
    )
    await queue.writeStates(states)
    assert.deepEqual(await keys(queue, { status: 'Failed' }), ['x-2', 'X-1', 'x'])
    assert.deepEqual(await keys(queue, { keyPrefix: 'x-' }), ['x-1', 'x-2'])
    assert.deepEqual(await keys(queue, { keyPrefix: 'x%' }), ['x%_'])
    assert.deepEqual(await keys(queue, { keyPrefix: '' }), ['x-1', 'x-2', 'y-1', 'X-1', 'x%_', 'x'])
    const between = { startedFromMs: BASE_MS + 1, startedToMs: BASE_MS + 3 }
    assert.deepEqual(await keys(queue, between), ['x-2', 'y-1', 'X-1'])
    assert.deepEqual(await keys(queue, { ...between, status: 'Failed', keyPrefix: 'x' }), ['x-2'])
  })

  for (const order of ['ascending', 'descending'] as const) {
    check(`pages in ${order} order hold each state once, whatever is written between them`, async ({ queue }) => {
      const write = (key: string, ms: number) => queue.writeStates([stateOf(key, { startedMs: BASE_MS + ms })])
      for (let n = 10; n < 30; n++) await write(`k${n}`, Math.floor(n / 3))
      const found: string[] = []
      let cursor: string | undefined
      for (let page = 0; ; page++) {
        const query: StateQuery = { group: 'a', order, limit: 3, ...(cursor === undefined ? {} : { cursor }) }
        const { states, cursor: next } = await queue.listStates(query)
        found.push(...states.map(({ key }) => key))
        await write(`before${page}`, order === 'ascending' ? 0 : 100)
        await queue.writeStates([{ ...stateOf(states[0]!.key), ...states[0], status: 'changed', isNew: false }])
        if (next === null) break
        cursor = next
      }
      const expected = Array.from({ length: 20 }, (_, n) => `k${n + 10}`)
      assert.deepEqual(found, order === 'ascending' ? expected : expected.toReversed())
    })
  }

  check('a cursor that is none is refused', async ({ queue }) => {
    for (const cursor of [
      '',
      'x',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from('null').toString('base64url'),
    ]) {
      const list = queue.listStates({ group: 'a', order: 'ascending', limit: 1, cursor })
      await assert.rejects(list, (error) => error instanceof FcError && error.code === 'InvalidArgument', cursor)
    }
  })
}
