import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePython } from './machine.ts'

test('Python is asked for from 3.9 on', () => {
  assert.equal(judgePython('Python 3.9.2').status, 'ok')
  assert.equal(judgePython('Python 3.11.7').status, 'ok')
  assert.equal(judgePython('Python 4.0.0').status, 'ok')
  assert.match(judgePython('Python 3.8.20').detail, /3\.8\.20 is too old: functions in Python cannot run/)
  assert.match(judgePython('Python 2.7.18').detail, /too old/)
  assert.match(judgePython(undefined).detail, /not found: functions in Python cannot run/)
})
