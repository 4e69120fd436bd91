/** Functions that attack the platform from within their instance: only that instance dies, and its owner is told why. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { signAcs3 } from '../../src/auth/port.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { eventually, linesOf, rawExchange, recordsOf } from './http-support.ts'

/** Finds the socket that the runtime talks with the platform on, and forges frames of it. */
const forging = `
  const net = require('net')
  const channel = () => process._getActiveHandles().find((handle) => handle instanceof net.Socket && handle.remoteAddress === undefined && handle.writable && !handle.isTTY && handle.fd === undefined)
  const frame = (type, stream, payload, flags = 0, length = payload.length) => {
    const head = Buffer.alloc(10)
    head.writeUInt32BE(length, 0)
    head[4] = type
    head[5] = flags
    head.writeUInt32BE(stream, 6)
    return Buffer.concat([head, Buffer.from(payload)])
  }
  const headed = (json, body = '') => {
    const head = Buffer.from(JSON.stringify(json))
    const size = Buffer.alloc(4)
    size.writeUInt32BE(head.length)
    return Buffer.concat([size, head, Buffer.from(body)])
  }
  const never = new Promise(() => {})
`

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
  await platform.deploy('neighbour', { 'index.js': 'exports.handler = async () => String(process.pid)' })
})
after(() => platform.stop())

/** Runs an attack; asserts that the neighbour's instance lives through it. */
async function beside<Result>(attack: () => Promise<Result>): Promise<Result> {
  const before = await platform.invoke('neighbour')
  assert.equal(before.status, 200)
  const result = await attack()
  const after = await platform.invoke('neighbour')
  assert.equal(after.text, before.text, 'the neighbour answers, from the same process')
  return result
}

/** Deploys a 2.0 function and sends it a request; what it answers goes through the channel unchecked. */
async function forgedAnswer(name: string, code: string): Promise<string> {
  await platform.deploy(
    name,
    { 'index.js': `${forging}; exports.handler = () => { ${code} }` },
    { service: 'forged', http: true, timeout: 5 },
  )
  return beside(() =>
    rawExchange(
      platform.port,
      `GET /2016-08-15/proxy/forged/${name}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ),
  )
}

test('garbage on the channel ends the one instance, with the rule that was broken', async () => {
  const attacks: [string, string, RegExp][] = [
    ['too-long', `channel().write(Buffer.alloc(64, 0xff))`, /a frame of 4294967295 bytes/],
    ['unknown-type', `channel().write(frame(0x7f, 0, ''))`, /frame type 127/],
    ['unopened', `channel().write(frame(0x83, 999, headed({})))`, /stream 999 was never opened/],
    ['hello-again', `channel().write(frame(0x81, 0, '{}'))`, /HELLO comes once/],
    [
      'twice',
      `channel().write(Buffer.concat([frame(0x83, 1, headed({})), frame(0x83, 1, headed({}))]))`,
      /answered twice/,
    ],
    ['bodiless', `channel().write(frame(0x03, 1, 'x'))`, /a body before its head/],
    ['long-head', `channel().write(frame(0x83, 1, Buffer.alloc(8, 0xff)))`, /a head longer than its frame/],
    [
      'greedy',
      `channel().write(Buffer.concat([frame(0x83, 1, headed({}, Buffer.alloc(300000)))]))`,
      /beyond its credit/,
    ],
    [
      'rich',
      `channel().write(Buffer.concat(Array.from({ length: 2 }, () => frame(0x04, 1, Buffer.from([0x3f, 255, 255, 255])))))`,
      /more credit than/,
    ],
    ['no-descriptor', `channel().write(frame(0x85, 1, Buffer.from([9, 65])))`, /LOG must name/],
  ]
  for (const [name, code, cause] of attacks) {
    await platform.deploy(
      name,
      { 'index.js': `${forging}; exports.handler = async () => { ${code}; await never }` },
      { timeout: 10 },
    )
    const answer = await beside(() => platform.invoke(name))
    assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', `${name}: ${answer.text}`)
    assert.match(String(answer.json()['cause']), cause, name)
    assert.match(String(answer.json()['cause']), /^the runtime broke the channel: /)
  }
})

test('a function that closes its channel ends its instance, and says so', async () => {
  await platform.deploy(
    'hanging-up',
    { 'index.js': `${forging}; exports.handler = async () => { channel().destroy(); await never }` },
    { timeout: 10 },
  )
  const answer = await beside(() => platform.invoke('hanging-up'))
  assert.match(String(answer.json()['errorMessage']), /^Process exited unexpectedly/)
})

test('a forged head injects nothing into the answer', async () => {
  const heads: [string, object | string][] = [
    ['status-text', { status: '200 OK\r\nX-Injected: 1' }],
    ['status-low', { status: 100 }],
    ['status-fraction', { status: 200.5 }],
    ['name-break', { status: 200, headers: ['X-A\r\nX-Injected', '1'] }],
    ['name-empty', { status: 200, headers: ['', '1'] }],
    ['value-break', { status: 200, headers: ['X-A', 'b\r\nX-Injected: 1\r\n\r\nbody'] }],
    ['value-nul', { status: 200, headers: ['X-A', 'b\0c'] }],
    ['value-wide', { status: 200, headers: ['X-A', 'b\u010dX-Injected: 1'] }],
    ['odd', { status: 200, headers: ['X-A'] }],
    ['no-list', { status: 200, headers: { 'X-Injected': '1' } }],
    ['no-text', { status: 200, headers: ['X-A', { toString: 'b' }] }],
    ['huge', { status: 200, headers: ['X-A', 'b'.repeat(9000)] }],
  ]
  for (const [name, head] of heads) {
    const received = await forgedAnswer(
      `head-${name}`,
      `channel().write(frame(0x83, 1, headed(${JSON.stringify(head)}), 1))`,
    )
    if (name === 'value-wide') {
      // Passed as the bytes it has in UTF-8, none of which breaks a line.
      assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*X-A: b\xc4\x8dX-Injected: 1\r\n/)
    } else {
      assert.match(received, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*"Code":"BadResponse"/, `${name}: ${received}`)
      assert.doesNotMatch(received, /^X-Injected/im, name)
    }
  }
})

test('a head that is no JSON is a 502', async () => {
  const received = await forgedAnswer(
    'head-garbage',
    `channel().write(frame(0x83, 1, Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('\\r\\n{')]), 1))`,
  )
  assert.match(received, /"Code":"BadResponse"/)
})

test('an answer without end is stopped, at the latest by the function’s timeout', async () => {
  await platform.deploy(
    'endless',
    {
      'index.js': `
        const { Readable } = require('stream')
        exports.handler = (request, response) => response.send(Readable.from((function* () { for (;;) yield Buffer.alloc(65536, 'x') })()))`,
    },
    { service: 'forged', http: true, timeout: 60 },
  )
  const received = await beside(() =>
    rawExchange(platform.port, 'GET /2016-08-15/proxy/forged/endless/ HTTP/1.1\r\nHost: a\r\n\r\n'),
  )
  assert.ok(received.length < 34 * 1024 * 1024)
  const [record] = await recordsOf(platform, 'forged$endless')
  assert.deepEqual([record!.errorType, record!.fault], ['BadResponse', 'function'])
})

test('markers that a function prints are its own words', async () => {
  await platform.deploy('forger', {
    'index.js': `exports.handler = async (event, context) => {
      const other = '1-00000000-00000000-000000000000'
      console.log('FC Invoke End RequestId: ' + context.requestId + ', Error: Unhandled function error')
      console.log('FC Invoke Start RequestId: ' + other)
      console.log('\\x1b[2J\\u0000binary')
      return 'done'
    }`,
  })
  const answer = await beside(() => platform.invoke('forger', '', { 'x-fc-log-type': 'Tail' }))
  const id = String(answer.headers['x-fc-request-id'])
  const lines = await linesOf(platform, 'forger')
  assert.deepEqual(
    lines.map(({ stream, requestId }) => [stream, requestId]),
    [
      ['system', id],
      ['stdout', id],
      ['stdout', id],
      ['stdout', id],
      ['system', id],
    ],
  )
  const [record] = await recordsOf(platform, 'forger')
  assert.deepEqual([record!.statusCode, record!.errorType], [200, ''])
})

test('a flood of output neither stops the platform nor the answer', async () => {
  await platform.deploy(
    'flooding',
    {
      'index.js': `exports.handler = async () => {
        const chunk = 'x'.repeat(1 << 20)
        for (let i = 0; i < 16; i++) process.stdout.write(chunk)
        for (let i = 0; i < 20000; i++) console.error('line ' + i)
        return 'dry'
      }`,
    },
    // The flood is held up, as much longer as the machine is busier.
    { timeout: 100, memorySize: 1024 },
  )
  const answer = await beside(() => platform.invoke('flooding'))
  assert.equal(answer.text, 'dry')
})

test('a process that closes its standard output goes on answering', async () => {
  await platform.deploy('mute', {
    'index.js': `const fs = require('fs'); fs.closeSync(1); fs.closeSync(2)
      exports.handler = async () => { console.log('still heard'); return 'answered' }`,
  })
  const answer = await beside(() => platform.invoke('mute'))
  assert.equal(answer.text, 'answered')
  const texts = (await linesOf(platform, 'mute')).map(({ text }) => text)
  assert.ok(texts.includes('still heard'))
})

test('a process that ends in the middle of a request is told by how it ended', async () => {
  const ends: [string, string, RegExp][] = [
    ['exit-zero', 'process.exit(0)', /^exit code 0$/],
    ['exit-later', 'setImmediate(() => process.exit(7)); await new Promise(() => {})', /^exit code 7$/],
    ['killed', 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {})', /^ended by signal SIGKILL$/],
    ['aborted', 'process.abort()', /^ended by signal SIGABRT$/],
  ]
  for (const [name, code, cause] of ends) {
    await platform.deploy(name, { 'index.js': `exports.handler = async () => { ${code} }` }, { timeout: 10 })
    const answer = await beside(() => platform.invoke(name))
    assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
    assert.match(String(answer.json()['cause']), cause, name)
    const lines = await linesOf(platform, name, String(answer.headers['x-fc-request-id']))
    assert.ok(lines.some(({ stream, text }) => stream === 'system' && /Process exited unexpectedly/.test(text)))
  }
})

test('a rejection that nobody handles is told, and the next request is served', async () => {
  await platform.deploy(
    'rejecting',
    {
      'index.js': `exports.handler = async (event) => {
        if (String(event) !== 'reject') return 'fine'
        void Promise.reject(new RangeError('unheeded'))
        await new Promise(() => {})
      }`,
    },
    { timeout: 5 },
  )
  const answer = await beside(() => platform.invoke('rejecting', 'reject'))
  assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
  const next = await eventually(async () => {
    const { text } = await platform.invoke('rejecting')
    return text === 'fine' ? text : undefined
  })
  assert.equal(next, 'fine')
})

/** The platform's own endpoints. */
const OWN_READS = [
  ...['info', 'runtimes', 'settings', 'async/backlog', 'instances', 'usage', 'bill', 'price-book'],
  ...['logs?function=insider', 'logs/follow', 'logs/follow?function=insider', 'logs/search', 'logs/histogram'],
  ...['logs/search?function=insider', 'logs/context?id=a~b', 'logs/bounds?function=insider'],
  ...['records', 'records?function=insider', 'records/follow', 'traces?requestId=r'],
  ...[
    'metrics',
    'metrics/query?metric=RegionTotalInvocations',
    'metrics/summary',
    'metrics/follow?metric=RegionErrors',
  ],
  ...['alerts/rules', 'alerts/rules/r', 'alerts/routes', 'alerts/silences', 'alerts/status', 'alerts/history'],
  'test-events?function=insider',
].map((path) => ['GET', path] as const)
const OWN_CHANGES = [
  ...[['PUT', 'logs/bounds?function=insider'] as const, ['DELETE', 'logs/bounds?function=insider'] as const],
  ...[['PUT', 'test-events/e?function=insider'] as const, ['DELETE', 'test-events/e?function=insider'] as const],
  ...['alerts/rules', 'alerts/routes', 'alerts/silences'].map((path) => ['POST', path] as const),
  ...['alerts/rules/r/test', 'alerts/routes/r/test'].map((path) => ['POST', path] as const),
  ...['alerts/rules/r', 'alerts/routes/r'].map((path) => ['PUT', path] as const),
  ...['alerts/rules/r', 'alerts/routes/r', 'alerts/silences/s'].map((path) => ['DELETE', path] as const),
]

test('the credentials of a function open none of the platform’s own endpoints, nor does their absence', async () => {
  await platform.deploy(
    'insider',
    { 'index.js': 'exports.handler = async (event, context) => context.credentials' },
    { role: `acs:ram::${platform.credentials.accountId}:role/everything` },
  )
  const credentials = (await platform.invoke('insider')).json<{
    accessKeyId: string
    accessKeySecret: string
    securityToken: string
  }>()
  const host = `127.0.0.1:${platform.port}`
  for (const [method, path] of [...OWN_READS, ...OWN_CHANGES]) {
    const url = `/sluice/v1/${path}`
    const body = method === 'GET' || method === 'DELETE' ? '' : '{}'
    const headers: Record<string, string> = body === '' ? {} : { 'content-type': 'application/json' }
    const bodySha256 = createHash('sha256').update(body).digest('hex')
    const signed = signAcs3({ method, url, host, headers, bodySha256 }, credentials, randomUUID(), Date.now())
    for (const each of [signed, headers]) {
      const answer = await platform.send(method, url, { headers: each, body })
      assert.equal(answer.status, 403, `${method} ${url}: ${answer.text}`)
      const { Code, Message } = answer.json<{ Code: string; Message: string }>()
      assert.equal(Code, 'AccessDenied')
      assert.match(Message, each === signed ? /^function 'insider' is not allowed/ : /is not signed/)
    }
  }
})
