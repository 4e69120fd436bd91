import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseFailure, parseObject } from './failure.ts'

test('an error is read as the runtime sent it', () => {
  const sent = { errorMessage: 'm', errorType: 'TypeError', stackTrace: ['a', 'b'], handled: true }
  assert.deepEqual(parseFailure(JSON.stringify(sent)), sent)
})

test('what is missing or of the wrong type is replaced', () => {
  for (const text of ['', '{', '[]', 'null', '7', '{"errorMessage":1,"errorType":{},"handled":"true"}']) {
    assert.deepEqual(parseFailure(text), {
      errorType: 'FunctionUnhandledError',
      errorMessage: 'the runtime reported an error without a message',
      handled: false,
    })
  }
  assert.deepEqual(parseFailure('{"stackTrace":["a",1,null,"b"]}').stackTrace, ['a', 'b'])
})

test('only an object is an object', () => {
  assert.deepEqual(parseObject('{"a":1}'), { a: 1 })
  for (const text of ['', '[]', 'null', '"a"', '1', '{']) assert.equal(parseObject(text), null)
})

test('whatever is sent, the failure has the types it promises', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const { errorType, errorMessage, handled, stackTrace = [] } = parseFailure(text)
      assert.equal(typeof errorType, 'string')
      assert.equal(typeof errorMessage, 'string')
      assert.equal(typeof handled, 'boolean')
      assert.ok(stackTrace.every((line) => typeof line === 'string'))
    }),
  )
})
