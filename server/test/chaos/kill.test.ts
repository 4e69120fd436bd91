/** The platform is killed at bad moments: what it had promised is there when it comes back, and nothing else is left. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'
import { KNOCKING, startGate, type Gate } from './gate.ts'

/** Same seed, same moments; another run of the suite may set another. */
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? 20_261_123)

/** A small generator (mulberry32), so that a failure can be played again. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

let platform: TestPlatform
let gate: Gate

before(async () => {
  gate = await startGate()
  // They look at processes from the host, and knock at the host's loopback: sandboxes.test.ts has the like for containers.
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
  await platform.deploy(
    'knocking',
    { 'index.js': KNOCKING },
    { timeout: 30, environmentVariables: { GATE: gate.url }, memorySize: 128 },
  )
})
after(async () => {
  await platform.stop()
  gate.close()
})

/** A package big enough that writing it takes a moment; its handler answers with what it is. */
async function packageSaying(what: string): Promise<string> {
  const ballast = Array.from({ length: 2000 }, (_, at) => `// ${what} ${at} ${Math.imul(at, 2_654_435_761)}`).join('\n')
  const code = `exports.handler = async () => require('./part.js')`
  const files = { 'index.js': code, 'ballast.js': ballast, 'part.js': `module.exports = ${JSON.stringify(what)}` }
  return (await zip(files)).toString('base64')
}

const DEPLOYS = 24

test(`deploys that were answered are whole after a kill, the others whole or absent (seed ${seed})`, async () => {
  const random = seeded(seed)
  const code = await packageSaying('updated 0')
  await platform.deploy('updated', {}, { code: { zipFile: code } })
  const created = new Set<string>()
  let updatedTo = 0
  const killAfter = 2 + Math.floor(random() * (DEPLOYS / 2))
  const kill: { done: Promise<void> | null } = { done: null }
  const answered = () => {
    if (created.size + updatedTo >= killAfter) kill.done ??= platform.kill()
  }
  const create = async (name: string) => {
    const body = {
      functionName: name,
      runtime: 'nodejs20',
      handler: 'index.handler',
      code: { zipFile: await packageSaying(name) },
    }
    const { status } = await platform.call('POST', '/2023-03-30/functions', body)
    if (status !== 200) return
    created.add(name)
    answered()
  }
  const update = async () => {
    for (let n = 1; kill.done === null; n++) {
      const zipFile = await packageSaying(`updated ${n}`)
      const { status } = await platform.call('PUT', '/2023-03-30/functions/updated', { code: { zipFile } })
      assert.equal(status, 200)
      updatedTo = n
      answered()
    }
  }
  const names = Array.from({ length: DEPLOYS }, (_, at) => `deployed-${at}`)
  const outcomes = await Promise.allSettled([update(), ...names.map(create)])
  assert.ok(kill.done, 'the platform was to be killed in the middle')
  await kill.done
  assert.ok(
    outcomes.some(({ status }) => status === 'rejected'),
    'the kill came after the last deploy',
  )

  await platform.start()
  for (const name of names) {
    const found = await platform.call('GET', `/2023-03-30/functions/${name}`)
    if (found.status === 404) assert.ok(!created.has(name), `${name} was answered 200 and is gone`)
    else assert.equal((await platform.invoke(name)).text, name)
  }
  const { text } = await platform.invoke('updated')
  const version = Number(/^updated (\d+)$/.exec(text)?.[1])
  assert.ok(version >= updatedTo, `update ${updatedTo} was answered 200, but ${text} is served`)
  // What was cut off can be done again.
  const again = names.find((name) => !created.has(name))!
  const { status } = await platform.call('DELETE', `/2023-03-30/functions/${again}`)
  assert.ok(status === 204 || status === 404)
  await platform.deploy(again, { 'index.js': 'exports.handler = async () => "once more"' })
  assert.equal((await platform.invoke(again)).text, 'once more')
})

/** A process that has ended and that nobody has asked for yet (a zombie) is gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Processes that were started for an instance of this platform: they carry its folder in their environment. */
function processesOfInstances(): number[] {
  const marker = `TMPDIR=${join(platform.dataDir, 'instances')}/`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker)
      } catch {
        return false
      }
    })
}

test(
  'no process, socket or folder of the killed platform outlives the next start',
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async () => {
    const code = `
      const { spawn } = require('node:child_process')
      exports.handler = async () => {
        const idle = ['-e', 'setInterval(() => {}, 1000)']
        const daemon = spawn(process.execPath, idle, { detached: true, stdio: 'ignore' })
        daemon.unref()
        return [process.pid, daemon.pid]
      }`
    await platform.deploy('fertile', { 'index.js': code }, { timeout: 20, memorySize: 256 })
    const answers = await Promise.all([platform.invoke('fertile'), platform.invoke('fertile')])
    const pids = answers.flatMap((answer) => answer.json<number[]>())
    assert.ok(pids.every(isAlive))
    await platform.kill()
    assert.ok(pids.some(isAlive), 'a daemon was to be left behind')
    await platform.start()
    assert.deepEqual(pids.filter(isAlive), [])
    assert.deepEqual(processesOfInstances(), [])
    assert.deepEqual(readdirSync(join(platform.dataDir, 'run')), [])
    assert.deepEqual(readdirSync(join(platform.dataDir, 'instances', 'live')), [])
    assert.equal((await platform.invoke('fertile')).status, 200)
  },
)

test('callers of a killed platform see a broken connection; what was stored before is there afterwards', async () => {
  const recordsOf = async (name: string) => {
    const answer = await platform.call('GET', `/sluice/v1/records?function=${name}`)
    return answer.json<{ records: { requestId: string }[] }>().records.map(({ requestId }) => requestId)
  }
  await platform.deploy('quick', {
    'index.js': 'exports.handler = async () => { console.log("printed"); return "ok" }',
  })
  const done = String((await platform.invoke('quick')).headers['x-fc-request-id'])
  // Asking for the records stores what waited.
  assert.deepEqual(await recordsOf('quick'), [done])

  gate.shut()
  const calls = 3
  const running = Promise.allSettled(Array.from({ length: calls }, () => platform.invoke('knocking')))
  await gate.waiting(calls)
  await platform.kill()
  for (const outcome of await running) {
    assert.equal(outcome.status, 'rejected')
    assert.equal((outcome.reason as NodeJS.ErrnoException).code, 'ECONNRESET')
  }

  await platform.start()
  gate.open()
  assert.equal((await platform.invoke('knocking')).text, 'let in')
  assert.deepEqual(await recordsOf('quick'), [done])
  const logs = await platform.call('GET', `/sluice/v1/logs?function=quick&requestId=${done}`)
  assert.match(logs.text, /printed/)
})

test(`a start that is killed half-way, twice, leaves nothing in the way of the next (seed ${seed})`, async () => {
  const random = seeded(seed)
  await platform.kill()
  for (let round = 0; round < 2; round++) {
    const starting = platform.start().catch(() => {})
    await setTimeout(100 + random() * 900)
    await platform.kill()
    await starting
  }
  await platform.start()
  gate.open()
  assert.equal((await platform.invoke('knocking')).text, 'let in')
})

/** Calls until nobody listens any more. A connection that is made while the door closes may be reset instead. */
async function refusal(): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const code = await platform.send('GET', '/healthz').then(
      () => '',
      (error: NodeJS.ErrnoException) => String(error.code),
    )
    if (code === 'ECONNREFUSED') return code
  }
  return 'still answered'
}

test('SIGTERM: what runs is answered, what comes is refused, and the platform ends with 0', async () => {
  gate.shut()
  const running = platform.invoke('knocking')
  await gate.waiting(1)
  const ended = platform.terminate()
  assert.equal(await refusal(), 'ECONNREFUSED')
  // Who ends a process group, and passes the signal on too, sends it twice.
  process.kill(platform.pid, 'SIGTERM')
  gate.open()
  const answer = await running
  assert.deepEqual([answer.status, answer.text], [200, 'let in'])
  assert.equal(await ended, 0)
  assert.deepEqual(processesOfInstances(), [])

  await platform.start()
  const id = String(answer.headers['x-fc-request-id'])
  const { text } = await platform.call('GET', `/sluice/v1/records?function=knocking&requestId=${id}`)
  assert.match(text, new RegExp(`"requestId":"${id}"`), 'its record was stored on the way out')
})
