import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTP_HEAD, testInit } from '../program-test-support.ts'
import { ControlHeaders } from './control-headers.ts'
import { programRequest, type InvokeHead } from './request-head.ts'

const control = new ControlHeaders(testInit({ handler: 'a\r\nb é', initializer: { handler: 'i', timeoutSeconds: 7 } }))

/** Names in lower case; what occurs twice is a list. */
function mapOf(headers: readonly string[]): Record<string, string | string[]> {
  const map: Record<string, string | string[]> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    map[name] = map[name] === undefined ? headers[i + 1]! : [map[name], headers[i + 1]!].flat()
  }
  return map
}

function requestOf(head: object, bodyBytes: number | null = 0) {
  const { method, path, headers } = programRequest(head as InvokeHead, bodyBytes, control, '10.0.0.2:9000')
  return { method, path, headers: mapOf(headers) }
}

test('an event is posted to /invoke with everything that a program is told of itself and its caller', () => {
  const tracing = { openTracingSpanContext: 'span', openTracingSpanBaggages: { user: 'u' } }
  const head = { kind: 'event', requestId: 'r-1', qualifier: 'live', retryCount: 2, tracing }
  const { method, path, headers } = requestOf(head, 5)
  assert.deepEqual([method, path], ['POST', '/invoke'])
  assert.deepEqual(headers, {
    host: '10.0.0.2:9000',
    'content-type': 'application/octet-stream',
    'content-length': '5',
    'x-fc-control-path': '/invoke',
    'x-fc-request-id': 'r-1',
    'x-fc-qualifier': 'live',
    'x-fc-retry-count': '2',
    'x-fc-client-ip': '',
    'x-fc-access-key-id': 'id',
    'x-fc-access-key-secret': 'secret',
    'x-fc-security-token': 'token',
    'x-fc-function-name': 'f',
    'x-fc-function-handler': 'a  b \u00c3\u00a9',
    'x-fc-function-memory': '512',
    'x-fc-function-timeout': '3',
    'x-fc-function-initializer': 'i',
    'x-fc-initialization-timeout': '7',
    'x-fc-instance-lifecycle-pre-freeze-handler': '',
    'x-fc-instance-lifecycle-pre-stop-handler': '',
    'x-fc-service-name': '',
    'x-fc-service-logproject': '',
    'x-fc-service-logstore': '',
    'x-fc-version-id': '',
    'x-fc-region': 'cn-test',
    'x-fc-account-id': '12',
    'x-fc-instance-id': 'c-1',
    'x-fc-tracing-opentracing-span-context': 'span',
    'x-fc-tracing-opentracing-span-baggage-user': 'u',
  })
})

test('a request goes on with its own method, path and headers; what only the platform may say is taken from it', () => {
  const { method, path, headers } = requestOf(
    {
      ...HTTP_HEAD,
      method: 'PUT',
      rawPath: '/a%20b',
      query: 'q=1&q=2',
      url: '/a%20b?q=1&q=2',
      headers: [
        ...['Host', 'shop.example.com', 'Cookie', 'a', 'cookie', 'b', 'Expect', '100-continue', 'Content-Length', '10'],
        ...['X_Fc_Request_Id', 'forged', 'x-fc-access-key-id', 'forged'],
      ],
    },
    null,
  )
  assert.deepEqual([method, path], ['PUT', '/a%20b?q=1&q=2'])
  assert.equal(headers['host'], 'shop.example.com')
  assert.deepEqual(headers['cookie'], ['a', 'b'])
  assert.equal(headers['content-length'], '10')
  assert.equal(headers['expect'], undefined)
  assert.equal(headers['x_fc_request_id'], undefined)
  assert.equal(headers['x-fc-access-key-id'], 'id')
  assert.equal(headers['x-fc-control-path'], '/http-invoke')
  assert.equal(headers['x-fc-base-path'], '/')
  assert.equal(headers['x-fc-client-ip'], '192.0.2.1')
})

test('a body is announced by its length where that is known, and comes in chunks where it is not', () => {
  const chunked = requestOf({ ...HTTP_HEAD, method: 'POST' }, null).headers
  assert.deepEqual([chunked['transfer-encoding'], chunked['content-length']], ['chunked', undefined])
  const none = requestOf(HTTP_HEAD).headers
  assert.deepEqual([none['transfer-encoding'], none['content-length']], [undefined, undefined])
  const empty = requestOf({ ...HTTP_HEAD, method: 'POST' }).headers
  assert.equal(empty['content-length'], '0')
})

test('the names of service and function in an address are not part of the path, and told beside it', () => {
  const at = (url: string, rawPath: string) => requestOf({ ...HTTP_HEAD, url, rawPath }).headers['x-fc-base-path']
  assert.equal(at('/2016-08-15/proxy/s.live/f/x?q=1', '/x'), '/2016-08-15/proxy/s.live/f')
  assert.equal(at('/2016-08-15/proxy/s/f', '/'), '/2016-08-15/proxy/s/f')
  assert.equal(at('/old', '/new'), '/')
})
