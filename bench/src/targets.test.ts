import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Summary } from './measurement.ts'
import { judge } from './targets.ts'

function summary(row: string, subject: string, metric: string, median: number, invalid: string | null = null): Summary {
  return { row, subject, metric, unit: 'ms', median, min: median, max: median, count: 1, invalid }
}

test('a figure is judged by the bound of its row, subject and metric', () => {
  const [held, missed, ...others] = judge([
    summary('cold', 'sluice nodejs, stem', 'cold start p50', 15),
    summary('cold', 'sluice nodejs, no stem, crun', 'cold start p50', 81),
    summary('cold', 'node:http', 'cold start p50', 1),
    summary('cold', 'sluice nodejs, stem', 'cold start p99', 1),
  ])
  assert.equal(held?.isHeld, true)
  assert.equal(missed?.isHeld, false)
  assert.deepEqual(others, [])
})

test('more is better where the target says so', () => {
  const [verdict] = judge([summary('rate', 'sluice, no stem', 'starts', 39)])
  assert.deepEqual(verdict, {
    subject: 'sluice, no stem',
    what: 'starts',
    measured: 39,
    target: 'at least 40 ms',
    isHeld: false,
  })
})

test('ratios are taken against the peer that the target names', () => {
  const verdicts = judge([
    summary('warm', 'sluice 2.0', 'rate c=64', 30),
    summary('warm', 'node:http', 'rate c=64', 50),
  ])
  assert.deepEqual(
    verdicts.map(({ what, measured, isHeld }) => ({ what, measured, isHeld })),
    [{ what: 'rate c=64 / node:http', measured: 0.6, isHeld: true }],
  )
})

test('an invalid figure holds no promise', () => {
  const [verdict] = judge([summary('ready', 'sluice', 'start to ready', 1, 'wrong answer')])
  assert.equal(verdict?.isHeld, false)
})
