/** Programs in instances by public clients: the unmodified SDK, the way the fc3 tool uses it, and frames as Go sends them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { liveInstance, realPrograms } from '../../src/api/exec/test-support.ts'
import type { TestApi } from '../../src/api/test-support.ts'
import { ACCOUNT_ID, REGION } from '../../src/api/test-support.ts'
import { EMPTY_SHA256, signAcs3 } from '../../src/auth/port.ts'
import { createTokenIssuer } from '../../src/auth/security-token.ts'
import { systemRandom } from '../../src/clock.ts'
import { functionNamed, serviceNamed } from '../../src/gateway/test-support.ts'
import { KEY, startSignedApi, TOKEN_KEY } from './management-support.ts'

interface Session {
  websocket: WebSocket
  sendMessage(data: Uint8Array): void
  close(): void
}
interface Hooks {
  onStdout?: (data: Buffer) => void
  onStderr?: (data: Buffer) => void
  onClose?: (code: number) => void
  onError?: (error: Error) => void
}
/** `@alicloud/fc2` comes without types. */
interface Fc2 {
  version: string
  websocket(path: string, query: object): WebSocket
  instanceExec(
    service: string,
    name: string,
    qualifier: string,
    instanceId: string,
    options: object,
    hooks: Hooks,
  ): Promise<Session>
}

const instances = realPrograms(() => [
  liveInstance('c-2', 'shop$web'),
  liveInstance('c-3', 'solo', { versionId: '1', qualifier: 'live' }),
])
let api: TestApi

before(async () => {
  api = await startSignedApi({ instances })
  await api.metadata.commit([
    { kind: 'service', key: 'shop', value: serviceNamed('shop') },
    { kind: 'function', key: 'solo', value: functionNamed(null, 'solo') },
    { kind: 'function', key: 'shop$web', value: functionNamed('shop', 'web') },
  ])
})
after(() => api.close())

function fc2(secret = KEY.accessKeySecret): Fc2 {
  const FC = createRequire(import.meta.url)('@alicloud/fc2') as new (accountId: string, config: object) => Fc2
  const { accessKeyId: accessKeyID } = KEY
  return new FC(ACCOUNT_ID, { accessKeyID, accessKeySecret: secret, region: REGION, endpoint: api.url })
}

test('the SDK runs a shell in an instance: what is typed comes back, and both streams', async () => {
  const out: Buffer[] = []
  const errors: Buffer[] = []
  const { promise: closed, resolve: onClose } = Promise.withResolvers<number>()
  const session = await fc2().instanceExec(
    'shop',
    'web',
    'LATEST',
    'c-2',
    { command: ['sh', '-c', 'read line; echo "read $line"; echo oops >&2'], tty: false, stderr: true },
    { onStdout: (data) => out.push(data), onStderr: (data) => errors.push(data), onClose },
  )
  await once(session.websocket, 'open')
  session.sendMessage(new Uint8Array(Buffer.from('hello\n')))
  assert.equal(await closed, 1000)
  assert.equal(Buffer.concat(out).toString(), 'read hello\n')
  assert.equal(Buffer.concat(errors).toString(), 'oops\n')
})

test('the SDK’s session ends with its program when it is closed', async () => {
  const { promise: closed, resolve: onClose } = Promise.withResolvers<number>()
  const session = await fc2().instanceExec('shop', 'web', '', 'c-2', { command: 'cat' }, { onClose })
  await once(session.websocket, 'open')
  const program = instances.started.at(-1)!
  assert.deepEqual(program.spec, { command: ['cat'], terminal: true })
  session.close()
  await closed
  assert.equal((await program.exited).signal, 'SIGKILL')
})

test('a refusal reaches the SDK’s error hook with its message', async () => {
  const failure = (client: Fc2, instanceId: string) =>
    new Promise<string>((resolve) => {
      const hooks = { onError: ({ message }: Error) => resolve(message) }
      void client.instanceExec('shop', 'web', '', instanceId, {}, hooks)
    })
  assert.equal(await failure(fc2(), 'c-9'), "function 'web' has no live instance 'c-9'")
  assert.equal(await failure(fc2(), 'c-3'), "function 'web' has no live instance 'c-3'")
  assert.match(await failure(fc2('wrong'), 'c-2'), /^The request signature we calculated does not match/)
})

test('the fc3 tool’s way: the same SDK under the path of version 2023-03-30, with its queries', async () => {
  const client = fc2()
  client.version = '2023-03-30'
  const command = ['sh', '-c', '(cd /code || cd / ) 2>/dev/null && printf done']
  const query = { FC_INSTANCE_EXEC_TIMEOUT: 600, stdin: 'true', tty: 'true', stdout: 'true', stderr: 'true' }
  const socket = client.websocket('/functions/solo/instances/c-3/exec', { ...query, command, qualifier: 'LATEST' })
  const frames: Buffer[] = []
  socket.on('message', (data) => frames.push(data as Buffer))
  const [code] = (await once(socket, 'close')) as [number]
  assert.equal(code, 1000)
  assert.equal(frames[0]!.toString(), '\u0001done')
  assert.equal(instances.started.at(-1)!.spec.terminal, true)
})

test('a Go client: text frames with the channel in front, and pings answered by pings', async () => {
  const client = fc2()
  const path = '/services/shop/functions/web/instances/c-2/exec'
  const query = { command: ['head', '-n', '1'], stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false' }
  const socket = client.websocket(path, query)
  const frames: Buffer[] = []
  socket.on('message', (data) => frames.push(data as Buffer))
  await once(socket, 'open')
  socket.ping('payload')
  socket.send(Buffer.from('\u0000ls --color\r\n'), { binary: false })
  await once(socket, 'close')
  assert.equal(frames[0]!.toString(), '\u0001ls --color\r\n')
})

test('neither nobody nor the code of a function may run programs in instances', async () => {
  const url = '/2023-03-30/functions/solo/instances/c-3/exec?command=ls'
  const status = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}${url}`, { headers })
    socket.on('error', () => {})
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
    return response.statusCode
  }
  const before = instances.started.length
  assert.equal(await status({}), 403)
  const ofFunction = createTokenIssuer({ tokenKey: TOKEN_KEY }, { random: systemRandom }).issue(
    'solo',
    'acs:ram::1234567890123456:role/all',
    Date.now(),
  )
  const request = { method: 'GET', url, host: new URL(api.url).host, headers: {}, bodySha256: EMPTY_SHA256 }
  assert.equal(await status(signAcs3(request, ofFunction, 'nonce-1', Date.now())), 403)
  assert.equal(instances.started.length, before)
})
