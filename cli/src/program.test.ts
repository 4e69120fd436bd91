import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { type Answer, failure, fakePlatform, fakeTerminal, sluice, temporaryFolder } from '../test/support.ts'

async function runAgainst(t: TestContext, answer: Answer, argv: string[]) {
  const { environment } = await fakePlatform(t, () => answer)
  return sluice(argv, fakeTerminal({ environment }))
}

test('exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 denied, 5 not reachable', async (t) => {
  const answers: [Answer, string[], number][] = [
    [{ body: { functions: [] } }, ['list'], 0],
    [failure(500, 'InternalServerError', 'oh'), ['list'], 1],
    [failure(400, 'InvalidArgument', 'no'), ['list'], 1],
    [{ status: 200 }, ['list', 'everything'], 2],
    [{ status: 200 }, ['lsit'], 2],
    [{ status: 200 }, ['list', '--unknown'], 2],
    [{ status: 200 }, ['info', 'not a name'], 2],
    [{ status: 200 }, ['invoke', 'f', '-e', 'a', '-f', 'b'], 2],
    [{ status: 200 }, ['logs', 'f', '--since', 'yesterday'], 2],
    [{ status: 200 }, ['deploy', '--memory', 'much', '--name', 'f'], 2],
    [failure(404, 'FunctionNotFound', 'no f'), ['info', 'f'], 3],
    [failure(403, 'AccessDenied', 'no'), ['list'], 4],
    [{ status: 200 }, ['--help'], 0],
  ]
  for (const [answer, argv, code] of answers) {
    assert.equal((await runAgainst(t, answer, argv)).code, code, argv.join(' '))
  }
  const { server, environment } = await fakePlatform(t, () => ({}))
  await new Promise((resolve) => server.close(resolve))
  const { code, err } = await sluice(['list'], fakeTerminal({ environment }))
  assert.equal(code, 5)
  assert.match(err, /no answer from the platform at .*ECONNREFUSED.*\n.*npx sluice up/)
})

test('with --json a failure is one document on stdout, wherever the flag stands', async (t) => {
  const answer = failure(404, 'FunctionNotFound', 'no f')
  for (const argv of [
    ['--json', 'info', 'f'],
    ['info', 'f', '--json'],
  ]) {
    const { out, err } = await runAgainst(t, answer, argv)
    assert.equal(err, '')
    assert.equal((JSON.parse(out) as { error: { code: string } }).error.code, 'FunctionNotFound')
  }
  const usage = await runAgainst(t, answer, ['info', '--json'])
  assert.match((JSON.parse(usage.out) as { error: { message: string } }).error.message, /missing required argument/)
})

test('an answer that is no answer of a platform is told as such', async (t) => {
  const { code, err } = await runAgainst(t, { status: 502, body: '<html>' }, ['list'])
  assert.equal(code, 1)
  assert.match(err, /answered (GetInfo|ListFunctions) with HTTP 502, not as a Sluice platform does/)
})

test('the secret is never said and never sent', async (t) => {
  let sent = ''
  const { environment } = await fakePlatform(t, (request) => {
    sent += JSON.stringify(request.headers) + request.path + request.query.toString()
    return failure(403, 'SignatureNotMatch', 'no')
  })
  const { err, out } = await sluice(['list'], fakeTerminal({ environment }))
  assert.doesNotMatch(sent + err + out, /testsk/)
  assert.match(err, /SLUICE_ACCESS_KEY_SECRET/)
})

test('without a key the data folder is named, and before the first start the missing platform', async (t) => {
  const { environment, server } = await fakePlatform(t, () => ({}))
  const data = temporaryFolder(t)
  const without = { SLUICE_ENDPOINT: environment.SLUICE_ENDPOINT, SLUICE_DATA_DIR: data }
  const denied = await sluice(['list'], fakeTerminal({ environment: without }))
  assert.equal(denied.code, 4)
  assert.match(denied.err, /nor can .*credentials\.json be read/)
  writeFileSync(join(data, 'credentials.json'), JSON.stringify({ accessKeyId: 'a', accessKeySecret: 'b' }))
  assert.equal((await sluice(['list'], fakeTerminal({ environment: without }))).code, 0)
  await new Promise((resolve) => server.close(resolve))
  const nothing = { ...without, SLUICE_DATA_DIR: join(data, 'absent') }
  assert.equal((await sluice(['list'], fakeTerminal({ environment: nothing }))).code, 5)
})

test('invoke sends text, file or what is piped in, and never waits for a silent pipe', async (t) => {
  const events: string[] = []
  const { environment } = await fakePlatform(t, ({ method, body }) => {
    if (method === 'GET') return { body: { timeout: 3 } }
    events.push(body.toString())
    return { headers: { 'x-fc-request-id': '1-x', 'x-fc-invocation-duration': '3' }, body: 'ok' }
  })
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'event.json'), '{"a":1}')
  const invoke = (argv: string[], stdin?: Readable) =>
    sluice(['invoke', 'f', ...argv], fakeTerminal({ environment, folder, ...(stdin && { stdin }) }))
  assert.equal((await invoke(['-e', 'text'])).out, 'ok')
  await invoke(['-f', 'event.json'])
  await invoke(['-f', '-'], Readable.from([Buffer.from('piped')]))
  await invoke([], Readable.from([Buffer.from('also piped')]))
  await invoke([])
  assert.deepEqual(events, ['text', '{"a":1}', 'piped', 'also piped', ''])
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const silent = new Readable({ read: () => t.mock.timers.tick(5000) })
  const { code, err } = await invoke([], silent)
  assert.equal(code, 2)
  assert.match(err, /nothing arrived on standard input/)
  t.mock.timers.reset()
})

test('invoke shows the failure of a function on stderr, its bytes on stdout otherwise', async (t) => {
  const log = Buffer.from('line \u001B[2J one\n').toString('base64')
  const answer: Answer = {
    headers: { 'x-fc-error-type': 'UnhandledInvocationError', 'x-fc-log-result': log },
    body: { errorMessage: 'Task timed out after 3 seconds' },
  }
  const { code, out, err } = await runAgainst(t, answer, ['invoke', 'f', '-e', ''])
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, /line \\x1b\[2J one\nerror .*UnhandledInvocationError\): Task timed out after 3 seconds/)
  const asJson = await runAgainst(t, answer, ['invoke', 'f', '-e', '', '--json'])
  assert.equal(asJson.code, 1)
  assert.equal((JSON.parse(asJson.out) as { errorType: string }).errorType, 'UnhandledInvocationError')
})

test('commands below a command take the global options before and after their name, and ask as others do', async (t) => {
  const calls: string[] = []
  const { environment } = await fakePlatform(t, ({ method, path }) => {
    calls.push(`${method} ${path}`)
    return method === 'DELETE' ? { status: 204 } : { body: { layers: [{ layerName: 'l', version: 1 }] } }
  })
  for (const argv of [
    ['--json', 'layers', 'list'],
    ['layers', 'list', '--json'],
    ['layers', '--json'],
  ]) {
    const { out } = await sluice(argv, fakeTerminal({ environment }))
    assert.deepEqual(JSON.parse(out), [{ layerName: 'l', version: 1 }], argv.join(' '))
  }
  const piped = Readable.from([])
  assert.equal((await sluice(['layers', 'delete', 'l', '1'], fakeTerminal({ environment, stdin: piped }))).code, 2)
  assert.equal((await sluice(['layers', 'publish', 'l'], fakeTerminal({ environment }))).code, 2)
  assert.ok(!calls.some((call) => call.startsWith('DELETE')))
  assert.equal((await sluice(['layers', 'delete', 'l', '1', '2', '-y'], fakeTerminal({ environment }))).code, 0)
  assert.deepEqual(
    calls.filter((call) => call.startsWith('DELETE')),
    ['DELETE /2023-03-30/layers/l/versions/1', 'DELETE /2023-03-30/layers/l/versions/2'],
  )
})

test('remove asks, and without a terminal wants -y; a no removes nothing', async (t) => {
  const methods: string[] = []
  const { environment } = await fakePlatform(t, ({ method, path }) => {
    methods.push(`${method} ${path}`)
    if (path.endsWith('/triggers')) return { body: { triggers: [{ triggerName: 'http' }] } }
    if (path.endsWith('/versions')) return { body: { versions: [{ versionId: '1' }] } }
    if (path.endsWith('/aliases')) return { body: { aliases: [{ aliasName: 'prod' }] } }
    return { status: 204 }
  })
  const piped = await sluice(['remove', 'f'], fakeTerminal({ environment, stdin: Readable.from([]) }))
  assert.equal(piped.code, 2)
  const answer = (text: string) => Object.assign(Readable.from([Buffer.from(text)]), { isTTY: true })
  const no = await sluice(['remove', 'f'], fakeTerminal({ environment, stdin: answer('n\n') }))
  assert.equal(no.code, 1)
  const end = await sluice(['remove', 'f'], fakeTerminal({ environment, stdin: answer('') }))
  assert.equal(end.code, 1)
  assert.equal(methods.length, 0)
  const yes = await sluice(['remove', 'f'], fakeTerminal({ environment, stdin: answer('y\n') }))
  assert.equal(yes.code, 0, yes.err)
  assert.deepEqual(
    methods.filter((call) => call.startsWith('DELETE')),
    ['triggers/http', 'aliases/prod', 'versions/1', ''].map((rest) =>
      `DELETE /2023-03-30/functions/f/${rest}`.replace(/\/$/, ''),
    ),
  )
})

test('init refuses to write over files and makes nothing then', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'web', 'code'), { recursive: true })
  writeFileSync(join(folder, 'web', 'code', 'index.js'), 'mine')
  const { code, err } = await sluice(['init', 'nodejs-http', 'web'], fakeTerminal({ folder }))
  assert.equal(code, 2)
  assert.match(err, /code\/index\.js is already there/)
  assert.throws(() => readFileSync(join(folder, 'web', 's.yaml')))
  const made = await sluice(['init', 'python-event', '7 days'], fakeTerminal({ folder }))
  assert.equal(made.code, 0)
  assert.match(readFileSync(join(folder, '7 days', 's.yaml'), 'utf8'), /functionName: f-7-days\n/)
})

test('doctor names the program that has the port', async (t) => {
  const other = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.after(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' && address ? String(address.port) : ''
  const environment = { SLUICE_PORT: port, SLUICE_DATA_DIR: temporaryFolder(t), PATH: process.env['PATH'] }
  const { code, out } = await sluice(['doctor'], fakeTerminal({ environment }))
  assert.equal(code, 1)
  assert.match(out, new RegExp(`fail  port +${port} is used by .*which is no Sluice`))
  if (process.platform === 'linux') assert.match(out, new RegExp(`process ${process.pid}\\)`))
})

test('the launcher passes arguments, output and exit code', async () => {
  const launcher = join(import.meta.dirname, '..', 'bin', 'sluice.cjs')
  const child = spawn(process.execPath, [launcher, 'info', 'not a name', '--json'])
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(code, 2)
  assert.match(out, /"exitCode":2/)
})
