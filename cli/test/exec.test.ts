/** `sluice exec` and `sluice instances` against the platform's API, its signatures checked; programs are real. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { liveInstance, realPrograms } from '../../server/src/api/exec/test-support.ts'
import type { TestApi } from '../../server/src/api/test-support.ts'
import { KEY, startSignedApi } from '../../server/test/end-to-end/management-support.ts'
import { type FakeTerminal, fakeTerminal, sluice } from './support.ts'

const minuteAgoMs = Date.now() - 60_000
const instances = realPrograms(() => [
  liveInstance('c-busy', 'web', { inFlight: 1, state: 'busy', createdMs: minuteAgoMs }),
  liveInstance('c-idle', 'web', { createdMs: minuteAgoMs }),
  liveInstance('c-old', 'shop$web', { versionId: '1', qualifier: 'live', isProvisioned: true, createdMs: minuteAgoMs }),
])
let api: TestApi
let environment: Record<string, string>

before(async () => {
  api = await startSignedApi({ instances })
  environment = {
    SLUICE_ENDPOINT: api.url,
    SLUICE_ACCESS_KEY_ID: KEY.accessKeyId,
    SLUICE_ACCESS_KEY_SECRET: KEY.accessKeySecret,
  }
  const runtime = ['--runtime', 'nodejs20', '--handler', 'index.handler', '--code', import.meta.dirname]
  for (const name of ['web', 'lonely']) assert.equal((await run('deploy', '--name', name, ...runtime)).code, 0)
})
after(() => api.close())

const run = (...argv: string[]) => runWith(fakeTerminal({ environment, stdin: new PassThrough().end() }), ...argv)
const runWith = (terminal: FakeTerminal, ...argv: string[]) => sluice(argv, terminal)

test('a command runs in an instance that has time for it: output, errors and exit code come through', async () => {
  const { code, out, err } = await run('exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 42')
  assert.deepEqual([code, out, err], [42, 'out\n', 'err\n'])
  assert.deepEqual(instances.started.at(-1)!.spec, {
    command: ['sh', '-c', 'echo out; echo err >&2; exit 42'],
    terminal: false,
  })
})

test('what is piped in reaches the command, to its end', async () => {
  const stdin = new PassThrough()
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))
  stdin.end(bytes)
  const { code, out } = await runWith(fakeTerminal({ environment, stdin }), 'exec', 'web', '--', 'cksum')
  assert.equal(code, 0)
  assert.match(out, /^\d+ 300000\n$/)
})

test('with a terminal there is one at the other end, of the same size, and Ctrl+] leaves it', async () => {
  const typed = new PassThrough()
  const raw: boolean[] = []
  const stdin = Object.assign(typed, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  const terminal = fakeTerminal({ environment, stdin, isTTY: true })
  Object.assign(terminal.stdout, { columns: 100, rows: 30 })
  const ended = runWith(terminal, 'exec', 'web', '-i', 'c-busy', '--', 'cat')
  typed.write('hello\r')
  await terminal.stdout.has(/hello\r/)
  Object.assign(terminal.stdout, { columns: 120 })
  terminal.stdout.emit('resize')
  typed.write('resized\r')
  await terminal.stdout.has(/resized\r/)
  const program = instances.started.at(-1)!
  assert.equal(program.spec.terminal, true)
  assert.deepEqual(program.sizes, [
    [100, 30],
    [120, 30],
  ])
  typed.write(Buffer.of(0x1d))
  assert.equal((await ended).code, 1)
  assert.deepEqual(raw, [true, false])
  assert.equal((await program.exited).signal, 'SIGKILL')
})

test('Ctrl+C without a terminal ends the program, too', async () => {
  const stop = new AbortController()
  const stdin = new PassThrough()
  const terminal = fakeTerminal({ environment, stdin, signal: stop.signal })
  const ended = runWith(terminal, 'exec', 'web', '--', 'sh', '-c', 'echo begun; exec sleep 1000')
  await terminal.stdout.has(/begun/)
  stop.abort()
  assert.equal((await ended).code, 1)
  assert.equal((await instances.started.at(-1)!.exited).signal, 'SIGKILL')
})

test('without an instance the user is told how to get one', async () => {
  const { code, err } = await run('exec', 'lonely', '--', 'ls')
  assert.equal(code, 3)
  assert.match(err, /lonely has no live instance of LATEST\n.*start one with `sluice invoke lonely`/)
  const gone = await run('exec', 'web', '-i', 'c-gone', '--', 'ls')
  assert.equal(gone.code, 3)
  assert.match(gone.err, /InstanceNotFound: function 'web' has no live instance 'c-gone'/)
  const missing = await run('exec', 'web', '--', 'no-such-program')
  assert.equal(missing.code, 1)
  assert.match(missing.err, /command: cannot run the program: no-such-program does not exist/)
})

test('no platform, no session', async () => {
  const other = await startSignedApi()
  await other.close()
  const terminal = fakeTerminal({ environment: { ...environment, SLUICE_ENDPOINT: other.url } })
  const { code, err } = await runWith(terminal, 'exec', 'web', '-i', 'c-idle', '--', 'ls')
  assert.equal(code, 5)
  assert.match(err, /no answer from the platform at /)
})

test('instances are shown as a table, and whole with --json', async () => {
  const { out } = await run('instances', 'web')
  assert.deepEqual(out.trim().split('\n'), [
    'INSTANCE\tFUNCTION\tVERSION\tSTATUS\tSTARTED\tAGE',
    `c-busy\tweb\tLATEST\trunning\tby a request\t${out.match(/\d+\.\d s/)![0]}`,
    `c-idle\tweb\tLATEST\tidle\tby a request\t${out.match(/\d+\.\d s/)![0]}`,
  ])
  const all = JSON.parse((await run('instances', '--json')).out) as { functionName: string; instanceId: string }[]
  assert.deepEqual(
    all.map(({ functionName, instanceId }) => `${functionName} ${instanceId}`),
    ['web c-busy', 'web c-idle'],
  )
  assert.equal((await run('instances', 'none')).code, 3)
})

test('a command that prints faster than the terminal shows loses nothing', async () => {
  const terminal = fakeTerminal({ environment, stdin: new PassThrough().end() })
  const { code, out } = await runWith(terminal, 'exec', 'web', '--', 'head', '-c', '5000000', '/dev/zero')
  assert.equal(code, 0)
  assert.equal(out.length, 5_000_000)
})
