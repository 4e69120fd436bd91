/** The platform and its containers on bad days: what dies is replaced, what is killed leaves nothing behind. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { tracesOf } from '../../src/sandbox/leftovers-for-tests.ts'
import { findOciParts } from '../../src/sandbox/oci-check.ts'
import { startPlatform, zip, type Answer, type TestPlatform } from '../support/platform.ts'

const parts = findOciParts(process.env['PATH'] ?? '', '', '/usr/bin/python3')
const skip = 'missing' in parts ? parts.missing : false
/** Tells an instance from another one. */
const TELLING = `const id = Math.random(); exports.handler = async () => id`

/** A platform with containers; when it has been stopped, nothing of them may be left. */
async function open(t: TestContext, environment: Record<string, string> = {}) {
  const platform = await startPlatform({ SLUICE_SANDBOX: 'oci', ...environment })
  const traces = tracesOf(join(platform.dataDir, 'instances'))
  t.after(async () => {
    await platform.terminate()
    const left = traces.all()
    await platform.stop()
    rmSync(platform.dataDir, { recursive: true, force: true })
    assert.deepEqual(left, [])
  })
  return { platform, traces }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

function keeperOf(platform: TestPlatform): number {
  return childrenOf(platform.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keeper.py'))!
}

/** First processes of the containers, as the host numbers them. */
function containersOf(platform: TestPlatform): number[] {
  return childrenOf(keeperOf(platform))
}

/** Until it is so; for what other processes do, which no event tells. */
async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await setTimeout(10)
}

const failuresOf = (answers: readonly Answer[]) =>
  answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`)

for (const killsKeeper of [false, true]) {
  const who = killsKeeper ? 'the platform and its keeper' : 'the platform'
  test(`${who} killed under load: the next start finds all that is left and ends it`, { skip }, async (t) => {
    const { platform, traces } = await open(t)
    // Nobody reaches the host's loopback from inside, so the function waits by itself.
    const code = `exports.handler = async () => new Promise((resolve) => setTimeout(resolve, 60000))`
    await platform.deploy('busy', { 'index.js': code }, { timeout: 100, memorySize: 128 })
    const calls = Promise.allSettled(Array.from({ length: 6 }, () => platform.invoke('busy')))
    const live = (): string[] => readdirSync(join(platform.dataDir, 'instances', 'live'))
    await eventually(() => live().length >= 4 && traces.interfaces().length >= 4)
    const [before, lost] = [new Set(traces.interfaces()), live()]
    if (killsKeeper) {
      const keeper = keeperOf(platform)
      process.kill(platform.pid, 'SIGSTOP')
      process.kill(keeper, 'SIGKILL')
    }
    await platform.kill()
    await calls

    await platform.start()
    const old = traces.all().filter((each) => lost.some((id) => each.includes(id)))
    assert.deepEqual(old, [])
    await eventually(() => readdirSync('/sys/class/net').every((name) => !before.has(name)))
    await platform.deploy('quick', { 'index.js': TELLING })
    assert.deepEqual(failuresOf([await platform.invoke('quick')]), [])
  })
}

test('the keeper killed under the platform: what runs is told, and what comes is served', { skip }, async (t) => {
  const { platform } = await open(t)
  await platform.deploy('telling', { 'index.js': TELLING })
  const first = (await platform.invoke('telling')).text
  const keeper = keeperOf(platform)
  process.kill(keeper, 'SIGKILL')
  await eventually(() => !childrenOf(platform.pid).includes(keeper))
  const answers = []
  for (let i = 0; i < 5; i++) answers.push(await platform.invoke('telling'))
  assert.deepEqual(failuresOf(answers.slice(1)), [], platform.output)
  assert.notEqual(answers.at(-1)!.text, first)
  assert.match(platform.output, /the sandbox keeper ended: SIGKILL; all instances end with it/)
})

test("two platforms on one host: the end of one is none of the other's business", { skip }, async (t) => {
  const [one, other] = [await open(t), await open(t)]
  for (const { platform } of [one, other]) await platform.deploy('telling', { 'index.js': TELLING })
  const before = (await other.platform.invoke('telling')).text
  await one.platform.invoke('telling')
  await one.platform.kill()
  assert.equal((await other.platform.invoke('telling')).text, before)
  await one.platform.start()
  assert.deepEqual(failuresOf([await one.platform.invoke('telling')]), [])
  assert.equal((await other.platform.invoke('telling')).text, before)
})

test('an OCI runtime that fails: callers get 503 and the reason, and the log has it too', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fake-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [fake, moon] = [join(folder, 'fake'), join(folder, 'moon')]
  writeFileSync(
    fake,
    `#!/bin/sh
    [ -e '${moon}' ] || exec crun "$@"
    while [ "$1" != --log ] && [ $# -gt 0 ]; do shift; done
    [ $# -gt 0 ] && echo '{"level":"error","msg":"the moon is in the wrong house"}' >"$2"; exit 1\n`,
    { mode: 0o755 },
  )
  const { platform } = await open(t, { SLUICE_OCI_RUNTIME: fake, SLUICE_STEMS: '0' })
  writeFileSync(moon, '')
  await platform.deploy('telling', { 'index.js': TELLING })
  const { status, text } = await platform.invoke('telling')
  assert.equal(status, 503, text)
  assert.match(text, /the moon is in the wrong house/)
  assert.match(platform.output, /the moon is in the wrong house/)
})

test('an instance that is killed from outside is replaced, idle or busy', { skip }, async (t) => {
  const { platform } = await open(t)
  const code = `const id = Math.random()
    exports.handler = async (event) => {
      if (event.toString() === 'long') await new Promise((resolve) => setTimeout(resolve, 30000))
      return id
    }`
  await platform.deploy('telling', { 'index.js': code }, { timeout: 60, instanceConcurrency: 1 })
  const first = (await platform.invoke('telling')).text
  for (const pid of containersOf(platform)) process.kill(pid, 'SIGKILL')
  await eventually(async () => {
    const { status, text } = await platform.invoke('telling')
    return status === 200 && text !== first
  })
  const long = platform.invoke('telling', 'long')
  await eventually(async () => {
    const { text } = await platform.call('GET', '/2023-03-30/functions/telling/instances')
    return text.includes('"Running"')
  })
  for (const pid of containersOf(platform)) process.kill(pid, 'SIGKILL')
  const cut = await long
  assert.ok(cut.headers['x-fc-error-type'] !== undefined || cut.status >= 500, `${cut.status} ${cut.text}`)
  await eventually(async () => (await platform.invoke('telling')).status === 200)
})

test('a new version takes over under steady load without one failed request', { skip }, async (t) => {
  const { platform } = await open(t)
  const saying = (what: number) => ({ 'index.js': `exports.handler = async () => ${what}` })
  await platform.deploy('rolling', saying(0))
  const load = { isOver: false, answers: [] as Answer[] }
  const clients = Array.from({ length: 3 }, async () => {
    while (!load.isOver) load.answers.push(await platform.invoke('rolling'))
  })
  for (let version = 1; version <= 3; version++) {
    await eventually(() => load.answers.at(-1)?.text === String(version - 1))
    const zipFile = (await zip(saying(version))).toString('base64')
    assert.equal((await platform.call('PUT', '/2023-03-30/functions/rolling', { code: { zipFile } })).status, 200)
  }
  await eventually(() => load.answers.at(-1)?.text === '3')
  load.isOver = true
  await Promise.all(clients)
  assert.deepEqual(failuresOf(load.answers), [])
})

test('two hundred callers of a cold function are all answered', { skip }, async (t) => {
  const { platform } = await open(t)
  await platform.deploy('cold', { 'index.js': TELLING }, { instanceConcurrency: 100, memorySize: 128 })
  const answers = await Promise.all(Array.from({ length: 200 }, () => platform.invoke('cold')))
  assert.deepEqual(failuresOf(answers), [])
  const instances = new Set(answers.map(({ text }) => text)).size
  assert.ok(instances < 20, `starts are shared: ${instances} instances`)
})
