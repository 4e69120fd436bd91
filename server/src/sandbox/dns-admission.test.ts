import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimit, Tally } from './dns-admission.ts'

test('neither one client nor all together get more than their bound, and what is given back can be taken again', () => {
  const tally = new Tally(2, 3)
  assert.deepEqual(
    ['a', 'a', 'a', 'b', 'b', 'c'].map((client) => tally.take(client)),
    [true, true, false, true, false, false],
  )
  tally.giveBack('a')
  assert.deepEqual([tally.take('c'), tally.take('a')], [true, false])
})

test('each second starts anew', () => {
  const rate = new RateLimit(1, 2)
  assert.deepEqual(
    [rate.take('a', 0), rate.take('a', 999), rate.take('b', 999), rate.take('c', 999)],
    [true, false, true, false],
  )
  assert.deepEqual([rate.take('a', 1000), rate.take('c', 1000)], [true, true])
})
