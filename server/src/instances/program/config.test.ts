import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testConfig } from '../program-test-support.ts'
import { customProgram } from './config.ts'

const programOf = (customRuntimeConfig: object, environmentVariables: Record<string, string> = {}) =>
  customProgram(testConfig({ environmentVariables, settings: { customRuntimeConfig } as never }))

test('the program is the command with its arguments, else what BOOTSTRAP_FILE names, else bootstrap', () => {
  const environment = { BOOTSTRAP_FILE: 'start.sh' }
  assert.deepEqual(programOf({ command: ['node'], args: ['app.js'] }, environment).command, ['node', 'app.js'])
  assert.deepEqual(programOf({ args: ['-v'] }, environment).command, ['start.sh', '-v'])
  assert.deepEqual(programOf({ command: [] }).command, ['bootstrap'])
  assert.deepEqual(customProgram(testConfig({})).command, ['bootstrap'])
})

test('port and health check have the values of Function Compute where they are not set', () => {
  assert.equal(programOf({}).port, 9000)
  assert.equal(programOf({ port: 8080 }).port, 8080)
  assert.equal(programOf({ healthCheckConfig: {} }).healthCheck, null)
  const check = programOf({ healthCheckConfig: { httpGetUrl: 'ready', periodSeconds: 1 } }).healthCheck
  assert.deepEqual(check, {
    path: '/ready',
    initialDelayMs: 0,
    periodMs: 1000,
    timeoutMs: 1000,
    failureThreshold: 3,
    successThreshold: 1,
  })
})
