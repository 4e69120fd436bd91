import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { readHead } from './request-head.ts'

const read = (...rawHeaders: string[]) => readHead({ rawHeaders } as unknown as IncomingMessage)

test('names and values are passed as received, without those of the hop and the platform', () => {
  const head = read(
    ...['Host', 'h:1', 'X-Mixed-Case', 'a', 'x-mixed-case', 'b', 'CONNECTION', 'close', 'X-FC-Log-Type', 'Tail'],
    ...['Transfer-Encoding', 'chunked', 'Upgrade', 'websocket', 'TE', 'trailers', 'Origin', 'https://a', 'Cookie', 'c'],
  )
  assert.deepEqual(head.forwarded, [
    ...['Host', 'h:1', 'X-Mixed-Case', 'a', 'x-mixed-case', 'b', 'Origin', 'https://a', 'Cookie', 'c'],
  ])
  assert.deepEqual([head.host, head.origin, head.hasBody, head.contentLength], ['h:1', 'https://a', true, -1])
})

test('the trace of the caller is the one thing of the platform that is passed on', () => {
  const trace = ['traceparent', 'rubbish', 'X-Fc-Tracing-Opentracing-Span-Context', 'a:b:c:1']
  assert.deepEqual(read(...trace, 'x-fc-trace-id', 'x', 'x-fc-tracing', 'y').forwarded, trace)
})

test('a body is one that is announced', () => {
  assert.deepEqual([read().hasBody, read().contentLength], [false, -1])
  assert.deepEqual([read('content-length', '0').hasBody, read('content-length', '7').hasBody], [false, true])
  assert.equal(read('Content-Length', '7').contentLength, 7)
})

test('two hosts, or two authorizations, are refused', () => {
  assert.throws(() => read('host', 'a', 'HOST', 'a'), { code: 'InvalidArgument', message: /one Host/ })
  assert.throws(() => read('authorization', 'a', 'Authorization', 'a'), {
    code: 'InvalidArgument',
    message: /one Authorization/,
  })
})

test('no spelling of a header of the platform gets through', () => {
  const anyCase = (text: string) =>
    fc
      .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
      .map((upper) => text.replaceAll(/./g, (letter, at: number) => (upper[at] ? letter.toUpperCase() : letter)))
  const name = fc.constantFrom('x-fc-request-id', 'connection', 'keep-alive', 'transfer-encoding').chain(anyCase)
  fc.assert(fc.property(name, (spelt) => assert.deepEqual(read(spelt, 'v').forwarded, [])))
})

test('the size is that of all names and values', () => {
  const headers = fc.array(fc.tuple(fc.string(), fc.string())).map((pairs) => pairs.map(([a, b]) => [`x-${a}`, b]))
  fc.assert(
    fc.property(headers, (pairs) => {
      const flat = pairs.flat()
      assert.equal(read(...flat).headerBytes, flat.join('').length)
    }),
  )
})
