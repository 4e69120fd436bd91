import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasFields } from './same.ts'

test('fields that only the platform has make no difference', () => {
  assert.equal(hasFields({ timeout: 3 }, { timeout: 3, functionId: 'x' }), true)
  assert.equal(hasFields({ timeout: 4 }, { timeout: 3 }), false)
  assert.equal(hasFields({}, { timeout: 3 }), true)
})

test('empty and absent are the same, and clearing is a difference', () => {
  assert.equal(hasFields({ description: '', layers: [] }, { layers: null }), true)
  assert.equal(hasFields({ description: '' }, { description: 'old' }), false)
})

test('environment variables are compared whole', () => {
  const actual = { environmentVariables: { A: '1', B: '2' } }
  assert.equal(hasFields({ environmentVariables: { A: '1' } }, actual), false)
  assert.equal(hasFields({ environmentVariables: {} }, actual), false)
  assert.equal(hasFields({ environmentVariables: { A: '1', B: '2' } }, actual), true)
})

test('layers are given as ARNs and answered as objects', () => {
  assert.equal(hasFields({ layers: ['a1'] }, { layers: [{ arn: 'a1', size: 3 }] }), true)
  assert.equal(hasFields({ layers: ['a1'] }, { layers: [{ arn: 'a2', size: 3 }] }), false)
})
