/** Attacks on the platform itself: its API and channel from within, its callers by what functions answer, its queues. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { eventually, rawExchange, recordsOf, statusesOf } from '../end-to-end/http-support.ts'
import type { Answer } from '../support/platform.ts'
import { attackSuite, type Scene } from './support.ts'

interface Keys {
  accessKeyId: string
  accessKeySecret: string
  securityToken: string
}

/** Python: what a function is given to sign with. */
const STEAL = `
import os
result = {'accessKeyId': os.environ['ALIBABA_CLOUD_ACCESS_KEY_ID'], 'accessKeySecret': os.environ['ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    'securityToken': os.environ['ALIBABA_CLOUD_SECURITY_TOKEN'], 'instanceId': os.environ['FC_INSTANCE_ID']}
`

/** A call signed with the keys of a function, which may be sent from anywhere. */
function callWith({ platform }: Scene, keys: Keys, method: string, url: string): Promise<Answer> {
  const host = `127.0.0.1:${platform.port}`
  const signed = signAcs3({ method, url, host, headers: {}, bodySha256: EMPTY_SHA256 }, keys, randomUUID(), Date.now())
  return platform.send(method, url, { headers: { ...signed, 'x-acs-security-token': keys.securityToken } })
}

const refusals = (answers: readonly Answer[]) =>
  answers.map(({ status, text }) => [status, /"Code":"(\w+)"/.exec(text)?.[1]])

/** Paths of the API that tell of functions, change them, or run programs beside them. */
const calls = (victim: string, instanceId: string): [string, string][] => [
  ['GET', '/2023-03-30/functions'],
  ['GET', `/2023-03-30/functions/${victim}`],
  ['GET', `/2023-03-30/functions/${victim}/code`],
  ['DELETE', `/2023-03-30/functions/${victim}`],
  ['PUT', `/2023-03-30/functions/${victim}`],
  ['POST', `/2023-03-30/functions/${victim}/invocations`],
  ['GET', `/2023-03-30/functions/${victim}/instances`],
  ['GET', '/2021-04-06/services'],
  ['GET', '/2016-08-15/services'],
  ['GET', `/sluice/v1/logs?function=${victim}`],
  ['GET', '/sluice/v1/records'],
  ['GET', '/sluice/v1/info'],
  ['GET', `/2023-03-30/functions/${victim}/instances/${instanceId}/exec?command=id`],
]

attackSuite(
  'attacks on the platform',
  (scene) => {
    test('the API says no to who brings no credentials, also from inside', async () => {
      const victim = await scene().attacker('victim', { runtime: 'python3.10' })
      const { instanceId } = (await victim(STEAL)).result<Keys & { instanceId: string }>()
      const attack = await scene().attacker('knocking', { runtime: 'python3.10' })
      const told = await scene().beside(() =>
        attack(`
import http.client, json
result = []
for method, path in json.loads(${JSON.stringify(JSON.stringify(calls('victim', instanceId)))}) + [['GET', '/metrics']]:
    for headers in ({}, {'Host': 'localhost'}, {'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '127.0.0.1', 'Forwarded': 'for=127.0.0.1'}):
        connection = http.client.HTTPConnection('sluice.internal', ${scene().platform.port}, timeout=5)
        connection.request(method, path, headers=headers)
        result.append(connection.getresponse().status)
connection = http.client.HTTPConnection('sluice.internal', ${scene().platform.port}, timeout=5)
connection.request('GET', '/2023-03-30/functions/victim/instances/${instanceId}/exec?command=id', headers={'Connection': 'Upgrade',
    'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'c2x1aWNlLWF0dGFja3M='})
result.append(connection.getresponse().status)
`),
      )
      assert.deepEqual([...new Set(told.result<number[]>())], [403])
    })

    test('credentials of a function open nothing but what its role gives, and cannot be changed', async () => {
      const victim = await scene().attacker('victim-2', { runtime: 'python3.10' })
      const roled = await scene().attacker('roled', {
        runtime: 'python3.10',
        role: 'acs:ram::1234567890123456:role/fc',
      })
      const attack = await scene().attacker('stealing', { runtime: 'python3.10' })
      const theirs = (await victim(STEAL)).result<Keys & { instanceId: string }>()
      const own = (await attack(STEAL)).result<Keys>()
      const role = (await roled(STEAL)).result<Keys>()
      const targets = calls('victim-2', theirs.instanceId)
      await scene().beside(async () => {
        const withOwn = await Promise.all(targets.map(([method, url]) => callWith(scene(), own, method, url)))
        assert.deepEqual(
          refusals(withOwn),
          targets.map(() => [403, 'AccessDenied']),
        )
        const withRole = await Promise.all(targets.map(([method, url]) => callWith(scene(), role, method, url)))
        for (const [i, [method, url]] of targets.entries()) {
          const may = url.endsWith('/invocations')
          assert.equal(withRole[i]!.status, may ? 200 : 403, `${method} ${url}`)
        }
        const [body, seal] = role.securityToken.split('.') as [string, string]
        const forged = Buffer.from(
          JSON.stringify({
            ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object),
            functionKey: 'victim-2',
          }),
        ).toString('base64url')
        const mixed: Keys[] = [
          { ...own, securityToken: role.securityToken },
          { ...own, securityToken: '' },
          { ...role, securityToken: `${forged}.${seal}` },
          { ...role, securityToken: `${body}.` },
          { ...role, accessKeySecret: own.accessKeySecret },
          { ...role, accessKeyId: scene().platform.credentials.accessKeyId },
        ]
        for (const keys of mixed) {
          const answer = await callWith(scene(), keys, 'POST', '/2023-03-30/functions/victim-2/invocations')
          assert.equal(answer.status, 403, answer.text)
        }
      })
    })

    test('the socket of the channel takes no second connection, and costs the platform no descriptors', async () => {
      const attack = await scene().attacker('connecting', { runtime: 'python3.10' })
      const descriptors = () => readdirSync(`/proc/${scene().platform.pid}/fd`).length
      const before = descriptors()
      const told = await scene().beside(() =>
        attack(`
import os, socket, time
result = []
held = []
for i in range(2000):
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(0.2)
    try:
        end.connect('/run/channel.sock')
        held.append(end)
    except OSError as error:
        result.append(error.errno)
try:
    os.unlink('/run/channel.sock')
    result.append('the socket was removed')
except OSError:
    pass
for end in held[:3]:
    try:
        end.sendall(bytes(4) + bytes([0x81, 0]) + bytes(4))
        if end.recv(1) != b'':
            result.append('it was answered')
    except OSError:
        pass
result = [sorted(set(map(str, result))), len(held)]
`),
      )
      assert.deepEqual(told.result(), [['111'], 0])
      assert.ok(descriptors() < before + 100, `${before} descriptors before, ${descriptors()} after`)
    })

    test('forged frames end the instance that sends them, and answer for no other', async () => {
      // An attacker's first stream was its warm-up: this one is the second.
      const attacks: [string, string, RegExp][] = [
        ['a stream that was never opened', `frame(0x83, 77, struct.pack('>I', 2) + b'{}', 1)`, /was never opened/],
        ['a frame of four gigabytes', `b'\\xff' * 10`, /a frame of 4294967295 bytes/],
        ['a LOG of a megabyte', `frame(0x85, 0, b'\\x01' * (1 << 20))`, /a LOG of 1048576 bytes/],
        ['a PONG that was not asked for', `frame(0x87, 0, b'sluice')`, /PONG answers no PING/],
        ['a greeting again', `frame(0x81, 0, b'{}')`, /HELLO comes once/],
        ['frames of the node', `frame(0x01, 0, b'{}')`, /is not for the node/],
        [
          'more than its credit',
          `frame(0x83, 2, struct.pack('>I', 2) + b'{}') + frame(0x03, 2, bytes(1 << 19)) * 8`,
          /beyond its credit/,
        ],
      ]
      for (const [i, [name, frames, cause]] of attacks.entries()) {
        const attack = await scene().attacker(`forging-${i}`, { runtime: 'python3.10', timeout: 5 })
        const told = await scene().beside(() =>
          attack(`
import os, socket, stat, struct, time
def frame(kind, stream, payload, flags=0):
    return struct.pack('>IBBI', len(payload), kind, flags, stream) + payload
for name in os.listdir('/proc/self/fd'):
    try:
        if stat.S_ISSOCK(os.stat('/proc/self/fd/' + name).st_mode):
            channel = socket.socket(fileno=os.dup(int(name)))
            if channel.family == socket.AF_UNIX and str(channel.getpeername()).endswith('.sock'):
                break
    except OSError:
        pass
channel.sendall(${frames})
time.sleep(4)
`),
        )
        assert.equal(told.failure.errorType, 'FunctionUnhandledError', `${name}: ${told.answer.text}`)
        assert.match(told.failure.cause!, cause, name)
        assert.ok(
          (await told.lines()).some(({ stream, text }) => stream === 'system' && cause.test(text)),
          name,
        )
      }
    })

    test('READY again, and lies about the own start, change nothing', async () => {
      const attack = await scene().attacker('ready-again', { runtime: 'nodejs20' })
      const told = await attack(`
      const channel = process._getActiveHandles().find((handle) => handle.constructor.name === 'Socket' && handle.fd === undefined)
      const payload = Buffer.from('{"error":{"errorType":"Forged"}}')
      const head = Buffer.alloc(10)
      head.writeUInt32BE(payload.length, 0)
      head[4] = 0x82
      channel.write(Buffer.concat([head, payload]))
      return 'said'`)
      assert.equal(told.result(), 'said')
      assert.equal((await attack('return 1')).result(), 1)
    })

    test('an answer injects no line into the head that callers get, from either kind of handler', async () => {
      const heads = [
        { name: 'X-A\\r\\nX-Injected', value: '1' },
        { name: 'X-A', value: 'a\\r\\nX-Injected: 1\\r\\n\\r\\nHTTP/1.1 200 OK' },
        { name: 'X-A', value: 'a\\nX-Injected: 1' },
        { name: 'X-A', value: 'a\\u0000b' },
        { name: '', value: 'a' },
        { name: 'X A', value: 'a' },
      ]
      for (const [i, { name, value }] of heads.entries()) {
        const three = `exports.handler = async () => ({ statusCode: 200, headers: { "${name}": "${value}" }, body: 'x' })`
        const two = `exports.handler = (request, response) => { response.setHeader("${name}", "${value}"); response.send('x') }`
        const { host } = await scene().platform.deploy(`three-${i}`, { 'index.js': three }, { http: true })
        await scene().platform.deploy(`two-${i}`, { 'index.js': two }, { http: true, service: 'split' })
        for (const [path, to] of [
          ['/', host],
          [`/2016-08-15/proxy/split/two-${i}/`, 'a'],
        ]) {
          const received = await scene().beside(() =>
            rawExchange(scene().platform.port, `GET ${path} HTTP/1.1\r\nHost: ${to}\r\nConnection: close\r\n\r\n`),
          )
          assert.deepEqual(statusesOf(received), [502], `${path}: ${received}`)
          assert.doesNotMatch(received, /^X-Injected/im)
        }
      }
    })

    test('what an answer says of its connection and length is not passed on', async () => {
      const headers = {
        ...{
          'Content-Length': '3',
          'Transfer-Encoding': 'chunked, gzip',
          Connection: 'keep-alive, x-hop',
          Upgrade: 'h2c',
        },
        ...{ 'Keep-Alive': 'timeout=9999', Trailer: 'X-T', 'X-Fc-Request-Id': 'forged', 'X-Fc-Error-Type': 'forged' },
      }
      const code = `exports.handler = async () => ({ statusCode: 200, headers: ${JSON.stringify(headers)}, body: 'the whole body' })`
      const { host } = await scene().platform.deploy('lying', { 'index.js': code }, { http: true })
      const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n`
      const received = await rawExchange(scene().platform.port, `${request}\r\n${request}Connection: close\r\n\r\n`)
      assert.deepEqual(statusesOf(received), [200, 200])
      assert.equal(received.match(/the whole body/g)!.length, 2)
      assert.doesNotMatch(received, /forged|gzip|h2c|9999|x-hop|Trailer/i)
    })

    test('answers that drip, never end or are too large end with the time and the size there is', async () => {
      const stream = (body: string) => `
      const { Readable } = require('stream')
      exports.handler = (request, response) => response.send(Readable.from((async function* () { ${body} })()))`
      const answers: [string, string, string][] = [
        [
          'dripping',
          stream(`for (;;) { yield 'x'; await new Promise((resolve) => setTimeout(resolve, 100)) }`),
          'FunctionTimeoutError',
        ],
        ['silent', 'exports.handler = () => {}', 'FunctionTimeoutError'],
        [
          'headless',
          `exports.handler = (request, response) => response.send(new (require('stream').PassThrough)())`,
          'FunctionTimeoutError',
        ],
        ['endless', stream(`for (;;) yield Buffer.alloc(65536, 'x')`), 'BadResponse'],
      ]
      for (const [name, code, errorType] of answers) {
        // One that never waits reaches the size there is, sooner or later.
        const timeout = name === 'endless' ? 60 : 2
        await scene().platform.deploy(name, { 'index.js': code }, { http: true, service: 'slow', timeout })
        await scene().beside(() =>
          rawExchange(
            scene().platform.port,
            `GET /2016-08-15/proxy/slow/${name}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
          ),
        )
        const record = await eventually(async () => (await recordsOf(scene().platform, `slow$${name}`))[0])
        assert.deepEqual([record.errorType, record.fault], [errorType, 'function'], name)
      }
      const attack = await scene().attacker('huge', { runtime: 'nodejs20', memorySize: 1024 })
      const told = await scene().beside(() => attack(`return 'x'.repeat(40 * 1024 * 1024)`))
      assert.notEqual(told.answer.headers['x-fc-error-type'], undefined)
      assert.ok(told.answer.body.length < 10_000)
      assert.notEqual(await told.recordedError(), '')
    })

    test('a function that is called beyond its queue fills nobody else’s', async () => {
      const { platform } = scene()
      const code = {
        'index.js': 'exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 50)) }',
      }
      const { host } = await platform.deploy('crowded', code, { http: true, memorySize: 128 })
      const reserved = await platform.call('PUT', '/2023-03-30/functions/crowded/concurrency', {
        reservedConcurrency: 1,
      })
      assert.ok(reserved.status < 300, reserved.text)
      const answers = await scene().beside(() =>
        Promise.all(Array.from({ length: 200 }, () => platform.send('GET', '/', { host }))),
      )
      const statuses = Map.groupBy(answers, ({ status }) => status)
      assert.deepEqual(new Set(statuses.keys()), new Set([200, 429]))
      const codes = statuses.get(429)!.map((answer) => answer.json()['Code'])
      assert.deepEqual([...new Set(codes)], ['ResourceExhausted'])
    })
  },
  { environment: { SLUICE_QUEUE_LENGTH: '20' } },
)
