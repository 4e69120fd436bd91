/** A runtime id runs on the version that it names, once that was brought: the real command, the real packages. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const CLI = join(import.meta.dirname, '../../../cli/bin/sluice.cjs')
const TELL = {
  'index.js': 'exports.handler = async () => [process.version, process.env.FC_RUNTIME_VERSION].join(" ")',
}

interface Status {
  name: string
  available: boolean
  runsOn?: { version: string; fit: string }
  install?: string
}

/** A PATH on which only our own Node.js is left, whatever the machine has. */
const bin = mkdtempSync(join(tmpdir(), 'sluice-bin-'))
let platform: TestPlatform
before(async () => {
  symlinkSync('/bin/sh', join(bin, 'sh'))
  platform = await startPlatform({ PATH: bin })
})
after(async () => {
  await platform.stop()
  rmSync(bin, { recursive: true })
})

const statusOf = async (runtime: string) =>
  (await platform.call('GET', '/sluice/v1/runtimes'))
    .json<{ runtimes: Status[] }>()
    .runtimes.find(({ name }) => name === runtime)!

/** Runs the command line against the platform, on this machine's own PATH. */
function sluice(...argv: string[]) {
  return spawnSync(process.execPath, [CLI, ...argv, '--json'], {
    encoding: 'utf8',
    env: { ...process.env, SLUICE_DATA_DIR: platform.dataDir, SLUICE_ENDPOINT: `http://127.0.0.1:${platform.port}` },
  })
}

/** Whether the registry of packages can be reached; the test is skipped otherwise. */
function reachesRegistry(t: TestContext, { status, stdout }: ReturnType<typeof sluice>): boolean {
  if (status === 0 || !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/.test(stdout)) return true
  t.skip(`npm does not reach its registry: ${stdout}`)
  return false
}

test('without its own version a function runs on the nearest, and is told so', async () => {
  await platform.deploy('near', TELL, { runtime: 'nodejs16' })
  assert.equal((await platform.invoke('near')).text, `${process.version} ${process.versions.node}`)
  assert.deepEqual(await statusOf('nodejs16'), {
    name: 'nodejs16',
    available: true,
    runsOn: { version: process.versions.node, program: process.execPath, fit: 'newer' },
    install: 'npx sluice runtimes install nodejs16',
  })
})

test('nodejs18 runs on 18 after the install command, without a restart', { timeout: 300_000 }, async (t) => {
  const installed = sluice('runtimes', 'install', 'nodejs18')
  if (!reachesRegistry(t, installed)) return
  assert.equal(installed.status, 0, installed.stdout + installed.stderr)
  const { version, isInUse } = JSON.parse(installed.stdout) as { version: string; isInUse: boolean }
  assert.match(version, /^18\./)
  assert.equal(isInUse, true)
  await platform.deploy('exact', TELL, { runtime: 'nodejs18' })
  assert.equal((await platform.invoke('exact')).text, `v${version} ${version}`)
  // Of what is left the nearest newer.
  await platform.deploy('older', TELL, { runtime: 'nodejs12' })
  assert.equal((await platform.invoke('older')).text, `v${version} ${version}`)
  const { runsOn, install } = await statusOf('nodejs18')
  assert.deepEqual([runsOn?.version, runsOn?.fit, install], [version, 'exact', undefined])
})

test('every command that the platform names for a runtime is one that the command line takes', async () => {
  const { runtimes } = (await platform.call('GET', '/sluice/v1/info')).json<{ runtimes: Status[] }>()
  const named = runtimes.map(({ install }) => install).filter((command) => command?.startsWith('npx sluice'))
  assert.ok(named.length >= 3)
  const usage = sluice('runtimes', 'install', 'nothing').stdout
  for (const command of named) {
    const [, runtime] = /^npx sluice runtimes install (\w+)$/.exec(command!)!
    assert.match(usage, new RegExp(String.raw`it brings .*\b${runtime}\b`))
  }
})

test('a runtime that is none is refused with those that are accepted, one that is missing with what brings it', async () => {
  const create = (runtime: string) =>
    platform.call('POST', '/2023-03-30/functions', {
      functionName: 'refused',
      runtime,
      handler: 'index.handler',
    })
  const unknown = await create('nodejs19')
  assert.deepEqual([unknown.status, unknown.json()['Code']], [400, 'InvalidArgument'])
  assert.match(String(unknown.json()['Message']), /runtime 'nodejs19' is none of nodejs4\.4, .*, custom-container$/)
  const missing = await create('python3.10')
  assert.deepEqual([missing.status, missing.json()['Code']], [400, 'InvalidArgument'])
  assert.match(String(missing.json()['Message']), /'python3\.10' cannot run here: .*apt-get install python3\)/)
})
