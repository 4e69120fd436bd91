import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestIdTimeMs } from '../clock.ts'
import { derivedRequestId } from './request-id.ts'

test('the same event has the same id, and another event another one', () => {
  assert.equal(derivedRequestId(1000, 'a', 'b'), derivedRequestId(1000, 'a', 'b'))
  const ids = [derivedRequestId(1000, 'a', 'b'), derivedRequestId(1000, 'ab'), derivedRequestId(1000, 'b', 'a')]
  assert.equal(new Set(ids).size, 3)
})

test('an id with a time tells it, so that its log is found by it', () => {
  const atMs = Date.UTC(2030, 0, 1)
  assert.equal(requestIdTimeMs(derivedRequestId(atMs + 400, 'x')), atMs)
})

test('an id without a time is a UUID made of a name', () => {
  const id = derivedRequestId(null, 'x')
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(requestIdTimeMs(id), undefined)
})
