import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { ChangeBatch, ChangeRow } from './changes.ts'
import type { Change } from './port.ts'
import { Watcher } from './watcher.ts'

test('a feed that breaks is tried again with growing pauses, says so each time, and goes on when it is back', async () => {
  const { watcher, told, errors, timers, answer } = setUp()
  await starting(watcher, answer, batch(1, true, row('a', 1)))
  watcher.look()
  for (let failure = 1; failure <= 8; failure++) {
    answer(new Error(`broken ${failure}`))
    await setImmediate()
    assert.equal(errors.length, failure)
    timers.at(-1)!.fire()
  }
  assert.deepEqual(
    timers.map(({ delayMs }) => delayMs),
    [100, 200, 400, 800, 1600, 3200, 5000, 5000],
  )
  answer(batch(3, false, row('a', 2, null), row('b', 3)))
  await setImmediate()
  assert.deepEqual(told.at(-1), ['3', 'a deleted', 'b'])

  watcher.look()
  answer(new Error('broken again'))
  await setImmediate()
  assert.equal(timers.at(-1)!.delayMs, 100, 'after a success the pauses are short again')
})

test('a feed that is back after missing nothing says so, once', async () => {
  const { watcher, told, errors, timers, answer } = setUp()
  await starting(watcher, answer, batch(1, true, row('a', 1)))
  watcher.fail(new Error('the connection is lost'))
  watcher.look()
  answer(new Error('still away'))
  await setImmediate()
  timers.at(-1)!.fire()
  answer(batch(1, false))
  await setImmediate()
  assert.equal(errors.length, 2)
  assert.deepEqual(told.slice(1), [['1']])
  watcher.look()
  answer(batch(1, false))
  await setImmediate()
  assert.equal(told.length, 2)
})

test('a listener that throws is not told the same again when the feed has nothing new', async () => {
  const { watcher, told, errors, answer } = setUp((all) => {
    if (all.length === 2) throw new Error('a defect of the listener')
  })
  await starting(watcher, answer, batch(1, true, row('a', 1)))
  await watcher.committed(2, [row('b', 2)])
  watcher.look()
  answer(batch(2, false))
  await setImmediate()
  assert.deepEqual(told, [
    ['1', 'a'],
    ['2', 'b'],
  ])
  assert.equal(errors.length, 1)
})

test('a commit while the feed is broken neither fails nor waits for it to come back', async () => {
  const { watcher, told, errors, answer } = setUp()
  await starting(watcher, answer, batch(1, true))
  const committed = watcher.committed(3, [row('c', 3)])
  answer(new Error('broken'))
  await committed
  assert.equal(errors.length, 1)
  assert.equal(told.length, 1)
})

test('a signal that comes while the changes are read makes it read once more', async () => {
  const { watcher, told, reads, answer } = setUp()
  await starting(watcher, answer, batch(1, true))
  watcher.look()
  watcher.look()
  watcher.look()
  answer(batch(2, false, row('a', 2)))
  await setImmediate()
  answer(batch(2, false))
  await setImmediate()
  assert.deepEqual(reads, [undefined, 1, 2])
  assert.deepEqual(told.slice(1), [['2', 'a']])
})

test('a whole state told later deletes what is not in it, also when it is older than what was told', async () => {
  const { watcher, told, answer } = setUp()
  await starting(watcher, answer, batch(5, true, row('a', 4), row('b/c', 5)))
  watcher.look()
  answer(batch(2, true, row('a', 2)))
  await setImmediate()
  assert.deepEqual(told.at(-1), ['2', 'a', 'b/c deleted'])
})

test('stop waits for the reading in progress and drops what it brings', async () => {
  const { watcher, told, answer } = setUp()
  await starting(watcher, answer, batch(1, true))
  watcher.look()
  const stopped = watcher.stop()
  answer(batch(2, false, row('a', 2)))
  await stopped
  watcher.look()
  await watcher.committed(2, [row('a', 2)])
  assert.equal(told.length, 1)
})

function row(key: string, revision: number, value: string | null = '{"lastVersionId":1}'): ChangeRow {
  return { kind: 'scope', key, revision, value }
}

function batch(revision: number, whole: boolean, ...rows: ChangeRow[]): ChangeBatch {
  return { revision, whole, rows }
}

async function starting(watcher: Watcher, answer: (result: ChangeBatch) => void, first: ChangeBatch): Promise<void> {
  const started = watcher.start()
  answer(first)
  await started
}

/** A watcher whose reads and timers are answered by hand. */
function setUp(onTold: (told: readonly string[][]) => void = () => {}) {
  const told: string[][] = []
  const errors: Error[] = []
  const reads: (number | undefined)[] = []
  const timers: { delayMs: number; fire: () => void }[] = []
  let pending = Promise.withResolvers<ChangeBatch>()
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    setTimer(delayMs, fire) {
      timers.push({ delayMs, fire })
      return { cancel: () => {} }
    },
  }
  const watcher = new Watcher({
    read(since) {
      reads.push(since)
      pending = Promise.withResolvers()
      return pending.promise
    },
    onChanges(changes: readonly Change[], revision: number) {
      told.push([String(revision), ...changes.map(({ key, value }) => (value === null ? `${key} deleted` : key))])
      onTold(told)
    },
    onError: (error) => errors.push(error),
    clock,
  })
  const answer = (result: ChangeBatch | Error) => {
    if (result instanceof Error) pending.reject(result)
    else pending.resolve(result)
  }
  return { watcher, told, errors, reads, timers, answer }
}
