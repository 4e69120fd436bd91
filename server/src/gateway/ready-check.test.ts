import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReadyCheck, READY_MS } from './ready-check.ts'

test('probes that come together or within the time that an answer holds are one check', async () => {
  let nowMs = 0
  let checks = 0
  const ready = createReadyCheck({ monotonicMs: () => nowMs }, async () => void checks++)
  await Promise.all([ready(), ready()])
  nowMs += READY_MS - 1
  await ready()
  assert.equal(checks, 1)
  nowMs += 1
  await ready()
  assert.equal(checks, 2)
})

test('a failure is told to all who wait, and the next probe checks again', async () => {
  let failure: Error | null = new Error('the disk is full')
  const ready = createReadyCheck({ monotonicMs: () => 0 }, async () => {
    if (failure !== null) throw failure
  })
  const both = await Promise.allSettled([ready(), ready()])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  failure = null
  await ready()
})
