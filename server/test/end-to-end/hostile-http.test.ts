/** Bytes that are meant to confuse, on raw sockets: none reaches another function, none keeps a neighbour from answering. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { codeOf, rawClient, rawExchange, statusesOf } from './http-support.ts'

/** Counts its requests and answers what it saw. */
const witness = {
  'index.js': `
    let calls = 0
    exports.handler = async (event, context) => {
      const { rawPath, body, headers, queryParameters } = JSON.parse(event)
      return { statusCode: 200, headers: { 'x-calls': ++calls }, body: JSON.stringify({ rawPath, body, headers, queryParameters }) }
    }`,
}

let platform: TestPlatform
let port = 0
let host = ''
before(async () => {
  platform = await startPlatform()
  port = platform.port
  ;({ host } = await platform.deploy('witness', witness, { http: true }))
})
after(() => platform.stop())

/** How often the function ran, this call included. */
async function calls(): Promise<number> {
  const answer = await platform.send('GET', '/', { host })
  assert.equal(answer.status, 200, 'the neighbour answers')
  return Number(answer.headers['x-calls'])
}

/** Sends what must be refused; asserts that it was, once, that the connection ended and that no function ran. */
async function refused(bytes: string, status = 400): Promise<string> {
  const before = await calls()
  const received = await rawExchange(port, bytes)
  assert.deepEqual(statusesOf(received), [status], `${JSON.stringify(bytes.slice(0, 200))} → ${received.slice(0, 300)}`)
  assert.equal(await calls(), before + 1, `${JSON.stringify(bytes.slice(0, 200))} ran a function`)
  return received
}

const smuggled = () => `GET /smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const post = (headers: string, body: string) => `POST / HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n${body}`

test('a request of two lengths is refused', async () => {
  await refused(post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled()}`))
  await refused(post('Transfer-Encoding: chunked\r\nContent-Length: 6\r\n', `0\r\n\r\n${smuggled()}`))
  await refused(post('Content-Length: 5\r\nContent-Length: 6\r\n', 'abcdef'))
  await refused(post('Content-Length: 5, 6\r\n', 'abcdef'))
})

test('a transfer encoding that is spelt to be overlooked is refused', async () => {
  for (const header of [
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding\r\n : chunked',
    'X: y\nTransfer-Encoding: chunked',
  ]) {
    await refused(post(`${header}\r\n`, `0\r\n\r\n${smuggled()}`))
  }
})

test('line ends, folds and spaces that readers disagree about are refused', async () => {
  for (const bytes of [
    `GET / HTTP/1.1\nHost: ${host}\n\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: b\r\n folded\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost : ${host}\r\n\r\n`,
    `GET / HTTP/1.1\r\n Host: ${host}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: b\rX-B: c\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX-A: b\0c\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX\0A: b\r\n\r\n`,
    post('Content-Length: +5\r\n', 'abcde'),
    post('Content-Length: 0x5\r\n', 'abcde'),
    post('Content-Length: -1\r\n', ''),
    post('Content-Length: 5 5\r\n', 'abcde'),
    post('Content-Length: 99999999999999999999999999\r\n', ''),
    post('Transfer-Encoding: chunked\r\n', 'g\r\nx\r\n0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\n', '1\nx\n0\n\n'),
    post('Transfer-Encoding: chunked\r\n', '1\r\nxx\r\n0\r\n\r\n'),
    post('Transfer-Encoding: chunked\r\n', 'ffffffffffffffffff\r\n'),
  ]) {
    const received = await rawExchange(port, bytes)
    assert.deepEqual(statusesOf(received), [400], JSON.stringify(bytes))
  }
  await calls()
})

test('a request names one host, in the header', async () => {
  await refused('GET / HTTP/1.1\r\n\r\n')
  const twice = `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: other.localhost\r\nConnection: close\r\n\r\n`
  assert.match(await refused(twice), /names one Host/)
  const absolute = `GET http://${host}/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
  assert.match(await refused(absolute), /PathNotSupported/)
  await refused(`OPTIONS * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
})

test('what is no HTTP/1.1 is refused or cut off', async () => {
  await refused('GARB AGE\r\n\r\n')
  await refused(`get / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await refused(`GET / HTTP/9.9\r\nHost: ${host}\r\n\r\n`)
  await refused(`GET /\0 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await refused(`GET / HTTP/1.1 X\r\nHost: ${host}\r\n\r\n`)
  await refused('GET /\r\n\r\n')
  await refused('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  await refused('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
  const before = await calls()
  assert.deepEqual(statusesOf(await rawExchange(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n')), [])
  assert.equal(await calls(), before + 1)
})

test('heads without end are refused at their bound', async () => {
  assert.match(await refused(`GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /exceeds 32768 bytes/)
  assert.match(await refused(`GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`), /exceeds/)
  assert.match(await refused(`GET / HTTP/1.1\r\nHost: ${host}\r\n${'X: y\r\n'.repeat(10_000)}\r\n`), /exceeds|no valid/)
  await refused(post('Transfer-Encoding: chunked\r\n', `1;${'e'.repeat(40_000)}\r\nx\r\n0\r\n\r\n`))
})

test('paths that could be read in two ways are refused, others arrive as they were sent', async () => {
  for (const path of ['/%00', '/%c0%af', '/%', '/%zz', '/a%ff']) {
    assert.deepEqual(codeOf(await platform.send('GET', path, { host })), [400, 'InvalidArgument'], path)
  }
  for (const path of ['/../../etc/passwd', '/a%2fb', '//evil.example/', '/a;b', '/%2e%2e/x']) {
    const answer = await platform.send('GET', path, { host })
    assert.deepEqual([answer.status, answer.json()['rawPath']], [200, path])
  }
})

test('a path cannot climb out of the proxy prefix into the management API', async () => {
  for (const path of [
    '/2016-08-15/proxy/../services',
    '/2016-08-15/proxy/a/../../services',
    '/2016-08-15/proxy/%2e%2e/services',
    '/2023-03-30/functions/..%2f..%2fhealthz/invocations',
  ]) {
    const answer = await platform.send('POST', path)
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`)
  }
})

test('pipelined requests are answered in order', async () => {
  const requests = Array.from(
    { length: 10 },
    (_, i) =>
      `POST /${i} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n${i === 9 ? 'Connection: close\r\n' : ''}\r\n${i}!`,
  )
  const received = await rawExchange(port, requests.join(''))
  const seen = [...received.matchAll(/"rawPath":"\/(\d)","body":"(\d)!"/g)].map((match) => `${match[1]}${match[2]}`)
  assert.deepEqual(
    seen,
    requests.map((_, i) => `${i}${i}`),
  )
})

test('garbage behind a request is never taken for its answer', async () => {
  await platform.deploy(
    'waiting',
    {
      'index.js':
        'exports.handler = (q, r) => { if (q.path === "/begin") r.send(new (require("stream").PassThrough)()) }',
    },
    { service: 'slow', http: true, timeout: 5, instanceConcurrency: 5 },
  )
  const waiting = (path: string) => `GET /2016-08-15/proxy/slow/waiting${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const pending = (await rawClient(port)).send(waiting('/'))
  await calls()
  assert.equal(await pending.send('GARB AGE\r\n\r\n').ended(), '')
  const begun = (await rawClient(port)).send(waiting('/begin'))
  await begun.until((received) => received.includes('\r\n\r\n'))
  assert.deepEqual(statusesOf(await begun.send('GARB AGE\r\n\r\n').ended()), [200])
})

test('a client that closes its half after the request still gets its answer', async () => {
  const client = (await rawClient(port)).send(`GET /half HTTP/1.1\r\nHost: ${host}\r\n\r\n`).finish()
  const received = await client.ended()
  assert.deepEqual(statusesOf(received), [200])
  assert.match(received, /"rawPath":"\/half"/)
})

test('a client that closes its half in the middle of a body ends its request', async () => {
  const client = (await rawClient(port)).send(post('Content-Length: 100\r\n', 'half')).finish()
  assert.deepEqual(statusesOf(await client.ended()), [400])
  await calls()
})

test('2,000 idle connections leave the platform answering', async () => {
  const sockets: Socket[] = Array.from({ length: 2000 }, () =>
    connect({ host: '127.0.0.1', port }).on('error', () => {}),
  )
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    for (const socket of sockets.slice(0, 1000)) socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
    await calls()
    assert.equal((await platform.send('GET', '/healthz')).status, 200)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})

// ---- forged callers ----

test('a forged, stale, replayed or mismatched signature is refused by its name', async () => {
  const url = '/2023-03-30/functions/witness/invocations'
  const key = { ...platform.credentials, securityToken: null }
  const sign = (change: Partial<typeof key> = {}, dateMs = Date.now(), nonce = randomUUID()) =>
    signAcs3(
      { method: 'POST', url, host: `127.0.0.1:${port}`, headers: {}, bodySha256: EMPTY_SHA256 },
      { ...key, ...change },
      nonce,
      dateMs,
    )
  const before = await calls()
  const ask = async (headers: Record<string, string>, body = '') => {
    const answer = await platform.send('POST', url, { headers, body })
    return [answer.status, answer.json()['Code']]
  }
  assert.deepEqual(await ask({}), [403, 'AccessDenied'])
  assert.deepEqual(await ask({ authorization: 'Basic dTpw' }), [403, 'AccessDenied'])
  assert.deepEqual(await ask({ authorization: 'ACS3-HMAC-SHA256 Credential=,SignedHeaders=,Signature=' }), [
    403,
    'AccessDenied',
  ])
  assert.deepEqual(await ask(sign({ accessKeySecret: 'guess' })), [403, 'SignatureNotMatch'])
  assert.deepEqual(await ask(sign({ accessKeyId: 'stranger' })), [403, 'InvalidAccessKeyID'])
  assert.deepEqual(await ask(sign({}, Date.now() - 3_600_000)), [403, 'AccessDenied'])
  assert.deepEqual(await ask(sign({}, Date.now() + 3_600_000)), [403, 'AccessDenied'])
  assert.deepEqual(await ask(sign(), 'another body'), [403, 'SignatureNotMatch'])
  assert.equal(await calls(), before + 1, 'none of them ran a function')

  const once = sign()
  assert.equal((await platform.send('POST', url, { headers: once })).status, 200)
  assert.deepEqual(await ask(once), [403, 'AccessDenied'])

  const twice = await rawExchange(
    port,
    `POST ${url} HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\nConnection: close\r\n\r\n`,
  )
  assert.match(twice, /one Authorization/)
})

test('who may not ask is not told which functions exist', async () => {
  const answers = await Promise.all(
    ['witness', 'no-such-function'].map((name) =>
      platform.send('POST', `/2023-03-30/functions/${name}/invocations`).then(codeOf),
    ),
  )
  assert.deepEqual(answers, [
    [403, 'AccessDenied'],
    [403, 'AccessDenied'],
  ])
})
