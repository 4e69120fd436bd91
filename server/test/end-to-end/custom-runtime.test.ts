/** Custom runtimes through the whole platform, in both kinds of sandboxes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'
import { codeOf, eventually, linesOf, recordsOf } from './http-support.ts'
import { SERVER, WEBSOCKET_SERVER, wsPackage } from './custom-support.ts'

const MB = 1024 * 1024
const config = { runtime: 'custom.debian12', instanceConcurrency: 20, timeout: 30, memorySize: 1024 }
const canIsolate = process.platform === 'linux' && process.getuid?.() === 0

for (const sandbox of ['process', 'oci']) {
  const skip = sandbox === 'oci' && !canIsolate ? 'containers need Linux and root' : false
  describe(`custom runtime, sandbox ${sandbox}`, { skip }, () => {
    let platform: TestPlatform
    let server = ''
    let sockets = ''
    before(async () => {
      platform = await startPlatform({ SLUICE_SANDBOX: sandbox })
      server = (await platform.deploy('server', { bootstrap: SERVER }, { ...config, http: true })).host
      const files = { bootstrap: WEBSOCKET_SERVER, ...wsPackage() }
      sockets = (await platform.deploy('sockets', files, { ...config, http: true })).host
    })
    after(() => platform.stop())

    const get = (path: string, host = server) => platform.send('GET', path, { host })

    function connectTo(path: string, host = sockets): WebSocket {
      const client = new WebSocket(`ws://127.0.0.1:${platform.port}${path}`, { headers: { Host: host } })
      client.on('error', () => {})
      return client
    }

    test('an event goes to /invoke and only the body comes back', async () => {
      const answer = await platform.invoke('server', 'hello')
      assert.deepEqual([answer.status, answer.text], [200, 'hello'])
      assert.equal(answer.headers['content-type'], 'application/octet-stream')
      assert.equal(answer.headers['x-own'], undefined)
      const failed = await platform.invoke('server', '/refuse')
      assert.equal(failed.headers['x-fc-error-type'], 'HandledInvocationError')
      assert.deepEqual(failed.json(), { errorMessage: 'no', errorType: 'No' })
    })

    test('a request reaches the program as it came, and its answer the caller', async () => {
      const seen = (await get('/a%20b?q=1&q=2')).json<{
        method: string
        url: string
        headers: Record<string, string>
      }>()
      assert.deepEqual([seen.method, seen.url], ['GET', '/a%20b?q=1&q=2'])
      assert.equal(seen.headers['host'], server)
      assert.equal(seen.headers['x-fc-control-path'], '/http-invoke')
      assert.match(seen.headers['x-fc-access-key-id']!, /^STS\./)
      assert.equal(seen.headers['x-fc-function-name'], 'server')
      const answer = await get('/status')
      assert.deepEqual([answer.status, answer.text], [418, 'teapot'])
      assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
      assert.deepEqual([answer.headers['x-fc-forged'], answer.headers['server']], [undefined, undefined])
    })

    test('an event of a stream arrives while the program holds the next back', async () => {
      const request = httpRequest({ port: platform.port, path: '/events', headers: { Host: server }, agent: false })
      request.end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      assert.equal(String((await once(response, 'data'))[0]), 'data: one\n\n')
      const second = once(response, 'data')
      await get('/go-on')
      assert.equal(String((await second)[0]), 'data: two\n\n')
    })

    test('30 MB pass both ways, as an event and as a request', async () => {
      const body = Buffer.alloc(30 * MB, 'abcdefg')
      assert.ok((await platform.invoke('server', body)).body.equals(body))
      assert.ok((await platform.send('POST', '/echo', { host: server, body })).body.equals(body))
    })

    test('answers that are no HTTP, or would split the response, are bad responses', async () => {
      for (const path of ['/garbage', '/split']) {
        const answer = await get(path)
        assert.equal(answer.status, 502, path)
        assert.equal(answer.json()['errorType'], 'BadResponse')
        assert.equal(answer.headers['x-b'], undefined)
      }
    })

    test('a program that exits in the middle of a request is told with its exit code', async () => {
      await platform.deploy('exiting', { bootstrap: SERVER }, { ...config, instanceConcurrency: 1 })
      const answer = await platform.invoke('exiting', '/exit')
      assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError')
      assert.match(String(answer.json()['errorMessage']), /^Process exited unexpectedly before completing request/)
      assert.equal(answer.json()['cause'], 'exit code 0')
      assert.equal((await platform.invoke('exiting', 'again')).text, 'again')
    })

    test('a program that cannot be started is an error of the call, and of the log', async () => {
      const programs: [name: string, bootstrap: Record<string, string>, code: string, message: RegExp][] = [
        ['absent', { 'index.js': '' }, 'CAFileNotFound', /'bootstrap' is not in the code package/],
        ['plain', { bootstrap: 'echo' }, 'CAFilePermission', /'bootstrap' is not executable/],
        [
          'leaving',
          { bootstrap: '#!/bin/sh\necho no database >&2\nexit 3' },
          'CAExited',
          /exit code 3; it said: no database/,
        ],
      ]
      for (const [name, files, code, message] of programs) {
        const { host } = await platform.deploy(name, files, { ...config, http: true })
        for (const answer of [await platform.invoke(name), await get('/', host)]) {
          assert.deepEqual(codeOf(answer), [412, code])
          assert.match(String(answer.json()['Message']), message)
        }
      }
      const lines = await eventually(async () => {
        const found = await linesOf(platform, 'leaving')
        return found.some(({ text }) => text === 'no database') ? found : undefined
      })
      assert.ok(lines.some(({ text }) => text.includes('exit code 3')))
      const [record] = await eventually(async () => {
        const found = await recordsOf(platform, 'leaving')
        return found.length > 0 ? found : undefined
      })
      assert.deepEqual([record!.statusCode, record!.errorType, record!.fault], [412, 'CAExited', 'function'])
    })

    test('hooks of the lifecycle reach the program', async () => {
      const hook = { handler: 'any', timeout: 5 }
      const instanceLifecycleConfig = { preFreeze: hook, preStop: hook }
      const files = { bootstrap: SERVER }
      await platform.deploy('hooked', files, { ...config, service: 'hooks', instanceLifecycleConfig })
      assert.equal((await platform.invoke('hooks$hooked', 'hello')).text, 'hello')
      const printed = (text: string) =>
        eventually(async () => (await linesOf(platform, 'hooks$hooked')).find((line) => line.text === text))
      await printed('GET pre-freeze')
      await platform.call('PUT', '/2021-04-06/services/hooks/functions/hooked', { description: 'another' })
      await printed('GET pre-stop')
    })

    test('messages of a WebSocket pass both ways, and the connection is one invocation', async () => {
      const client = connectTo('/chat')
      const requestId = String((await once(client, 'message'))[0])
      for (const text of ['one', 'two']) {
        client.send(text)
        assert.equal(String((await once(client, 'message'))[0]), text)
      }
      const large = Buffer.alloc(8 * MB, 'abcdefg')
      client.send(large)
      const [received] = (await once(client, 'message')) as [Buffer]
      assert.ok(received.equals(large))
      client.send('bye')
      const [code, reason] = (await once(client, 'close')) as [number, Buffer]
      assert.deepEqual([code, reason.toString()], [4001, 'as asked'])
      const record = await eventually(async () =>
        (await recordsOf(platform, 'sockets')).find((each) => each.requestId === requestId),
      )
      assert.equal(record.statusCode, 101)
      assert.ok(record.requestBytes > 8 * MB && record.responseBytes > 8 * MB)
    })

    test('a WebSocket that is refused, dies, outlives its function’s time, or asks what cannot speak it', async () => {
      const refusal = async (client: WebSocket) => (await once(client, 'unexpected-response'))[1] as IncomingMessage
      assert.equal((await refusal(connectTo('/refused'))).statusCode, 403)
      const dying = connectTo('/')
      await once(dying, 'message')
      dying.send('die')
      assert.equal((await once(dying, 'close'))[0], 1006)
      const short = await platform.deploy(
        'short',
        { bootstrap: WEBSOCKET_SERVER, ...wsPackage() },
        { ...config, timeout: 1, http: true },
      )
      const late = connectTo('/', short.host)
      await once(late, 'message')
      assert.equal((await once(late, 'close'))[0], 1006)
      const plain = await platform.deploy(
        'plain-node',
        { 'index.js': 'exports.handler = async () => 1' },
        { http: true },
      )
      assert.equal((await refusal(connectTo('/', plain.host))).statusCode, 501)
      assert.equal((await refusal(connectTo('/', 'nobody-0123456789.localhost'))).statusCode, 404)
    })

    test('a WebSocket client that vanishes frees its place', async () => {
      const client = connectTo('/')
      const requestId = String((await once(client, 'message'))[0])
      client.terminate()
      const record = await eventually(async () =>
        (await recordsOf(platform, 'sockets')).find((each) => each.requestId === requestId),
      )
      assert.equal(record.statusCode, 101)
    })

    if (sandbox === 'oci') {
      // Found out after ten seconds, in which the other tests run.
      let told: Promise<Answer>
      before(async () => {
        const alone = SERVER.replace("process.env.FC_SERVER_PORT ?? 9000, '0.0.0.0'", "9000, '127.0.0.1'")
        await platform.deploy('alone', { bootstrap: alone }, config)
        told = platform.invoke('alone')
      })
      test('a program that listens for itself alone is told so', async () => {
        const answer = await told
        assert.deepEqual(codeOf(answer), [412, 'FunctionNotStarted'])
        assert.match(String(answer.json()['Message']), /listens on port 9000 of the loopback address.*0\.0\.0\.0:9000/)
      })

      test('a program listens on the port that its configuration names', async () => {
        await platform.deploy('ported', { bootstrap: SERVER }, { ...config, service: 's', caPort: 8080 })
        assert.equal((await platform.invoke('s$ported', 'hello')).text, 'hello')
      })
    }
  })
}
