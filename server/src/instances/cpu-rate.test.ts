import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CpuRate } from './cpu-rate.ts'

test('cores are those since the time before, at first those of its life', () => {
  const rate = new CpuRate()
  assert.equal(rate.update(10_000, 500, 5000), 0.1)
  assert.equal(rate.update(12_000, 2500, 7000), 1)
  assert.equal(rate.update(22_000, 2500, 17_000), 0)
})

test('asked twice within a second it tells the same, and loses nothing', () => {
  const rate = new CpuRate()
  rate.update(0, 0, 100)
  assert.equal(rate.update(1000, 500, 1100), 0.5)
  assert.equal(rate.update(1001, 501, 1101), 0.5)
  assert.equal(rate.update(3000, 2500, 3100), 1)
})

test('an age of nothing and CPU time that went back are no rates', () => {
  assert.equal(new CpuRate().update(5, 0, 0), 0)
  const rate = new CpuRate()
  rate.update(0, 1000, 1000)
  assert.equal(rate.update(2000, 400, 3000), 0)
})
