import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeTerminal } from '../test/support.ts'
import { formatRecord } from './log-format.ts'
import { createOutput } from './output.ts'

const output = createOutput(fakeTerminal({}), { json: false, color: false })
const record = {
  functionKey: 'shop$hello',
  startedMs: Date.UTC(2030, 0, 1, 12),
  durationMs: 3.1,
  statusCode: 200,
  invocationType: 'Sync',
  method: 'GET',
  path: '/x',
  fault: null,
  coldStart: null,
}

test('a record is told by what ran: a request by its answer, a lifecycle hook by its name', () => {
  const told = ['event', 'http', 'preFreeze'].map((kind) => formatRecord({ ...record, kind }, output))
  assert.deepEqual(told, [
    '✓ 12:00:00.000 shop/hello Sync 200 3.1 ms',
    '✓ 12:00:00.000 shop/hello GET /x 200 3.1 ms',
    '✓ 12:00:00.000 shop/hello preFreeze 3.1 ms',
  ])
  const failure = { fault: 'function', errorType: 'FunctionTimeoutError', errorMessage: 'preStop timed out' }
  assert.equal(
    formatRecord({ ...record, kind: 'preStop', ...failure }, output),
    '✗ 12:00:00.000 shop/hello preStop 3.1 ms FunctionTimeoutError: preStop timed out',
  )
})
