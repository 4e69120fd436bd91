/** Custom runtimes over real processes: from the launcher to the program, and its end. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { StartFailure } from '../../src/instances/failure.ts'
import type { Instance } from '../../src/instances/instance.ts'
import {
  openEvent,
  openHttp,
  printedFor,
  programWorld,
  slotOf,
  withLongTurns,
  type ProgramWorldOptions,
} from '../../src/instances/program-test-support.ts'

/** A server that does what the event, or the path of the request, asks for. */
const SERVER = `#!/usr/bin/env node
const http = require('http')
const { readFileSync, readdirSync, readlinkSync } = require('fs')
let initialized = 0
const actions = {
  environment: () => JSON.stringify({ ...process.env, cwd: process.cwd(), argv: process.argv.slice(2) }),
  process: () => JSON.stringify({
    status: readFileSync('/proc/self/status', 'utf8'),
    flags: process.execArgv,
    links: readdirSync('/proc/self/fd').slice(0, 3).map((fd) => readlinkSync('/proc/self/fd/' + fd)),
  }),
  initialized: () => String(initialized),
  port: () => process.env.FC_SERVER_PORT,
  print: () => { console.log('printed'); console.error('complained'); return '' },
  exit: () => { console.log('leaving'); process.exit(0) },
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  greedy: () => { const held = []; for (;;) held.push(Buffer.alloc(16 << 20, 1)) },
}
http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    if (request.url === '/initialize') initialized++
    const action = actions[request.url === '/invoke' ? body.toString() : request.url.slice(1)]
    response.end(action ? action() : body)
  })
}).listen(process.env.FC_SERVER_PORT, '0.0.0.0')
`

async function served(context: TestContext, options: Partial<ProgramWorldOptions> = {}) {
  const world = await programWorld(context, { files: { bootstrap: SERVER }, ...options })
  return { ...world, instance: await world.start() }
}

async function invoke(instance: Instance, event: string): Promise<string> {
  const slot = slotOf(instance)
  const { text, failure } = await openEvent(slot, event).outcome
  slot.release()
  assert.equal(failure, null)
  return text
}

/** What its owner is told of a function that cannot be started. */
async function failureOf(context: TestContext, options: ProgramWorldOptions) {
  const { start } = await programWorld(context, options)
  const thrown: unknown = await start().catch((error: unknown) => error)
  assert.ok(thrown instanceof StartFailure, String(thrown))
  return `${thrown.failure.errorType}: ${thrown.failure.errorMessage}`
}

test('custom: a program serves events and HTTP requests', async (context) => {
  const { instance } = await served(context)
  assert.equal(await invoke(instance, 'hello'), 'hello')
  const slot = slotOf(instance)
  const { head, text } = await openHttp(slot, { method: 'POST', rawPath: '/x' }, 'body').outcome
  assert.deepEqual([head?.status, text], [200, 'body'])
  await instance.stop(0)
})

test('custom: the program finds its environment, its arguments and its folder, and nothing of the platform’s', async (context) => {
  const settings = { customRuntimeConfig: { command: ['./bootstrap'], args: ['-v'] } }
  const config = { environmentVariables: { OWN: 'value', PYTHONPATH: '/code/python', PATH: '/usr/bin' }, settings }
  const { instance, codeFolder } = await served(context, { config })
  const environment = JSON.parse(await invoke(instance, 'environment')) as Record<string, unknown>
  assert.equal(environment['OWN'], 'value')
  assert.equal(environment['PYTHONPATH'], '/code/python')
  assert.match(String(environment['PATH']), /^\/usr\/bin:/)
  assert.equal(environment['FC_FUNCTION_NAME'], 'f')
  assert.equal(environment['FC_SERVER_PORT'], environment['FC_CUSTOM_LISTEN_PORT'])
  assert.equal(environment['cwd'], codeFolder)
  assert.deepEqual(environment['argv'], ['-v'])
  const foreign = Object.keys(environment).filter((name) => /^(NODE_(?!PATH)|SLUICE_CHANNEL|npm_)/.test(name))
  assert.deepEqual(foreign, [])
  await instance.stop(0)
})

test('custom: the program has no signals ignored, and no descriptors of the launcher', async (context) => {
  const files = { bootstrap: '#!/bin/sh\n(grep SigIgn /proc/self/status; ls /proc/self/fd) >&2; exit 3\n' }
  const failure = await failureOf(context, { files })
  assert.match(failure, /SigIgn:\t0+\n/)
  const descriptors = execFileSync('/bin/sh', ['-c', 'ls /proc/self/fd'], { encoding: 'utf8' })
  assert.ok(failure.endsWith(`\n${descriptors.trim()}`), failure)
})

test('custom: the first program found is the code’s own, then the PATH’s, where node and python are', async (context) => {
  const files = { 'app.js': SERVER, 'node/readme.txt': '', 'index.py': '' }
  const config = { settings: { customRuntimeConfig: { command: ['node', 'app.js'] } } }
  const { instance } = await served(context, { files, config })
  assert.equal(await invoke(instance, 'hello'), 'hello')
  await instance.stop(0)
})

test('custom: programs of the platform are found before those of the system, and after a PATH that the function sets', async (context) => {
  const pathFor = async (environmentVariables: Record<string, string>) => {
    const { instance } = await served(context, { config: { environmentVariables } })
    const { PATH } = JSON.parse(await invoke(instance, 'environment')) as { PATH: string }
    await instance.stop(0)
    return PATH
  }
  const usual = await pathFor({})
  const at = usual.indexOf(':/usr/local/bin:/usr/bin:/bin:')
  assert.ok(at > 0, usual)
  const platform = usual.slice(0, at)
  assert.equal(await pathFor({ PATH: '/opt/own/bin:/usr/bin' }), `/opt/own/bin:/usr/bin:${platform}`)
})

test('custom: initializer, freezing and thawing, several instances on one host', async (context) => {
  const config = { initializer: { handler: 'i', timeoutSeconds: 5 } }
  const { instance, start } = await served(context, { config })
  assert.equal(await invoke(instance, 'initialized'), '1')
  assert.ok(instance.phases.initializerMs > 0)
  for (let i = 0; i < 3; i++) {
    assert.equal(instance.freeze(), true)
    assert.equal(await invoke(instance, `request ${i}`), `request ${i}`)
  }
  const other = await start()
  const ports = await Promise.all([instance, other].map((each) => invoke(each, 'port')))
  assert.notEqual(ports[0], ports[1])
  await Promise.all([instance.stop(0), other.stop(0)])
})

test('custom: what the program prints before it answers is the request’s, however late both are read', async (context) => {
  const { instance } = await served(context)
  const [printed] = await withLongTurns(() => printedFor(instance, 'print', 1))
  assert.deepEqual(printed!.toSorted(), ['complained\n', 'printed\n'])
  await instance.stop(0)
})

test('custom: a program that ends in the middle of a request is told by its exit code or signal', async (context) => {
  const world = await programWorld(context, { files: { bootstrap: SERVER }, config: { memoryMB: 128 } })
  for (const [event, cause] of [
    ['exit', /^exit code 0$/],
    ['crash', /^ended by signal SIGSEGV$/],
    ['greedy', /more than its 128 MB/],
  ] as const) {
    const instance = await world.start()
    const slot = slotOf(instance)
    openEvent(slot, event)
    assert.match((await slot.gone).cause, cause)
  }
})

test('custom: a program that cannot be run is named with what is wrong with it', async (context) => {
  const otherMachine = process.arch === 'x64' ? 0xb7 : 0x3e
  const header = Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]),
    Buffer.alloc(11),
    Buffer.from([otherMachine, 0]),
  ])
  const cases: [files: Record<string, string | Buffer>, expected: RegExp][] = [
    [{ 'index.js': '' }, /^CAFileNotFound: the program 'bootstrap' is not in the code package/],
    [{ 'bootstrap/file': '' }, /^CAFileNotFound: the program 'bootstrap' is no file/],
    [{ bootstrap: 'echo' }, /^CAFilePermission: the program 'bootstrap' is not executable/],
    [
      { bootstrap: Buffer.from('echo hello\n') },
      /^CAExited: the program 'bootstrap' is no Linux program, and no script/,
    ],
    [{ bootstrap: '#!/bin/sh\r\nexit\r\n' }, /^CAExited: the script 'bootstrap' has the line ends of Windows/],
    [{ bootstrap: '#!/no/such/shell\n' }, /^CAFileNotFound: the script 'bootstrap' asks for \/no\/such\/shell/],
    [{ bootstrap: header }, /^CAExited: the program 'bootstrap' is built for (arm64|x64), this machine is/],
  ]
  for (const [files, expected] of cases) assert.match(await failureOf(context, { files }), expected)
})

test('custom: a program that ends before it listens is told with its exit code and last words', async (context) => {
  const exits = { bootstrap: '#!/bin/sh\necho no configuration >&2\nexit 3\n' }
  assert.match(
    await failureOf(context, { files: exits }),
    /^CAExited: the program ended before it could serve: exit code 3; it said: no configuration$/,
  )
  const killed = { bootstrap: '#!/bin/sh\nkill -9 $$\n' }
  assert.match(await failureOf(context, { files: killed }), /^CAExited: .*signal SIGKILL$/)
})

test('custom: a program that never listens is given up after its time, with the port that was expected', async (context) => {
  // A thousand times as fast, so that the two minutes pass in a tenth of a second.
  const clock = { ...systemClock, monotonicMs: () => performance.now() * 1000 }
  const files = { bootstrap: '#!/bin/sh\nsleep 60\n' }
  assert.match(
    await failureOf(context, { files, clock }),
    /^FunctionNotStarted: not ready after 120 seconds: the program listens on no port; it must listen on 0\.0\.0\.0:\d+/,
  )
})
