import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  conditionsOf,
  isAnalysis,
  type LogsState,
  quoted,
  readAddress,
  withCondition,
  writeAddress,
} from './logs-address.ts'

test('a link shows what was seen', () => {
  const states: LogsState[] = [
    {
      query: 'level: "error" AND NOT 超时 | SELECT 1',
      functionKey: 's$f',
      range: { fromMs: 5, toMs: 10 },
      isFollowing: false,
    },
    { query: '', functionKey: '', range: { lastMs: 300_000 }, isFollowing: true },
  ]
  for (const state of states) assert.deepEqual(readAddress(writeAddress(state)), state)
})

test('what is as it is anyway does not stand in the address', () => {
  assert.equal(writeAddress(readAddress('')), '')
})

test('nonsense in an address is left out', () => {
  const initial = readAddress('')
  for (const search of ['range=10-5', 'range=toString', 'range=last-x', 'follow=maybe']) {
    assert.deepEqual(readAddress(search), initial, search)
  }
})

test('a phrase may hold quotes', () => {
  assert.equal(quoted(String.raw`say "a\b"`), String.raw`"say \"a\\b\""`)
})

test('a condition is added before the analysis, and binds to all of what stands there', () => {
  assert.equal(withCondition('', 'level: warn'), 'level: warn')
  assert.equal(withCondition('a', 'b'), 'a AND b')
  assert.equal(withCondition('a OR b', 'c'), '(a OR b) AND c')
  assert.equal(withCondition('a | SELECT 1', 'b'), 'a AND b | SELECT 1')
  assert.equal(withCondition('| SELECT 1', 'b'), 'b | SELECT 1')
})

test('a bar within a phrase begins no analysis', () => {
  assert.equal(isAnalysis('"a | b" AND c'), false)
  assert.equal(isAnalysis(String.raw`"a \" | b"`), false)
  assert.equal(isAnalysis('"a | b" | SELECT 1'), true)
  assert.equal(conditionsOf('a "b|c" | SELECT "x"'), 'a "b|c" ')
})
