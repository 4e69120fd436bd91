import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FunctionHistory, Histories } from './history.ts'
import { learnedKeepAlive } from './keep-alive.ts'

const MINUTE_MS = 60_000
const range = learnedKeepAlive(10 * MINUTE_MS)

test('an instance that left too early is missed, and the next is kept longer', () => {
  const history = new FunctionHistory()
  for (let i = 0; i < 50; i++) history.observeReuse(1000)
  assert.equal(history.keepAliveMs(range), MINUTE_MS)
  for (let call = 1; call <= 50; call++) {
    history.observeDeparture(call * 4 * MINUTE_MS)
    history.observeStart((call + 1) * 4 * MINUTE_MS)
  }
  assert.ok(history.keepAliveMs(range) > 4 * MINUTE_MS)
})

test('the first start of all tells nothing of gaps', () => {
  const history = new FunctionHistory()
  for (let i = 0; i < 100; i++) history.observeStart(i)
  assert.equal(history.keepAliveMs(range), range.breakEvenMs)
})

test('means follow what is measured', () => {
  const history = new FunctionHistory()
  assert.equal(history.serviceMs, null)
  history.observeServiceMs(10)
  assert.equal(history.serviceMs, 10)
  for (let i = 0; i < 50; i++) history.observeServiceMs(100)
  assert.ok(history.serviceMs > 95)
  for (let i = 0; i < 20; i++) history.observeColdStartMs(1000)
  assert.ok(history.coldStartMs > 900)
})

test('uses count less with time', () => {
  const history = new FunctionHistory()
  for (let i = 0; i < 8; i++) history.observeUse(0)
  assert.equal(history.frequency(0), 8)
  assert.equal(history.frequency(10 * MINUTE_MS), 4)
  history.observeUse(20 * MINUTE_MS)
  assert.equal(history.frequency(20 * MINUTE_MS), 3)
})

test('only so many functions are remembered, and a function keeps its history from version to version', () => {
  const histories = new Histories(2)
  const a = histories.of('a')
  assert.equal(histories.of('a'), a)
  histories.of('b')
  histories.of('c')
  assert.notEqual(histories.of('a'), a)
})
