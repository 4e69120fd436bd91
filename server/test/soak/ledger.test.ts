import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ledger } from './ledger.ts'

const answered = (ledger: Ledger, content: string | null) => ledger.answered(ledger.begin('key', content))

test('what was answered last is there, and what it replaced is stale', () => {
  for (const [read, verdict] of [
    ['b', 'whole'],
    ['a', 'stale'],
    [null, 'lost'],
    ['ab', 'torn'],
  ] as const) {
    const ledger = new Ledger()
    answered(ledger, 'a')
    answered(ledger, 'b')
    assert.equal(ledger.judge('key', read), verdict, String(read))
  }
})

test('what was answered as deleted is gone', () => {
  for (const [read, verdict] of [
    [null, 'whole'],
    ['a', 'stale'],
  ] as const) {
    const ledger = new Ledger()
    answered(ledger, 'a')
    answered(ledger, null)
    assert.equal(ledger.judge('key', read), verdict, String(read))
  }
})

test('a write that was cut off took effect or not, until one that began later is answered', () => {
  for (const read of ['a', 'cut']) {
    const ledger = new Ledger()
    answered(ledger, 'a')
    ledger.cutOff(ledger.begin('key', 'cut'))
    assert.equal(ledger.judge('key', read), 'whole')
  }
  const ledger = new Ledger()
  ledger.cutOff(ledger.begin('key', 'cut'))
  answered(ledger, 'b')
  assert.equal(ledger.judge('key', 'cut'), 'stale')
})

test('of writes that overlapped either may be the last', () => {
  for (const read of ['a', 'b']) {
    const ledger = new Ledger()
    const [a, b] = [ledger.begin('key', 'a'), ledger.begin('key', 'b')]
    ledger.answered(a)
    ledger.answered(b)
    assert.equal(ledger.judge('key', read), 'whole')
  }
})

test('what was read once stays: a write that had not taken effect does not later', () => {
  const ledger = new Ledger()
  answered(ledger, 'a')
  ledger.cutOff(ledger.begin('key', 'cut'))
  assert.deepEqual(ledger.unjudgedKeys(), ['key'])
  assert.equal(ledger.judge('key', 'a'), 'whole')
  assert.deepEqual(ledger.unjudgedKeys(), [])
  assert.deepEqual(ledger.keys(), ['key'])
  assert.equal(ledger.judge('key', 'cut'), 'stale')
})
