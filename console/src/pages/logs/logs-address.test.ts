import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogsState, periodOf, quoted, RANGES, readAddress, writeAddress } from './logs-address.ts'

test('a link shows what was seen', () => {
  const states: LogsState[] = [
    {
      query: 'level: "error" AND NOT 超时 | SELECT 1',
      functionKey: 's$f',
      range: { fromMs: 5, toMs: 10 },
      isFollowing: false,
    },
    { query: '', functionKey: '', range: { lastMs: RANGES['7d']! }, isFollowing: true },
  ]
  for (const state of states) assert.deepEqual(readAddress(writeAddress(state)), state)
})

test('what is as it is anyway does not stand in the address', () => {
  assert.equal(writeAddress(readAddress('')), '')
})

test('nonsense in an address is left out', () => {
  const initial = readAddress('')
  for (const search of ['from=10&to=5', 'from=a&to=b', 'from=1', 'range=3y', 'follow=maybe', 'range=toString']) {
    assert.deepEqual(readAddress(search), initial, search)
  }
})

test('a range up to now moves with the clock', () => {
  assert.deepEqual(periodOf({ lastMs: 100 }, 1000), { fromMs: 900, toMs: 1000 })
  assert.deepEqual(periodOf({ fromMs: 1, toMs: 2 }, 1000), { fromMs: 1, toMs: 2 })
})

test('a phrase may hold quotes', () => {
  assert.equal(quoted(String.raw`say "a\b"`), String.raw`"say \"a\\b\""`)
})
