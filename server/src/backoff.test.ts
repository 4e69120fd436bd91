import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('the wait doubles with each failure up to its bound', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 10, 5000].map((failures) => backoffMs(failures, 100, 1000)),
    [0, 100, 200, 400, 1000, 1000],
  )
})
