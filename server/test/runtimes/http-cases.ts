/** HTTP requests, in both generations. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INITIAL_CREDIT_BYTES } from '../../src/instances/channel/frames.ts'
import type { Language } from './contract.ts'
import { type Answer, withRuntime } from './driver.ts'

function headersOf({ head }: Answer): [string, string][] {
  const flat = head?.headers ?? []
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]!] as [string, string]] : []))
}

export function jsonEventCases({ name, launch }: Language): void {
  test(`${name}, generation 3: a request becomes the documented JSON event`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      const answer = await runtime.http(
        {
          method: 'POST',
          path: '/a b',
          rawPath: '/a%20b',
          query: 'q=1&q=2&space=x%20y+z&empty=',
          url: '/a%20b?q=1',
          headers: ['host', 'h', 'x-MANY-words', '1', 'X-Many-Words', '2', 'user-agent', 'curl', 'ACCEPT', '*/*'],
        },
        'body é',
      )
      assert.equal(answer.head?.status, 200)
      assert.deepEqual(headersOf(answer), [['Content-Type', 'application/json']])
      const event = JSON.parse(answer.text) as { requestContext: { time: string; timeEpoch: string } }
      const { time, timeEpoch } = event.requestContext
      assert.equal(new Date(Number(timeEpoch)).toISOString(), time)
      assert.deepEqual(event, {
        version: 'v1',
        rawPath: '/a%20b',
        headers: { Host: 'h', 'X-Many-Words': '1,2', 'User-Agent': 'curl', Accept: '*/*' },
        queryParameters: { q: '1,2', space: 'x y z', empty: '' },
        body: 'body é',
        isBase64Encoded: false,
        requestContext: {
          accountId: '1234567890123456',
          domainName: 'hello-abc.localhost',
          domainPrefix: 'hello-abc',
          requestId: 'r-1',
          time,
          timeEpoch,
          triggerId: 't-1',
          http: { method: 'POST', path: '/a b', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'curl' },
        },
      })
    })
  })

  test(`${name}, generation 3: a body that is not UTF-8 arrives as base64, in pieces too`, async () => {
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      const body = Buffer.alloc(400_000, 0xff)
      const stream = runtime.openHttp({ method: 'PUT' })
      await stream.sendWhole(body)
      const event = JSON.parse((await stream.answer).text) as { body: string; isBase64Encoded: boolean }
      assert.equal(event.isBase64Encoded, true)
      assert.ok(Buffer.from(event.body, 'base64').equals(body))
    })
  })

  test(`${name}, generation 3: an answer with statusCode sets status, headers and body`, async () => {
    const result = {
      statusCode: 404,
      headers: { 'x-a': 'b', 'Set-Cookie': ['a=1', 'b=2'], 'x-number': 7 },
      body: 'gone é',
      isBase64Encoded: false,
    }
    for (const handler of ['index.answer', 'index.rawAnswer']) {
      await withRuntime(launch, { handler }, async (runtime) => {
        const answer = await runtime.http({}, JSON.stringify(result))
        assert.equal(answer.head?.status, 404)
        assert.equal(answer.text, 'gone é')
        assert.deepEqual(headersOf(answer), [
          ['x-a', 'b'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['x-number', '7'],
        ])
      })
    }
  })

  test(`${name}, generation 3: a base64 body is decoded, an absent one is empty`, async () => {
    await withRuntime(launch, { handler: 'index.answer' }, async (runtime) => {
      const encoded = JSON.stringify({ statusCode: '201', body: '/wA=', isBase64Encoded: true })
      const answer = await runtime.http({}, encoded)
      assert.equal(answer.head?.status, 201)
      assert.deepEqual([...answer.body], [255, 0])
      assert.equal((await runtime.http({}, '{"statusCode":204}')).body.length, 0)
    })
  })

  test(`${name}, generation 3: any other value is the body of a 200`, async () => {
    await withRuntime(launch, { handler: 'index.object' }, async (runtime) => {
      const answer = await runtime.http()
      assert.equal(answer.head?.status, 200)
      assert.deepEqual(JSON.parse(answer.text), { a: [1, 'é'] })
    })
    await withRuntime(launch, { handler: 'index.nothing' }, async (runtime) => {
      assert.equal((await runtime.http()).text, '')
    })
  })

  test(`${name}, generation 3: an answer that would break the response is refused`, async () => {
    await withRuntime(launch, { handler: 'index.answer' }, async (runtime) => {
      for (const wrong of [
        { statusCode: 99 },
        { statusCode: 'abc' },
        { statusCode: 200, headers: { 'x-a': 'b\r\nc: d' } },
        { statusCode: 200, headers: { 'a b': 'c' } },
        { statusCode: 200, headers: { 'x-long': 'y'.repeat(70_000) } },
      ]) {
        const { error, head } = await runtime.http({}, JSON.stringify(wrong))
        assert.equal(head, undefined)
        assert.equal(error?.errorType, 'BadResponse', JSON.stringify(wrong).slice(0, 100))
      }
    })
  })
}

export function streamCases({ name, launch }: Language): void {
  const generation = 2

  test(`${name}, generation 2: status, repeated headers, body and context`, async () => {
    await withRuntime(launch, { handler: 'web.hello', generation }, async (runtime) => {
      const answer = await runtime.http({ path: '/a b' })
      assert.equal(answer.head?.status, 201)
      assert.deepEqual(headersOf(answer), [
        ['X-Name', 'a'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ])
      assert.equal(answer.text, 'hello GET /a b r-1')
    })
  })

  test(`${name}, generation 2: the handler sees the request as it came`, async () => {
    await withRuntime(launch, { handler: 'web.describe', generation }, async (runtime) => {
      const request = { method: 'POST', path: '/ü', url: '/x/%C3%BC?q=1&z', query: 'q=1&z' }
      const { text } = await runtime.http({ ...request, headers: ['X-Many', 'a', 'x-many', 'b'] }, 'abc')
      assert.deepEqual(JSON.parse(text), {
        method: 'POST',
        path: '/ü',
        url: '/x/%C3%BC?q=1&z',
        clientIP: '127.0.0.1',
        accept: 'a, b',
        query: '1',
      })
    })
  })

  test(`${name}, generation 2: a large body streams through in both directions`, async () => {
    await withRuntime(launch, { handler: 'web.echo', generation }, async (runtime) => {
      const body = Buffer.alloc(2_500_001, 'abcdefg')
      const stream = runtime.openHttp({ method: 'POST' })
      await stream.sendWhole(body)
      assert.ok((await stream.answer).body.equals(body))
    })
  })

  test(`${name}, generation 2: a handler reads the body whole`, async () => {
    await withRuntime(launch, { handler: 'web.whole', generation }, async (runtime) => {
      assert.equal((await runtime.http({ method: 'POST' }, 'twelve bytes')).text, '12')
      assert.equal((await runtime.http()).text, '0')
    })
  })

  test(`${name}, generation 2: a handler that waits for the body is told that the caller has gone`, async () => {
    await withRuntime(launch, { handler: 'web.whole', generation }, async (runtime) => {
      const stream = runtime.openHttp({ method: 'POST' })
      stream.data(Buffer.from('half of'))
      await runtime.ping()
      stream.cancel('disconnect')
      assert.ok((await stream.answer).error)
      assert.equal((await runtime.http({ method: 'POST' }, 'whole')).text, '5')
    })
  })

  test(`${name}, generation 2: an answer may come before the body was read`, async () => {
    await withRuntime(launch, { handler: 'web.early', generation }, async (runtime) => {
      const stream = runtime.openHttp({ method: 'POST' })
      assert.equal((await stream.answer).text, 'early')
      stream.data(Buffer.from('crossed on the way'), true)
      assert.equal((await runtime.http()).text, 'early')
    })
  })

  test(`${name}, generation 2: a slow reader of one streamed answer holds up no other`, async () => {
    await withRuntime(launch, { handler: 'web.stream', generation, concurrency: 2 }, async (runtime) => {
      const slow = runtime.openHttp({}, '')
      slow.autoGrant = false
      await slow.until(() => slow.receivedBytes === INITIAL_CREDIT_BYTES)
      const fast = await runtime.http()
      assert.equal(fast.body.length, 32 * 65_536)
      assert.equal(slow.receivedBytes, INITIAL_CREDIT_BYTES)
      slow.autoGrant = true
      slow.grant(INITIAL_CREDIT_BYTES)
      assert.ok((await slow.answer).body.equals(fast.body))
    })
  })

  test(`${name}, generation 2: cancelling a streamed answer closes its source and frees the slot`, async () => {
    await withRuntime(launch, { handler: 'web.endless', generation }, async (runtime) => {
      const stream = runtime.openHttp({}, '')
      await stream.responded
      stream.cancel('disconnect')
      assert.ok((await stream.answer).error)
      const printed = (): string => stream.logs.stdout + runtime.logs.stdout
      while (!printed().includes('the source was closed')) await runtime.ping()
      await runtime.openHttp({}, '').responded
    })
  })

  test(`${name}, generation 2: a streamed answer that breaks ends with an error after its beginning`, async () => {
    await withRuntime(launch, { handler: 'web.breaking', generation }, async (runtime) => {
      const { head, text, error } = await runtime.http()
      assert.equal(head?.status, 200)
      assert.equal(text, 'begun')
      assert.equal(error?.errorMessage, 'source broke')
    })
  })

  test(`${name}, generation 2: a handler that throws, or injects a header, is told as an error`, async () => {
    await withRuntime(launch, { handler: 'web.failing', generation }, async (runtime) => {
      const { head, error } = await runtime.http()
      assert.equal(head, undefined)
      assert.equal(error?.errorMessage, 'before the response')
    })
    await withRuntime(launch, { handler: 'web.injecting', generation }, async (runtime) => {
      assert.match((await runtime.http()).error?.errorMessage ?? '', /x-a/)
    })
  })
}
