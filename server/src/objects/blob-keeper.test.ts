import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { BlobInfo, BlobStore } from '../blobs/port.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { BlobKeeper } from './blob-keeper.ts'

const HOUR_MS = 60 * 60_000

interface Setup {
  keeper: BlobKeeper
  clock: SimulatedClock
  /** Blobs that are stored, by id. */
  stored: Map<string, BlobInfo>
  referenced: Set<string>
  notices: string[]
  /** What `remove` does beside removing. */
  removing: { run: (id: string) => void }
  /** Resolves when so many are stored. */
  shrunkTo: (count: number) => Promise<void>
}

function setUp(t: TestContext): Setup {
  const clock = new SimulatedClock()
  const stored = new Map<string, BlobInfo>()
  const referenced = new Set<string>()
  const notices: string[] = []
  const removing = { run: (_id: string) => {} }
  const watchers: (() => void)[] = []
  const unused = () => assert.fail('not used here')
  const blobs: BlobStore = {
    put: unused,
    open: unused,
    info: unused,
    async remove(id) {
      removing.run(id)
      stored.delete(id)
      for (const watch of watchers) watch()
    },
    async *list() {
      yield* [...stored.values()]
    },
    check: unused,
    close: unused,
  }
  const keeper = new BlobKeeper({
    blobs,
    clock,
    notify: (message) => notices.push(message),
    unreferenced: async (ids) => ids.filter((id) => !referenced.has(id)),
  })
  t.after(() => keeper.close())
  const shrunkTo = (count: number) =>
    new Promise<void>((resolve) => {
      const check = () => (stored.size === count ? resolve() : undefined)
      watchers.push(check)
      check()
    })
  return { keeper, clock, stored, referenced, notices, removing, shrunkTo }
}

function store({ stored, clock }: Setup, ...ids: string[]): void {
  for (const id of ids) stored.set(id, { id, bytes: 1, storedMs: clock.nowMs() })
}

test('a dropped blob is removed after a while, and not while somebody reads it', async (t) => {
  const setup = setUp(t)
  const { keeper, clock, stored, shrunkTo } = setup
  store(setup, 'object-1', 'object-2')
  const stream = Readable.from(['x'])
  keeper.holdFor(stream, ['object-2'])
  keeper.drop(['object-1', 'object-2'])
  clock.advance(9_000)
  assert.equal(stored.size, 2)
  clock.advance(1_000)
  await shrunkTo(1)
  clock.advance(HOUR_MS / 2)
  assert.deepEqual([...stored.keys()], ['object-2'])
  stream.destroy()
  await finished(stream).catch(() => {})
  clock.advance(HOUR_MS / 2)
  await shrunkTo(0)
})

test('a blob that a commit refers to again is not removed', async (t) => {
  const setup = setUp(t)
  const { keeper, clock, stored } = setup
  store(setup, 'object-1')
  keeper.drop(['object-1'])
  keeper.keep(['object-1'])
  clock.advance(HOUR_MS)
  await keeper.close()
  assert.equal(stored.size, 1)
})

test('a sweep removes what nothing refers to, of ours, old enough, and held by nobody', async (t) => {
  const setup = setUp(t)
  const { keeper, clock, stored, referenced } = setup
  store(setup, 'object-left', 'object-used', 'object-held', 'somebody-elses')
  referenced.add('object-used')
  keeper.hold(['object-held'])
  clock.advance(HOUR_MS + 1)
  store(setup, 'object-young')
  await keeper.sweep()
  assert.deepEqual([...stored.keys()], ['object-used', 'object-held', 'somebody-elses', 'object-young'])
})

test('a sweep of many blobs asks in batches, and removes all', async (t) => {
  const setup = setUp(t)
  const { keeper, clock, stored } = setup
  store(setup, ...Array.from({ length: 1234 }, (_, i) => `object-${i}`))
  clock.advance(HOUR_MS + 1)
  assert.equal(await keeper.sweep(), 1234)
  assert.equal(stored.size, 0)
})

test('a removal that fails is told of, and the others go on', async (t) => {
  const setup = setUp(t)
  const { keeper, clock, notices, removing, shrunkTo } = setup
  store(setup, 'object-1', 'object-2')
  removing.run = (id) => {
    if (id === 'object-1') throw new Error('the disk is gone')
  }
  keeper.drop(['object-1', 'object-2'])
  clock.advance(10_000)
  await shrunkTo(1)
  assert.deepEqual(notices, ['a blob that is not needed cannot be removed now: the disk is gone'])
})

test('closing removes what waits for it', async (t) => {
  const setup = setUp(t)
  store(setup, 'object-1')
  setup.keeper.drop(['object-1'])
  await setup.keeper.close()
  assert.equal(setup.stored.size, 0)
})
