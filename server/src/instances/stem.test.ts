/** Stems and instances over real processes. */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { systemClock, systemRandom, type Clock } from '../clock.ts'
import { noMeter } from '../meter/port.ts'
import type { FunctionVersion } from '../model.ts'
import { createProcessSandboxRuntime } from '../sandbox/process.ts'
import { initFrame } from './environment.ts'
import { Instance, type LaunchPlan } from './instance.ts'
import { channelLink } from './link.ts'
import { stemKind } from './launch.ts'
import { holder } from './stem-test-support.ts'
import { findRuntimes } from './runtimes.ts'
import { createStemStock } from './stem-stock.ts'

const CODE = `exports.handler = async (event) => {
  const text = event.toString()
  if (text === 'environment') return require('fs').readFileSync('/proc/self/environ', 'latin1')
  if (text === 'block') setTimeout(() => { for (;;); }, 1)
  return text
}`

/** Timers fire at once after this long at most, so that no test waits for a limit. */
const hurried = (msMax: number): Clock => ({
  ...systemClock,
  setTimer: (delayMs, fire) => systemClock.setTimer(Math.min(delayMs, msMax), fire),
})

/** A stock of Node.js stems under an interpreter that a test can take away, and instances of one function over it. */
async function world(context: TestContext, stems: number, instanceClock: Clock = systemClock) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stems-'))
  const [socketDirectory, codeFolder, node] = ['run', 'code', 'node'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(socketDirectory)
  mkdirSync(codeFolder)
  writeFileSync(join(codeFolder, 'index.js'), CODE)
  symlinkSync(process.execPath, node)
  const clock = systemClock
  const sandboxes = createProcessSandboxRuntime({ directory: join(folder, 'instances') }, { clock })
  const interpreter = (await findRuntimes({ path: '', directory: '' })).choice('nodejs20').interpreter
  const kind = stemKind({ ...interpreter, command: [node, ...interpreter.command.slice(1)] }, 512)
  const problems: (string | null)[] = []
  const stock = createStemStock(
    { stems, hostMemoryMB: 10_000 },
    {
      clock,
      random: systemRandom,
      sandboxes,
      socketDirectory,
      onRefill: (_, problem) => problems.push(problem?.message ?? null),
    },
  )
  const lines: string[] = []
  context.after(async () => {
    await stock.close()
    await sandboxes.close()
    rmSync(folder, { recursive: true })
  })
  const config = {
    handler: 'index.handler',
    memoryMB: 256,
    timeoutSeconds: 3,
    instanceConcurrency: 1,
    initializer: null,
    environmentVariables: { SECRET: 'of the function' },
    settings: {},
  }
  const version = {
    key: 'f',
    versionId: 'LATEST',
    service: null,
    function: { name: 'f', service: null, config },
  } as unknown as FunctionVersion
  const credentials = { accessKeyId: 'id', accessKeySecret: 'key-secret', securityToken: 'token', expiresAtMs: 0 }
  const facts = { runtimeVersion: '26', accountId: '1', region: 'r', qualifier: 'LATEST', credentials, endpoints: {} }
  let count = 0
  const plan: LaunchPlan = {
    hasStem: () => stock.has(kind),
    takeStem: () => stock.take(kind),
    bootStem() {
      count++
      return stock.boot(kind)
    },
    link: channelLink,
    folders: async () => ({ code: codeFolder, layers: null }),
    limits: { ...kind.limits, memoryBytes: 256 * 1024 * 1024 },
    initFrame: (instanceId, requestId, { code }) =>
      initFrame(version, { ...facts, instanceId, codePath: code, layersPath: '/opt' }, requestId, 1_000_000),
    credentials: () => credentials,
  }
  const start = async () => {
    const instance = new Instance(
      'c-01',
      version,
      'r-1',
      { onSlotFreed() {}, onIdleAgain() {}, onAbandoned: (left) => left.drain(), onGone() {} },
      {
        clock: instanceClock,
        appendLine: (line) => lines.push(line.text),
        meter: noMeter,
        onRecord() {},
        onDefect(error) {
          throw error
        },
      },
    )
    await instance.start(plan, clock.monotonicMs())
    return instance
  }
  return { stock, kind, problems, lines, start, boots: () => count, node, folder }
}

/** For what other processes do; the runner's time-out bounds it. */
async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What the function answers. */
async function invoke(instance: Instance, event: string): Promise<string> {
  const slot = instance.assign(holder)
  const head = JSON.stringify({ kind: 'event', requestId: 'r-2', deadlineMs: 0 })
  try {
    return await new Promise<string>((resolve, reject) => {
      slot.invoke(head, Buffer.from(event), true, {
        onResponse: (_, body) => resolve(body.toString()),
        onData() {},
        onError: (payload) => reject(new Error(payload)),
        onLog() {},
        onCredit() {},
      })
    })
  } finally {
    slot.release()
  }
}

test('an instance made from a stem serves, and nothing of its function was in the stem', async (context) => {
  const { stock, kind, start, boots } = await world(context, 1)
  stock.use([kind])
  await eventually(() => stock.has(kind))
  const instance = await start()
  assert.equal(await invoke(instance, 'hello'), 'hello')
  const environment = await invoke(instance, 'environment')
  assert.match(environment, /PATH=/)
  assert.doesNotMatch(environment, /SECRET|key-secret|FC_/)
  assert.equal(boots(), 0, 'nothing was booted for it')
  await instance.stop(0)
})

test('a frozen instance answers its next request', async (context) => {
  const { start } = await world(context, 0)
  const instance = await start()
  for (let i = 0; i < 5; i++) {
    assert.equal(instance.freeze(), true)
    assert.equal(await invoke(instance, `request ${i}`), `request ${i}`)
  }
  await instance.stop(0)
})

test('a shell in a frozen instance runs beside its function', async (context) => {
  const { start } = await world(context, 0)
  const instance = await start()
  instance.freeze()
  const shell = await instance.exec({ command: ['/bin/sh', '-c', 'ls; read line; echo "$line"'], terminal: false })
  shell.stdin.end('typed\n')
  assert.equal(await text(shell.stdout), 'index.js\ntyped\n')
  await shell.exited
  assert.equal(await invoke(instance, 'hello'), 'hello')
  await instance.stop(0)
})

test('code that keeps the processor while it is idle is found out', async (context) => {
  let nowMs = 0
  const clock = { ...hurried(300), monotonicMs: () => nowMs }
  const { start, lines } = await world(context, 0, clock)
  const instance = await start()
  await invoke(instance, 'block')
  // It may answer the first before it begins to block.
  await eventually(() => {
    nowMs += 60_000
    instance.ping()
    return instance.state === 'gone'
  })
  assert.deepEqual(lines, ['Instance is stuck: it was idle and did not answer within 10 seconds'])
})

test('without its interpreter the platform serves what runs, and says why it can start nothing', async (context) => {
  const { stock, kind, start, problems, node } = await world(context, 1)
  stock.use([kind])
  await eventually(() => stock.has(kind))
  unlinkSync(node)
  const instance = await start()
  await eventually(() => problems.length > 0)
  assert.match(problems[0]!, /node does not exist/)
  await assert.rejects(start(), /cannot start the sandbox: .*node does not exist/)
  assert.equal(await invoke(instance, 'still here'), 'still here')
  symlinkSync(process.execPath, node)
  await eventually(() => stock.has(kind))
  await instance.stop(0)
})

test('stems that do not live are never handed out: the next start is as good as any', async (context) => {
  const { stock, kind, start, folder } = await world(context, 1)
  stock.use([kind])
  await eventually(() => stock.has(kind))
  for (const id of readdirSync(join(folder, 'instances'))) {
    process.kill(Number(readFileSync(join(folder, 'instances', id, 'process'), 'utf8').split(' ')[0]), 'SIGSTOP')
  }
  // Nothing but its silence tells.
  const instance = await start()
  assert.equal(await invoke(instance, 'hello'), 'hello')
  await instance.stop(0)
})
