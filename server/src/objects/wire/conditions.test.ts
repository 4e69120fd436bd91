import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../port.ts'
import { COPY_CONDITIONS, READ_CONDITIONS, isUnmodified } from './conditions.ts'

const modifiedMs = Date.UTC(2024, 0, 1) + 500
const at = (offsetMs: number) => new Date(Math.floor(modifiedMs / 1000) * 1000 + offsetMs).toUTCString()
const object = { etag: 'AB-2', modifiedMs }

/** `ok`, `304`, or the header that did not hold. */
function outcome(headers: Record<string, string>, names = READ_CONDITIONS): string {
  try {
    return isUnmodified(headers, names, object) ? '304' : 'ok'
  } catch (error) {
    assert.ok(error instanceof OssError && error.code === 'PreconditionFailed', String(error))
    return error.details['Condition']!
  }
}

test('an ETag holds with and without quotes, in a list, as a star, and only as it is written', () => {
  for (const etag of ['AB-2', '"AB-2"', '"x", "AB-2"', '*']) {
    assert.equal(outcome({ 'if-match': etag }), 'ok', etag)
    assert.equal(outcome({ 'if-none-match': etag }), '304', etag)
  }
  assert.equal(outcome({ 'if-match': '"ab-2"' }), 'If-Match')
  assert.equal(outcome({ 'if-none-match': 'other' }), 'ok')
})

test('the time of change counts in whole seconds, and an equal one is not modified', () => {
  assert.equal(outcome({ 'if-modified-since': at(0) }), '304')
  assert.equal(outcome({ 'if-modified-since': at(-1000) }), 'ok')
  assert.equal(outcome({ 'if-unmodified-since': at(0) }), 'ok')
  assert.equal(outcome({ 'if-unmodified-since': at(-1000) }), 'If-Unmodified-Since')
  assert.equal(outcome({ 'if-modified-since': 'yesterday', 'if-unmodified-since': 'never' }), 'ok')
})

test('an ETag that is not there wins over the time', () => {
  assert.equal(outcome({ 'if-none-match': 'other', 'if-modified-since': at(0) }), 'ok')
})

test('a copy has conditions of its own', () => {
  assert.equal(outcome({ 'if-match': 'other' }, COPY_CONDITIONS), 'ok')
  assert.equal(outcome({ 'x-oss-copy-source-if-match': 'other' }, COPY_CONDITIONS), 'x-oss-copy-source-if-match')
  assert.equal(outcome({ 'x-oss-copy-source-if-none-match': 'AB-2' }, COPY_CONDITIONS), '304')
})
