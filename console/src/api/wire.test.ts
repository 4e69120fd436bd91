import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf } from './errors.ts'
import { createLineReader } from './line-reader.ts'
import { queryString } from './query-string.ts'

test('an error is read of either generation, with its request and the place in a query', () => {
  const error = errorOf(400, '{"ErrorCode":"InvalidArgument","ErrorMessage":"no","RequestId":"r1","Position":4}', null)
  assert.deepEqual([error.code, error.message, error.requestId, error.position], ['InvalidArgument', 'no', 'r1', 4])
  const other = errorOf(404, '{"Code":"FunctionNotFound","Message":"gone"}', 'r2')
  assert.deepEqual([other.code, other.message, other.requestId], ['FunctionNotFound', 'gone', 'r2'])
})

test('an answer that is no error of the platform is told as it is', () => {
  const error = errorOf(502, '<html>bad gateway</html>', null)
  assert.deepEqual([error.code, error.message], ['HTTP 502', '<html>bad gateway</html>'])
})

test('lines come whole, however the stream is cut', () => {
  const reader = createLineReader()
  const lines = ['{"a"', ':1}\n\n{"b":2}\n{"c', '":3}', '\n'].flatMap((part) => reader.push(part))
  assert.deepEqual(lines, ['{"a":1}', '{"b":2}', '{"c":3}'])
})

test('what is not given is not asked for', () => {
  assert.equal(queryString({ a: undefined, b: null, c: '', d: [] }), '')
  assert.equal(
    queryString({ metric: ['A', 'B'], function: 'shop$cart', limit: 0 }),
    '?metric=A%2CB&function=shop%24cart&limit=0',
  )
})
