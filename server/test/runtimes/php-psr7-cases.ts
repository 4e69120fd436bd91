/** PHP, HTTP of generation 2: PSR-7 requests and responses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Launch, withRuntime } from './driver.ts'

const generation = 2

export function psr7Cases(launch: Launch): void {
  test('php, generation 2: a request has what PSR-7 and Function Compute document', async () => {
    await withRuntime(launch, { handler: 'forms.describesRequest', generation }, async (runtime) => {
      const request = {
        method: 'POST',
        path: '/a b',
        rawPath: '/a%20b',
        url: '/proxy/a%20b?q=1&q=2&x=y+z',
        query: 'q=1&q=2&x=y+z',
        headers: ['Host', 'Hello.localhost:7800', 'X-Many', 'a', 'x-many', 'b', 'Cookie', 'a=1; b=%20'],
      }
      const { text, head } = await runtime.http(request, 'the body')
      assert.deepEqual(head, { status: 200, headers: ['Content-Type', 'application/json'] })
      const queries = { q: ['1', '2'], x: 'y z' }
      assert.deepEqual(JSON.parse(text), {
        uri: 'http://hello.localhost:7800/a%20b?q=1&q=2&x=y+z',
        authority: ['hello.localhost', 7800, '/a%20b', 'q=1&q=2&x=y+z'],
        target: '/a%20b?q=1&q=2&x=y+z',
        protocol: '1.1',
        queries,
        attributes: { requestURI: request.url, path: '/a b', queries, clientIP: '127.0.0.1' },
        cookies: { a: '1', b: ' ' },
        headers: { Host: ['Hello.localhost:7800'], 'X-Many': ['a', 'b'], Cookie: ['a=1; b=%20'] },
        twice: true,
        size: 8,
        tail: 'ody|',
        types: [true, true],
      })
    })
  })

  test('php, generation 2: messages are never changed, with… gives copies', async () => {
    await withRuntime(launch, { handler: 'forms.changesCopies', generation }, async (runtime) => {
      assert.deepEqual(JSON.parse((await runtime.http()).text), [
        [200, { 'X-A': ['1'] }, 'first'],
        [404, 'Gone fishing', { 'x-a': ['2', '3'] }, 'second'],
        [1, 'none', 'PUT'],
        'https://example.org/a%20b?q=%C3%A9#f',
      ])
    })
  })

  test('php, generation 2: the body can be read in steps, as it comes', async () => {
    await withRuntime(launch, { handler: 'forms.readsInSteps', generation }, async (runtime) => {
      assert.equal((await runtime.http({ method: 'POST' }, 'abcdefghij')).text, 'abcd|efgh|ij')
      assert.equal((await runtime.http()).text, '')
    })
  })

  test('php, generation 2: a resource is sent from its beginning', async () => {
    await withRuntime(launch, { handler: 'forms.returnsResource', generation }, async (runtime) => {
      assert.ok((await runtime.http()).body.equals(Buffer.from('0123456789'.repeat(50_000))))
    })
  })

  test('php, generation 2: classes that a function brings come before ours, and any response of PSR-7 is taken', async () => {
    await withRuntime(launch, { handler: 'vendored/index.handler', generation }, async (runtime) => {
      const { head, text } = await runtime.http()
      assert.deepEqual(head, { status: 203, headers: ['X-Class', 'its own'] })
      assert.equal(text, 'a body of plain text')
    })
  })

  test('php, generation 2: a Host that is none does not fail the request', async () => {
    await withRuntime(launch, { handler: 'web.hello', generation }, async (runtime) => {
      assert.equal((await runtime.http({ headers: ['Host', 'a:99999'] })).head?.status, 201)
    })
  })

  for (const [handler, message] of [
    ['returnsText', /has to return a PSR-7 response, not string/],
    ['wrongStatus', /statusCode 99 is not a status code/],
  ] as const) {
    test(`php, generation 2: what ${handler} answers is refused with the reason`, async () => {
      await withRuntime(launch, { handler: `forms.${handler}`, generation }, async (runtime) => {
        const { error, head } = await runtime.http()
        assert.equal(head, undefined)
        assert.equal(error?.errorType, 'BadResponse')
        assert.match(error.errorMessage, message)
      })
    })
  }
}
