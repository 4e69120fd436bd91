/** The command against the real platform, from the first deployment to the last removal. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../server/test/support/platform.ts'
import { type FakeTerminal, compileCache, fakeTerminal, sluice } from './support.ts'

const LAUNCHER = join(import.meta.dirname, '..', 'bin', 'sluice.cjs')
const SERVER_MAIN = join(import.meta.dirname, '..', '..', 'server', 'src', 'main.ts')
const READY_POLL_MS = 50
const READY_MS_MAX = 30_000
const STOP_MS_MAX = 15_000

const folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'))
const environment: Record<string, string> = {
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  SLUICE_DATA_DIR: join(folder, 'data'),
  SLUICE_SAMPLES: 'off',
  ...compileCache,
}
let platform: ChildProcess
let url = ''

async function startPlatform(...command: string[]): Promise<void> {
  platform = spawn(process.execPath, command, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  platform.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const deadline = performance.now() + READY_MS_MAX
  while (performance.now() < deadline && platform.exitCode === null) {
    const isReady = await fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (isReady) return
    await sleep(READY_POLL_MS)
  }
  throw new Error(`the platform did not get ready: ${said}`)
}

async function stopPlatform(): Promise<void> {
  if (platform.exitCode !== null) return
  const ended = new Promise((resolve) => platform.once('exit', resolve))
  platform.kill('SIGTERM')
  const timer = setTimeout(() => platform.kill('SIGKILL'), STOP_MS_MAX)
  const code = await ended
  clearTimeout(timer)
  assert.equal(code, 0, 'a platform that is told to stop exits with 0')
}

const run = (...argv: string[]) => sluice(argv, fakeTerminal({ environment, folder }))

async function runOk(...argv: string[]): Promise<string> {
  const { code, out, err } = await run(...argv)
  assert.equal(code, 0, `sluice ${argv.join(' ')}: ${out}${err}`)
  return out
}

before(async () => {
  environment['SLUICE_PORT'] = String(await freePort())
  url = `http://127.0.0.1:${environment['SLUICE_PORT']}`
  await startPlatform(SERVER_MAIN)
})
after(async () => {
  await stopPlatform()
  rmSync(folder, { recursive: true, force: true })
})

test('every template deploys, answers, and is left alone the second time', async () => {
  const names = ['nodejs-event', 'nodejs-http', 'python-event', 'python-http']
  for (const name of names) {
    await runOk('init', name, name)
    const deployed = JSON.parse(await runOk('deploy', name, '--json')) as {
      functions: { action: string; triggers: { url: string }[] }[]
    }
    assert.equal(deployed.functions[0]?.action, 'created')
    const address = deployed.functions[0]?.triggers[0]?.url
    if (address === undefined) {
      const { hello } = JSON.parse(await runOk('invoke', name, '-e', 'you')) as { hello: string }
      assert.equal(hello, 'you')
    } else {
      // Not every resolver knows that names under localhost are this machine: asked by its Host header instead.
      const { host, port } = new URL(address)
      const answer = await getByHost(Number(port), host, '/?name=you')
      assert.equal(answer, 'Hello, you!\n')
    }
    const again = JSON.parse(await runOk('deploy', name, '--json')) as { functions: { action: string }[] }
    assert.equal(again.functions[0]?.action, 'unchanged')
  }
  assert.deepEqual(
    (await runOk('list'))
      .split('\n')
      .slice(1, -1)
      .map((row) => row.split('\t')[0]),
    names,
  )
})

test('a function is deployed by flags, changed in part, and fails with exit code 1 and its own words', async () => {
  const code = join(folder, 'flags')
  mkdirSync(code)
  writeFileSync(
    join(code, 'index.js'),
    "exports.handler = async (event) => { if (event.length) throw new TypeError('no ' + event); return process.env.A }\n",
  )
  const flags = ['--name', 'flags', '--runtime', 'nodejs20', '--handler', 'index.handler', '--code', code]
  assert.match(await runOk('deploy', ...flags, '--env', 'A=1=2', '--http'), /created flags .*\n {2}http:\/\/flags-/)
  assert.equal(await runOk('invoke', 'flags', '-e', ''), '1=2')
  assert.match(await runOk('deploy', '--name', 'flags', '--memory', '256'), /updated flags \(nodejs20, 256 MB\)/)
  assert.equal(await runOk('invoke', 'flags', '-e', ''), '1=2')
  const failed = await run('invoke', 'flags', '-e', 'good')
  assert.equal(failed.code, 1)
  assert.match(failed.err, /the function failed \(HandledInvocationError\): TypeError: no good\n {2}at /)
  assert.equal(failed.out, '')
})

test('an event is accepted to be run later, found among the tasks, and stopped', async () => {
  const code = join(folder, 'later')
  mkdirSync(code)
  writeFileSync(join(code, 'index.js'), 'exports.handler = async (event) => event\n')
  await runOk('deploy', '--name', 'later', '--runtime', 'nodejs20', '--handler', 'index.handler', '--code', code)
  assert.match(await runOk('invoke', 'later', '-e', 'soon', '--async', '--task-id', 'soon'), /task soon$/m)
  await runOk('invoke', 'later', '-e', '', '--async', '--task-id', 'never', '--delay', '3600')
  const get = async (id: string) => JSON.parse(await runOk('tasks', 'get', 'later', id, '--json')) as { status: string }
  while ((await get('soon')).status !== 'Succeeded') continue
  await runOk('tasks', 'stop', 'later', 'never')
  assert.equal((await get('never')).status, 'Stopped')
  assert.match(await runOk('tasks', 'list', 'later'), /^never\tStopped.*\nsoon\tSucceeded/m)
})

test('edition 1 makes a service with its function, which is listed, called and removed as service/function', async () => {
  const code = join(folder, 'old')
  mkdirSync(code)
  writeFileSync(join(code, 'index.py'), 'def handler(event, context):\n    return context.service.name\n')
  writeFileSync(
    join(code, 's.yaml'),
    `edition: 1.0.0
services:
  old:
    component: fc
    props:
      service: { name: old, description: d }
      function: { name: hello, runtime: python3.10, handler: index.handler, codeUri: . }
      triggers: [{ name: tick, type: timer, config: { cronExpression: '@every 1h', enable: false } }]
`,
  )
  assert.match(await runOk('deploy', code), /created service old\ncreated old\/hello .*\n {2}timer trigger tick/)
  assert.match(await runOk('deploy', code), /unchanged service old\nunchanged old\/hello/)
  assert.equal(await runOk('invoke', 'old/hello', '-e', ''), 'old')
  assert.match(await runOk('list'), /^old\/hello\t/m)
  assert.match(await runOk('info', 'old/hello'), /trigger +timer tick @every 1h/)
  await runOk('remove', '-y', '--service', 'old')
  assert.equal((await run('info', 'old/hello')).code, 3)
})

test('settings of scaling are deployed with s.yaml, and removed with their function', async () => {
  const code = join(folder, 'scaled')
  mkdirSync(code)
  writeFileSync(join(code, 'index.js'), 'exports.handler = async () => "ok"\n')
  writeFileSync(
    join(code, 's.yaml'),
    `edition: 3.0.0
resources:
  scaled:
    component: fc3
    props:
      functionName: scaled
      runtime: nodejs20
      handler: index.handler
      code: .
      concurrencyConfig: { reservedConcurrency: 5 }
      scalingConfig:
        minInstances: 0
        enableOnDemandScaling: true
        scheduledPolicies:
          - { name: morning, scheduleExpression: cron(0 0 8 * * *), target: 1, timeZone: Asia/Shanghai }
      triggers:
        - { triggerName: nightly, triggerType: timer, triggerConfig: { cronExpression: 0 0 2 * * * } }
`,
  )
  const deployed = JSON.parse(await runOk('deploy', code, '--json')) as { warnings: string[] }
  assert.deepEqual(deployed.warnings, [])
  assert.equal(await runOk('invoke', 'scaled', '-e', ''), 'ok')
  const [instance] = JSON.parse(await runOk('instances', 'scaled', '--json')) as { status: string }[]
  assert.equal(instance?.status, 'Idle')
  const triggers = JSON.parse(await runOk('triggers', 'scaled', '--json')) as { nextRunTime: string }[]
  assert.match(triggers[0]!.nextRunTime, /^\d{4}-\d\d-\d\dT02:00:00Z$/)
  assert.match(await runOk('triggers'), /nightly\tscaled\ttimer\tLATEST/)
  await runOk('remove', '-y', 'scaled')
  assert.equal((await run('instances', 'scaled')).code, 3)
})

test('a layer is published from a folder, used by a function, listed, and deleted by version', async () => {
  const [layer, code] = [join(folder, 'layer'), join(folder, 'layered')]
  mkdirSync(join(layer, 'python'), { recursive: true })
  mkdirSync(code)
  writeFileSync(join(layer, 'python', 'greetings.py'), "HELLO = 'from the layer'\n")
  writeFileSync(join(code, 'index.py'), 'import greetings\ndef handler(event, context):\n    return greetings.HELLO\n')
  const flags = ['--runtime', 'python3.10', 'nodejs20', '--description', 'words', '--json']
  const published = JSON.parse(await runOk('layers', 'publish', 'greetings', layer, ...flags)) as Record<
    string,
    unknown
  >
  const arn = String(published['layerVersionArn'])
  assert.match(arn, /:layers\/greetings\/versions\/1$/)
  assert.deepEqual(published['compatibleRuntime'], ['python3.10', 'nodejs20'])
  writeFileSync(
    join(code, 's.yaml'),
    `edition: 3.0.0
resources:
  layered:
    component: fc3
    props:
      { functionName: layered, runtime: python3.10, handler: index.handler, code: ., layers: ['${arn}'] }
`,
  )
  await runOk('deploy', code)
  assert.equal(await runOk('invoke', 'layered', '-e', ''), 'from the layer')
  assert.match(await runOk('deploy', code), /unchanged layered/)
  assert.ok((await runOk('info', 'layered')).includes(arn))

  assert.match(
    await runOk('layers', 'publish', 'greetings', layer),
    /^published greetings version 2 \(.*\)\n {2}acs:fc:/,
  )
  assert.match(await runOk('layers'), /^greetings\t2\tany\t/m)
  const versions = JSON.parse(await runOk('layers', 'versions', 'greetings', '--json')) as { version: number }[]
  assert.deepEqual(
    versions.map(({ version }) => version),
    [1, 2],
  )
  assert.equal(
    await runOk('layers', 'delete', 'greetings', '1', '7', '-y'),
    'removed greetings version 1\nwas not there: greetings version 7\n',
  )
  assert.equal((await run('layers', 'delete', 'greetings', '1', '-y')).code, 3)
  assert.equal((await run('layers', 'versions', 'nothing')).code, 3)
  assert.equal(await runOk('invoke', 'layered', '-e', ''), 'from the layer')
  await runOk('layers', 'delete', 'greetings', '2', '-y')
  await runOk('remove', '-y', 'layered')
})

test('logs tell what a function printed, by search and by request', async () => {
  const { requestId } = JSON.parse(await runOk('invoke', 'nodejs-event', '-e', 'four', '--json')) as {
    requestId: string
  }
  const lines = (await runOk('logs', 'nodejs-event', '--json', '--request-id', requestId))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text)
  assert.deepEqual(lines, [
    `FC Invoke Start RequestId: ${requestId}`,
    'got 4 bytes',
    `FC Invoke End RequestId: ${requestId}`,
  ])
  assert.match(
    await runOk('logs', 'nodejs-event', '--search', 'GOT 4', '-n', '1', '--since', '1h'),
    /^\S+ \S+ got 4 bytes\n$/,
  )
})

test('a query finds lines and requests of all functions, and an analysis of them is a table', async () => {
  await runOk('invoke', 'nodejs-event', '-e', 'seven!!')
  assert.match(
    await runOk('logs', '--query', '"got 7" AND functionName: nodejs-event', '--since', '1h'),
    / nodejs-event .*got 7/,
  )
  const analysis = 'durationMs >= 0 | SELECT functionName, count(*) AS calls FROM log GROUP BY functionName'
  assert.match(await runOk('logs', '--query', analysis), /^FUNCTIONNAME\tCALLS\n(.*\n)*nodejs-event\t\d+$/m)
  const around = await runOk('logs', 'nodejs-event', '--query', '"got 7"', '-n', '1', '-C', '1')
  assert.match(around, /Invoke Start.*\n.*got 7.*\n.*Invoke End/)
  const { code, err } = await run('logs', '--query', 'level: (')
  assert.equal(code, 1)
  assert.match(err, /^ {2}level: \(\n {2} *\^$/m)
})

test('what was measured, what runs, what it costs and which rules hold is told', async () => {
  await runOk('invoke', 'nodejs-event', '-e', 'eight!!!')
  assert.match(
    await runOk('metrics', 'nodejs-event', '--from', '5m'),
    /^FunctionTotalInvocations\t.*\t[1-9]\d*\t[▁-█ ]+$/m,
  )
  assert.match(await runOk('metrics', '--list'), /^RegionTotalInvocations\tregion\tcount\tsum\t/m)
  assert.match(await runOk('top', '--window', '1m'), /^nodejs-event\t[\d.]+\t0 %\t.*\t1\t0\t[\d.]+ CNY$/m)
  const bill = JSON.parse(await runOk('bill', '--json')) as {
    groups: { name: string; usage: { invocations: number } }[]
  }
  assert.ok(bill.groups.find(({ name }) => name === 'nodejs-event')!.usage.invocations > 0)
  assert.match(await runOk('bill'), /^nodejs-event\t\d+ calls\t\t/m)
  assert.match(await runOk('bill', '--csv', '--by', 'service'), /^of,name,quantity/)
  await runOk('alerts')
  const { id } = JSON.parse(await runOk('alerts', 'silence', 'any*', '--for', '1h', '--json')) as { id: string }
  assert.match(await runOk('alerts', 'silences'), new RegExp(`^${id}\tany\\*\t`, 'm'))
  await runOk('alerts', 'unsilence', id)
  assert.doesNotMatch(await runOk('alerts', 'silences'), /any/)
  assert.equal((await run('alerts', 'test', 'none')).code, 3)
})

test('doctor finds the platform, its key accepted', async () => {
  const checks = JSON.parse(await runOk('doctor', '--json')) as { name: string; status: string }[]
  for (const name of ['platform', 'clock', 'key', 'data folder']) {
    assert.equal(checks.find((check) => check.name === name)?.status, 'ok', name)
  }
})

test('dev deploys after a save, shows invocations and lines, and lives on over mistakes and restarts', async (t) => {
  await runOk('init', 'nodejs-event', 'live')
  const stop = new AbortController()
  const terminal: FakeTerminal = fakeTerminal({ environment, folder, signal: stop.signal })
  const begun = performance.now()
  const ended = sluice(['dev', 'live'], terminal)
  t.after(async () => {
    stop.abort()
    await ended
  })
  await terminal.stderr.has(/watching/)
  // So long takes a deployment on this machine as it is now.
  const firstMs = performance.now() - begun
  const source = join(folder, 'live', 'code', 'index.js')
  const saved = performance.now()
  writeFileSync(source, "exports.handler = async () => { console.log('second'); return 'v2' }\n")
  await terminal.stderr.has(/deployed(.|\n)*deployed/)
  const tookMs = performance.now() - saved
  assert.ok(tookMs < firstMs + 1000, `deployed ${tookMs} ms after the save, the first time after ${firstMs} ms`)
  assert.equal(await runOk('invoke', 'live', '-e', ''), 'v2')
  await terminal.stdout.has(/ second\n/)
  await terminal.stdout.has(/✓ \S+ live Sync 200 /)

  const template = join(folder, 'live', 's.yaml')
  writeFileSync(template, 'resources: [')
  await terminal.stderr.has(/error .*is not valid YAML/)
  await stopPlatform()
  await terminal.stderr.has(/connection lost/)
  writeFileSync(
    template,
    'resources: { live: { component: fc3, props: { functionName: live, runtime: nodejs20, handler: index.handler, code: ./code, timeout: 7 } } }',
  )
  await terminal.stderr.has(/no answer from the platform/)
  await startPlatform(LAUNCHER, 'up')
  await terminal.stderr.has(/deployed(.|\n)*deployed(.|\n)*deployed/)
  assert.match(await runOk('info', 'live'), /timeout +7 s/)
})

test('dev builds again when a source changes, and not for what the build writes', async (t) => {
  const built = join(folder, 'built')
  mkdirSync(join(built, 'src'), { recursive: true })
  const source = (answer: string) => `exports.handler = async () => '${answer}'\n`
  writeFileSync(join(built, 'src', 'index.js'), source('v1'))
  writeFileSync(join(built, '.gitignore'), 'out/\n')
  const props = { functionName: 'built', runtime: 'nodejs20', handler: 'index.handler', code: './out' }
  const build = { run: 'echo run >> out/runs; cp src/index.js out/' }
  mkdirSync(join(built, 'out'))
  writeFileSync(
    join(built, 's.yaml'),
    JSON.stringify({
      edition: '3.0.0',
      resources: { f: { component: 'fc3', actions: { 'pre-deploy': [build] }, props } },
    }),
  )
  const stop = new AbortController()
  const terminal = fakeTerminal({ environment, folder, signal: stop.signal })
  const ended = sluice(['dev', 'built'], terminal)
  t.after(async () => {
    stop.abort()
    await ended
  })
  await terminal.stderr.has(/watching/)
  assert.equal(await runOk('invoke', 'built', '-e', ''), 'v1')
  writeFileSync(join(built, 'src', 'index.js'), source('v2'))
  await terminal.stderr.has(/deployed(.|\n)*deployed/)
  assert.equal(await runOk('invoke', 'built', '-e', ''), 'v2')
  assert.equal(readFileSync(join(built, 'out', 'runs'), 'utf8'), 'run\nrun\n')
})

test('remove takes triggers, versions and functions, by name and by s.yaml', async () => {
  await runOk('remove', '-y', 'flags', join(folder, 'nodejs-http', 's.yaml'))
  const rest = await runOk('list')
  assert.doesNotMatch(rest, /^(flags|nodejs-http)\t/m)
  assert.equal((await run('remove', '-y', 'flags')).code, 3)
})

async function getByHost(port: number, host: string, path: string): Promise<string> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers: { host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}
