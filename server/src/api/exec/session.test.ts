import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { type RawData, WebSocket } from 'ws'
import { systemClock } from '../../clock.ts'
import { FcError } from '../../errors.ts'
import { SimulatedClock } from '../../simulated-clock.ts'
import type { ApiDeps } from '../app.ts'
import type { InstanceControl } from '../instance-control.ts'
import { startApi } from '../test-support.ts'
import { frame } from './frames.ts'
import { FRAME_BYTES_MAX, PING_MS, SESSIONS_MAX } from './limits.ts'
import { liveInstance, realPrograms } from './test-support.ts'

const EXEC = '/2023-03-30/functions/shell/instances/c-1/exec'
const instance = liveInstance('c-1', 'shell')

async function start(t: TestContext, instances: InstanceControl, deps: Partial<ApiDeps> = {}) {
  const api = await startApi(deps.clock ?? systemClock, { instances, ...deps })
  t.after(() => api.close())
  const body = JSON.stringify({ functionName: 'shell', runtime: 'nodejs20', handler: 'index.handler' })
  assert.equal((await fetch(`${api.url}/2023-03-30/functions`, { method: 'POST', body })).status, 200)
  return api
}

interface Client {
  socket: WebSocket
  /** Payloads of a channel so far, joined. */
  said(channel: number): string
  /** Resolves once the channel has said so. */
  has(channel: number, pattern: RegExp): Promise<void>
  closed: Promise<{ code: number; reason: string }>
}

function connect(api: { url: string }, query: string, path = EXEC): Client {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}?${query}`)
  const received: Buffer[] = []
  let look = () => {}
  socket.on('message', (data: RawData) => {
    received.push(data as Buffer)
    look()
  })
  socket.on('error', () => {})
  const said = (channel: number) =>
    Buffer.concat(received.filter((data) => data[0] === channel).map((data) => data.subarray(1))).toString()
  return {
    socket,
    said,
    has: (channel, pattern) =>
      new Promise((resolve) => {
        look = () => pattern.test(said(channel)) && resolve()
        look()
      }),
    closed: new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    ),
  }
}

/** The answer to an upgrade that is refused. */
async function refusal(api: { url: string }, query: string, path = EXEC, headers = {}) {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}?${query}`, { headers })
  socket.on('error', () => {})
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    NodeJS.ReadableStream & { statusCode: number },
  ]
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode, ...(JSON.parse(body) as { Code: string; ErrorMessage: string }) }
}

const command = (...words: string[]) => new URLSearchParams(words.map((word) => ['command', word])).toString()

test('output comes by channel, and the exit code before the close', async (t) => {
  const instances = realPrograms(() => [instance])
  const api = await start(t, instances)
  const client = connect(api, command('sh', '-c', 'echo out; echo err >&2; exit 7'))
  assert.deepEqual(await client.closed, { code: 1000, reason: 'exit code 7' })
  assert.deepEqual([client.said(1), client.said(2), client.said(5)], ['out\n', 'err\n', '{"ExitCode":7}'])
  assert.deepEqual(instances.started[0]!.spec, {
    command: ['sh', '-c', 'echo out; echo err >&2; exit 7'],
    terminal: false,
  })
})

test('what is typed reaches the program: raw in binary frames, after its channel in text frames', async (t) => {
  const api = await start(
    t,
    realPrograms(() => [instance]),
  )
  const client = connect(api, `${command('cat')}&stdin=true`)
  await once(client.socket, 'open')
  client.socket.send(Buffer.from([4, 0x41, 10]))
  client.socket.send(frame(0, 'from Go\n').toString())
  client.socket.send(frame(5, '').toString())
  assert.equal((await client.closed).reason, 'exit code 0')
  assert.equal(client.said(1), '\u0004A\nfrom Go\n')
})

test('text that is no UTF-8 is typed as it is', async (t) => {
  const api = await start(
    t,
    realPrograms(() => [instance]),
  )
  const client = connect(api, `${command('od', '-An', '-tx1', '-N', '3')}&stdin=true`)
  await once(client.socket, 'open')
  client.socket.send(Buffer.from([0, 0xff, 0xfe, 0x80]), { binary: false })
  await client.closed
  assert.match(client.said(1), /ff fe 80/)
})

test('without stdin the program finds its input ended; a channel that is not wanted is not sent', async (t) => {
  const api = await start(
    t,
    realPrograms(() => [instance]),
  )
  const client = connect(api, `${command('sh', '-c', 'cat; echo out; echo err >&2')}&stderr=false`)
  assert.equal((await client.closed).reason, 'exit code 0')
  assert.deepEqual([client.said(1), client.said(2)], ['out\n', ''])
})

test('a resize reaches the terminal, and one that is none ends the session with the reason', async (t) => {
  const instances = realPrograms(() => [instance])
  const api = await start(t, instances)
  const client = connect(api, `${command('cat')}&stdin=true&tty=true`)
  await once(client.socket, 'open')
  assert.equal(instances.started[0]!.spec.terminal, true)
  client.socket.send(frame(4, '{"Width":120,"Height":40}').toString())
  client.socket.send(frame(4, '{"Width":-1}').toString())
  assert.equal((await client.closed).code, 1008)
  assert.match(client.said(3), /^resize takes/)
  assert.deepEqual(instances.started[0]!.sizes, [[120, 40]])
  assert.equal((await instances.started[0]!.exited).signal, 'SIGKILL')
})

test('a client that leaves takes its program with it, children included', async (t) => {
  const instances = realPrograms(() => [instance])
  const api = await start(t, instances)
  const client = connect(api, command('sh', '-c', 'sleep 1000 & echo begun; wait'))
  await client.has(1, /begun/)
  client.socket.terminate()
  assert.equal((await instances.started[0]!.exited).signal, 'SIGKILL')
})

test('a program that writes faster than its client reads waits', async (t) => {
  const output = new PassThrough()
  const instances = pretended(output)
  const api = await start(t, instances)
  const client = connect(api, command('yes'))
  await once(client.socket, 'open')
  client.socket.pause()
  // More than the sockets of both sides hold.
  const chunk = Buffer.alloc(64 * 1024, 'y')
  let writtenBytes = 0
  while (writtenBytes < 64 * 1024 * 1024 && !output.isPaused()) {
    output.write(chunk)
    writtenBytes += chunk.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(output.isPaused(), `${writtenBytes} bytes were taken in`)
  const resumed = once(output, 'resume')
  client.socket.resume()
  await resumed
  client.socket.terminate()
})

/** A program that only the test knows: prints what is written to `stdout`, never ends by itself. */
function pretended(stdout = new PassThrough(), stdin = new PassThrough()): InstanceControl & { killed: Promise<void> } {
  const { promise: killed, resolve } = Promise.withResolvers<void>()
  return {
    killed,
    list: () => [instance],
    provisionStatus: () => undefined,
    exec: async () => ({
      stdin,
      stdout,
      stderr: new PassThrough(),
      resize: () => {},
      exited: killed.then(() => ({ code: null, signal: 'SIGKILL' })),
      kill: resolve,
    }),
  }
}

test('input that the program does not take stops the client, not the platform’s memory', async (t) => {
  const stdin = new PassThrough({ highWaterMark: 1024 })
  const api = await start(t, pretended(new PassThrough(), stdin))
  const client = connect(api, `${command('sleep')}&stdin=true`)
  await once(client.socket, 'open')
  const chunk = Buffer.alloc(FRAME_BYTES_MAX)
  for (let i = 0; i < 64; i++) client.socket.send(chunk)
  await once(stdin, 'readable')
  // Nothing is read of it: what has arrived so far is all that will.
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(stdin.writableLength + stdin.readableLength <= 4 * FRAME_BYTES_MAX)
  client.socket.terminate()
})

test('a frame that is too large ends the session', async (t) => {
  const instances = pretended()
  const api = await start(t, instances)
  const client = connect(api, `${command('cat')}&stdin=true`)
  await once(client.socket, 'open')
  client.socket.send(Buffer.alloc(FRAME_BYTES_MAX + 1))
  assert.equal((await client.closed).code, 1009)
  await instances.killed
})

test('a session in which nothing happens ends; pings are nothing', async (t) => {
  const clock = new SimulatedClock()
  const instances = pretended()
  const api = await start(t, instances, { clock })
  const client = connect(api, `${command('bash')}&idleTimeout=14`)
  await once(client.socket, 'open')
  client.socket.ping()
  await once(client.socket, 'pong')
  clock.advance(13_999)
  assert.equal(client.socket.readyState, client.socket.OPEN)
  clock.advance(1)
  assert.equal((await client.closed).code, 1000)
  assert.equal(client.said(3), 'nothing was typed or printed for 14 seconds')
  await instances.killed
})

test('a client that answers no ping is gone', async (t) => {
  const clock = new SimulatedClock()
  const instances = pretended()
  const api = await start(t, instances, { clock })
  const client = connect(api, `${command('bash')}&idleTimeout=3600`)
  await once(client.socket, 'open')
  // The first look finds that it has just come; it answers the first ping.
  clock.advance(PING_MS)
  await once(client.socket, 'ping')
  client.socket.send(Buffer.alloc(0))
  client.socket.ping()
  await once(client.socket, 'pong')
  client.socket.pause()
  clock.advance(2 * PING_MS)
  await instances.killed
})

test('what cannot begin is refused with the five keys, and nothing is started', async (t) => {
  const instances = realPrograms(() => [instance, liveInstance('c-2', 'shell', { state: 'draining' })])
  const api = await start(t, instances)
  const absent = await refusal(api, command('ls'), EXEC.replace('c-1', 'c-9'))
  assert.deepEqual([absent.status, absent.Code], [404, 'InstanceNotFound'])
  assert.equal(absent.ErrorMessage, "function 'shell' has no live instance 'c-9'")
  assert.equal((await refusal(api, command('ls'), EXEC.replace('c-1', 'c-2'))).Code, 'InstanceNotFound')
  assert.equal((await refusal(api, command('ls'), EXEC.replace('shell', 'none'))).Code, 'FunctionNotFound')
  const none = await refusal(api, 'tty=true')
  assert.deepEqual([none.status, none.Code], [400, 'InvalidArgument'])
  assert.match(none.ErrorMessage, /^command is required/)
  assert.match((await refusal(api, `${command('ls')}&idleTimeout=0`)).ErrorMessage, /^idleTimeout must be .* from 1/)
  assert.equal(instances.started.length, 0)
  const missing = await refusal(api, command('no-such-program'))
  assert.equal(missing.ErrorMessage, 'command: cannot run the program: no-such-program does not exist')
  const elsewhere = await refusal(api, '', '/2023-03-30/functions')
  assert.deepEqual([elsewhere.status, elsewhere.Code], [501, 'NotImplemented'])
  const broken = await refusal(api, command('ls'), EXEC.replace('shell', '%ff'))
  assert.equal(broken.Code, 'InvalidArgument')
})

test('without an upgrade the path says what it takes', async (t) => {
  const api = await start(
    t,
    realPrograms(() => [instance]),
  )
  const answer = await fetch(`${api.url}${EXEC}?${command('ls')}`)
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /exec takes a WebSocket/)
})

test('who may not is refused before anything is looked up', async (t) => {
  const instances = realPrograms(() => [instance])
  const asked: string[] = []
  const api = await start(t, instances, {
    authorizer: {
      authorize(_principal, action, resource) {
        if (action !== 'fc:ExecInstance') return
        asked.push(resource)
        throw new FcError('AccessDenied', 'no')
      },
    },
  })
  assert.equal((await refusal(api, command('ls'), EXEC.replace('shell', 'none'))).Code, 'AccessDenied')
  assert.deepEqual(asked, ['acs:fc:cn-hangzhou:1234567890123456:functions/none/instances/c-1'])
  assert.equal(instances.started.length, 0)
})

test('more programs than the platform allows are refused', async (t) => {
  const api = await start(t, pretended())
  const clients = Array.from({ length: SESSIONS_MAX }, () => connect(api, command('bash')))
  await Promise.all(clients.map(({ socket }) => once(socket, 'open')))
  const { status, Code } = await refusal(api, command('bash'))
  assert.deepEqual([status, Code], [429, 'ResourceExhausted'])
  clients.forEach(({ socket }) => socket.terminate())
})

test('a platform that stops ends the sessions and tells their clients', async (t) => {
  const instances = realPrograms(() => [instance])
  await t.test('while a program runs', async (running) => {
    const api = await start(running, instances)
    const client = connect(api, command('sh', '-c', 'echo begun; sleep 1000'))
    await client.has(1, /begun/)
    // Closed when this part ends, which waits for it.
    running.after(async () => assert.deepEqual(await client.closed, { code: 1001, reason: 'the platform is stopping' }))
  })
  assert.equal((await instances.started[0]!.exited).signal, 'SIGKILL')
})

test('a client that left while its program started leaves no program behind', async (t) => {
  const instances = realPrograms(() => [instance])
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
  const { promise: gone, resolve: onGone } = Promise.withResolvers<void>()
  const slow: InstanceControl = {
    ...instances,
    async exec(id, spec) {
      const process = await instances.exec(id, spec)
      onAsked()
      await gone
      return process
    },
  }
  const api = await start(t, slow)
  const client = connect(api, command('sleep', '1000'))
  await asked
  client.socket.terminate()
  onGone()
  assert.equal((await instances.started[0]!.exited).signal, 'SIGKILL')
})
