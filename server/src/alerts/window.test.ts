import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierHour, windowAt, windowProblem } from './window.ts'

const NOON = Date.UTC(2030, 0, 10, 12)

test('a window ends with the last ten seconds, or the last minute, that is over', () => {
  assert.deepEqual(windowAt(NOON + 27_900, 30), { fromMs: NOON - 10_000, toMs: NOON + 20_000 })
  assert.deepEqual(windowAt(NOON + 59_999, 300), { fromMs: NOON - 300_000, toMs: NOON })
  assert.deepEqual(windowAt(NOON + 60_000, 300), { fromMs: NOON - 240_000, toMs: NOON + 60_000 })
})

test('the same hour of an earlier day is that of the clock in which the window begins', () => {
  const window = { fromMs: NOON + 1_800_000, toMs: NOON + 3_600_000 }
  const day = 86_400_000
  assert.deepEqual(earlierHour(window, 2), { fromMs: NOON - 2 * day, toMs: NOON - 2 * day + 3_600_000 })
})

test('windows are tens of seconds, whole minutes, or for an anomaly parts of an hour', () => {
  for (const seconds of [10, 50, 60, 120, 86_400]) assert.equal(windowProblem(seconds, false), undefined)
  for (const seconds of [15, 90, 61]) assert.match(windowProblem(seconds, false)!, /whole minutes/)
  for (const seconds of [60, 1200, 3600]) assert.equal(windowProblem(seconds, true), undefined)
  for (const seconds of [30, 420, 7200]) assert.match(windowProblem(seconds, true)!, /divides an hour/)
})
