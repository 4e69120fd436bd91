import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readingsOf, type RunningState } from './readings.ts'

const idle: RunningState = {
  instances: [],
  asyncBacklog: [],
  waitingRequests: 0,
  instancesMax: 100,
  quotaOf: () => 100,
  monthCost: { cost: null, forecast: null },
}

test('of nothing that runs only the limit and that nobody waits are told', () => {
  assert.deepEqual(
    [...readingsOf(idle)],
    [
      { metric: 'RegionConcurrencyLimit', value: 100 },
      { metric: 'RegionWaitingRequests', value: 0 },
    ],
  )
})

test('instances are told by what they are for, with what runs on them, and the quota of their function once', () => {
  const instances = [
    { functionKey: 'f', isProvisioned: false, inFlight: 2 },
    { functionKey: 'f', isProvisioned: true, inFlight: 1 },
  ]
  const readings = [...readingsOf({ ...idle, instances, quotaOf: () => 7 })].slice(2)
  assert.deepEqual(
    readings.map(({ metric, functionKey, value }) => [metric, functionKey, value]),
    [
      ['FunctionConcurrentCount', 'f', 2],
      ['FunctionOndemandActiveInstance', 'f', 1],
      ['FunctionConcurrentCount', 'f', 1],
      ['FunctionProvisionedCurrentInstance', 'f', 1],
      ['FunctionOndemandInstanceQuota', 'f', 7],
    ],
  )
})

test('a backlog and a cost that is known are told; a function has one oldest', () => {
  const asyncBacklog = [
    { functionKey: 'f', waiting: 3, inFlight: 1, oldestMs: 5 },
    { functionKey: 'f', waiting: 1, inFlight: 0, oldestMs: 2 },
  ]
  const readings = [...readingsOf({ ...idle, asyncBacklog, monthCost: { cost: 0.5, forecast: null } })].slice(2)
  assert.deepEqual(
    readings.map(({ metric, value }) => [metric, value]),
    [
      ['RegionMonthCost', 0.5],
      ['FunctionAsyncMessagesBacklogV2', 3],
      ['FunctionAsyncMessagesInProcess', 1],
      ['FunctionAsyncMessagesBacklogV2', 1],
      ['FunctionAsyncMessagesInProcess', 0],
      ['FunctionAsyncMessageAgeMax', 5],
    ],
  )
})
