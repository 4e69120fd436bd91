/** `sluice local invoke` with the real platform that it starts for itself. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { compileCache, fakeTerminal, sluice, temporaryFolder } from './support.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'sluice.cjs')
const POLL_MS = 20

/** A folder with one function. */
function functionIn(t: TestContext, file: string, source: string, props: Record<string, unknown> = {}): string {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'code'))
  writeFileSync(join(folder, 'code', file), source)
  const runtime = file.endsWith('.py') ? 'python3.10' : 'nodejs20'
  const all = { functionName: 'f', runtime, handler: 'index.handler', code: './code', memorySize: 256, timeout: 20 }
  const resources = { f: { component: 'fc3', props: { ...all, ...props } } }
  writeFileSync(join(folder, 's.yaml'), JSON.stringify({ edition: '3.0.0', resources }))
  return folder
}

const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...compileCache }

async function invoke(folder: string, ...argv: string[]) {
  const terminal = fakeTerminal({ folder, environment })
  return sluice(['local', 'invoke', ...argv], terminal)
}

test('an event: lines and figures on stderr, the answer on stdout', async (t) => {
  const folder = functionIn(
    t,
    'index.js',
    "exports.handler = async (event) => { console.log('begun'); console.error('\u001B[2Jodd'); return { got: String(event) } }",
  )
  const { code, out, err } = await invoke(folder, '-e', 'you')
  assert.equal(code, 0, err)
  assert.equal(out, '{"got":"you"}')
  assert.match(err, /^begun\n\\x1b\[2Jodd\n/m)
  assert.match(err, /^duration [\d.]+ m?s, cold start [\d.]+ m?s, memory [\d.]+ of 256 MB\n$/m)
})

test('settings of the real platform, its database among them, are not those of this one', async (t) => {
  const folder = functionIn(
    t,
    'index.py',
    'import os\n\ndef handler(event, context):\n    return os.environ["STAGE"]\n',
    {
      environmentVariables: { STAGE: 'dev' },
    },
  )
  const theirs = {
    SLUICE_METADATA_URL: 'postgres://u:p@127.0.0.1:1/x',
    SLUICE_PORT: '1',
    SLUICE_ACCESS_KEY_ID: 'other',
  }
  const terminal = fakeTerminal({ folder, environment: { ...environment, ...theirs } })
  const { code, out, err } = await sluice(['local', 'invoke', '-e', ''], terminal)
  assert.equal(code, 0, err)
  assert.equal(out, 'dev')
})

test('HTTP: method, path, headers and body reach the function, and its answer comes whole', async (t) => {
  const source = `
exports.handler = async (event) => {
  const { headers, body, isBase64Encoded, queryParameters, requestContext } = JSON.parse(event)
  const { method, path } = requestContext.http
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body
  return { statusCode: 418, headers: { 'X-Kind': 'tea' }, body: [method, path, queryParameters.a, headers['X-Asked'], text].join(' ') }
}`
  const folder = functionIn(t, 'index.js', source)
  const argv = ['--http', 'POST /pot?a=1', '-H', 'X-Asked: nicely', '-e', 'brew']
  const { code, out, err } = await invoke(folder, ...argv)
  assert.equal(code, 0, err)
  assert.equal(out, 'POST /pot 1 nicely brew')
  assert.match(err, /^HTTP 418\n(.*\n)*x-kind: tea\n/m)
  const document = JSON.parse((await invoke(folder, ...argv, '--json')).out) as Record<string, unknown>
  assert.deepEqual([document['status'], document['body'], document['errorType']], [418, out, undefined])
})

test('HTTP in Python, of a function of a service (2.0)', async (t) => {
  const folder = temporaryFolder(t)
  const source =
    'def handler(environ, start_response):\n' +
    '    start_response("200 OK", [("Content-Type", "text/plain")])\n' +
    '    return [environ["REQUEST_METHOD"].encode(), b" ", environ["PATH_INFO"].encode()]\n'
  mkdirSync(join(folder, 'code'))
  writeFileSync(join(folder, 'code', 'index.py'), source)
  writeFileSync(
    join(folder, 's.yaml'),
    `edition: 1.0.0
services:
  web:
    component: fc
    props:
      region: cn-hangzhou
      service: { name: shop }
      function: { name: web, runtime: python3.10, handler: index.handler, codeUri: ./code, memorySize: 256, timeout: 20 }
      triggers:
        - { name: http, type: http, config: { authType: function, methods: [GET] } }
`,
  )
  const { code, out, err } = await invoke(folder, '--http', 'GET /a%20b')
  assert.equal(code, 0, err)
  assert.equal(out, 'GET /a b')
})

test('a function that fails, or ends its process, is exit code 1 and its own words', async (t) => {
  const throwing = functionIn(t, 'index.py', 'def handler(event, context):\n    raise KeyError("gone")\n')
  const thrown = await invoke(throwing, '-e', '')
  assert.equal(thrown.code, 1)
  assert.equal(thrown.out, '')
  assert.match(thrown.err, /the function failed \(HandledInvocationError\): KeyError: 'gone'\n.*index\.py/)
  assert.match(thrown.err, /^duration /m)

  const crashing = functionIn(
    t,
    'index.js',
    "exports.handler = async () => { console.log('last words'); process.exit(7) }",
  )
  const crashed = await invoke(crashing, '--json', '-e', '')
  assert.equal(crashed.code, 1)
  const { errorType, body, lines } = JSON.parse(crashed.out) as Record<string, string> & { lines: { text: string }[] }
  assert.equal(errorType, 'UnhandledInvocationError')
  assert.match(body!, /Process exited unexpectedly .*"cause":"exit code 7"/)
  assert.equal(lines[0]!.text, 'last words')

  const overHttp = await invoke(crashing, '--http', '/')
  assert.equal(overHttp.code, 1)
  assert.match(overHttp.err, /Process exited unexpectedly/)

  const missing = functionIn(t, 'other.js', '')
  const { code, err } = await invoke(missing, '-e', '')
  assert.equal(code, 1)
  assert.match(err, /ImportModuleError: Cannot find module 'index'/)
})

test('a stream that breaks off is a failure, and what came of it is shown', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'code'))
  writeFileSync(
    join(folder, 'code', 'index.py'),
    'def handler(environ, start_response):\n    start_response("200 OK", [])\n    yield b"first"\n    raise ValueError("broken")\n',
  )
  const props = {
    service: { name: 's' },
    function: { name: 'f', runtime: 'python3', handler: 'index.handler', codeUri: './code', memorySize: 256 },
  }
  const services = { f: { component: 'fc', props } }
  writeFileSync(join(folder, 's.yaml'), JSON.stringify({ edition: '1.0.0', services }))
  const { code, out, err } = await invoke(folder, '--http', '/')
  assert.equal(code, 1, err)
  assert.equal(out, 'first')
  assert.match(err, /error the answer broke off: /)
})

test('a build step runs before, and one that fails ends it', async (t) => {
  const folder = functionIn(t, 'index.js', '')
  const resource = (run: string) => ({
    component: 'fc3',
    actions: { 'pre-deploy': [{ run }] },
    props: { functionName: 'f', runtime: 'nodejs20', handler: 'index.handler', code: './code' },
  })
  const write = (run: string) =>
    writeFileSync(join(folder, 's.yaml'), JSON.stringify({ edition: '3.0.0', resources: { f: resource(run) } }))
  write("echo 'exports.handler = async () => 42' > code/index.js")
  assert.equal((await invoke(folder, '-e', '')).out, '42')
  write('echo no compiler >&2; false')
  const { code, err } = await invoke(folder, '-e', '')
  assert.equal(code, 1)
  assert.match(err, /f: the build failed \(exit code 1\): echo no compiler.*\n.*\n {2}no compiler/)
})

const HANGING = `
exports.handler = () => new Promise(() => {})
console.error('pid ' + process.pid)
setInterval(() => {}, 1000)
`

/** The command as a process of its own, with the pid of the function that hangs in it. */
async function startHanging(t: TestContext): Promise<{ child: ChildProcess; pid: number; leftovers: () => string[] }> {
  const folder = functionIn(t, 'index.js', HANGING)
  const temporary = temporaryFolder(t)
  const child = spawn(process.execPath, [LAUNCHER, 'local', 'invoke', folder, '-e', ''], {
    env: { ...environment, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) {
    said += chunk.toString()
    const [, pid] = /^pid (\d+)$/m.exec(said) ?? []
    if (pid !== undefined) return { child, pid: Number(pid), leftovers: () => readdirSync(temporary) }
  }
  throw new Error(`it ended: ${said}`)
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('Ctrl+C ends function and platform at once, and leaves nothing', async (t) => {
  const { child, pid, leftovers } = await startHanging(t)
  assert.equal(leftovers().length, 1)
  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number]
  assert.equal(code, 130)
  assert.equal(isAlive(pid), false)
  assert.deepEqual(leftovers(), [])
})

/** The process that the launcher hands over to. */
function childOf(parent: number): number {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const [, rest = ''] = readFileSync(`/proc/${name}/stat`, 'utf8').split(/\) (?=[A-Z] )/)
      return Number(rest.split(' ')[1]) === parent
    } catch {
      return false
    }
  })
  assert.ok(found)
  return Number(found)
}

const withoutProc = process.platform === 'linux' ? false : 'processes are looked up in /proc'
test('a command that is killed takes its platform and function with it', { skip: withoutProc }, async (t) => {
  const { child, pid } = await startHanging(t)
  process.kill(childOf(child.pid!), 'SIGKILL')
  while (isAlive(pid)) await sleep(POLL_MS)
})
