/** Starts that cannot succeed say why and how to help it, and disturb nobody. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { freePort, TestPlatform, zip } from '../support/platform.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-start-'))
let folders = 0
after(() => rmSync(folder, { recursive: true, force: true }))

const newFolder = () => join(folder, String(++folders))

/** What a start that must fail printed, and its exit code. */
async function failedStart(environment: Record<string, string>, dataDir = newFolder()) {
  const platform = new TestPlatform(await freePort(), dataDir, environment)
  await assert.rejects(platform.start(), /before it was ready/)
  return { code: await platform.terminate(), output: platform.output }
}

test('a setting that is not accepted ends the start with 2 and names setting and accepted values', async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ SLUICE_PORT: 'many' }, /SLUICE_PORT: "many" is not accepted; give a whole number from 1 to/],
    [{ SLUICE_SANDBOX: 'jail' }, /SLUICE_SANDBOX: "jail" is not accepted; give auto/],
    [{ SLUICE_ACCOUNT_ID: '12' }, /SLUICE_ACCOUNT_ID: "12" is not accepted; give 16 digits/],
  ]
  for (const [environment, message] of cases) {
    const { code, output } = await failedStart(environment)
    assert.equal(code, 2)
    assert.match(output, message)
    assert.doesNotMatch(output, /\n\s+at /)
  }
})

test('an unknown name in the settings file is told with the nearest known one', async () => {
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, 'ports: 7800\n')
  const { code, output } = await failedStart({ SLUICE_CONFIG: file })
  assert.equal(code, 2)
  assert.match(output, /sluice\.yaml: ports is no setting; did you mean port\?/)
})

test('a secret that is not accepted is not repeated', async () => {
  const { code, output } = await failedStart({ SLUICE_METADATA_URL: 'mysql://user:geheim@host/db' })
  assert.equal(code, 2)
  assert.match(output, /SLUICE_METADATA_URL: the value given is not accepted; give postgres:/)
  assert.doesNotMatch(output, /geheim/)
})

test('a port in use ends the start with 1 and names the setting that moves it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const { code, output } = await failedStart({ SLUICE_PORT: String(port) })
  assert.equal(code, 1)
  assert.match(output, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use; .*--port or SLUICE_PORT`))
  const objects = await failedStart({ SLUICE_PORT: String(await freePort()), SLUICE_OBJECTS_PORT: String(port) })
  assert.equal(objects.code, 1)
  assert.match(objects.output, new RegExp(`port ${port} .* is in use; .*--objects-port or SLUICE_OBJECTS_PORT`))
  other.close()
})

test('a data folder that cannot be made ends the start with 1 and names the setting', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { code, output } = await failedStart({}, join(file, 'data'))
  assert.equal(code, 1)
  assert.match(output, /a-file.*--data-dir or SLUICE_DATA_DIR/)
  assert.doesNotMatch(output, /\n\s+at /)
})

test('credentials that others may read are refused, with the command that helps', async () => {
  const dataDir = newFolder()
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'credentials.json'), '{"accessKeySecret":"geheim"}')
  chmodSync(join(dataDir, 'credentials.json'), 0o644)
  const { code, output } = await failedStart({}, dataDir)
  assert.equal(code, 1)
  assert.match(output, /others may access it \(mode 0644\); run: chmod 600/)
  assert.doesNotMatch(output, /geheim/)
})

test('a second platform on the same data folder is refused and leaves the first and its instances alone', async (t) => {
  const first = new TestPlatform(await freePort(), newFolder(), {})
  t.after(() => first.terminate())
  await first.start()
  await first.deploy('lasting', { 'index.js': 'exports.handler = async () => process.pid' })
  const before = (await first.invoke('lasting')).text
  const { code, output } = await failedStart({}, first.dataDir)
  assert.equal(code, 1)
  assert.match(
    output,
    new RegExp(`is in use by another platform \\(process ${first.pid}\\); .*--data-dir or SLUICE_DATA_DIR`),
  )
  assert.equal((await first.invoke('lasting')).text, before)
  assert.equal(readFileSync(join(first.dataDir, 'platform.pid'), 'utf8'), `${first.pid}\n`)
  // The lock goes with the process, however it ends.
  await first.kill()
  await first.start()
  await first.stop()
})

test('without python3 on PATH, Python is refused by name and Node.js runs', async (t) => {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  symlinkSync('/bin/sh', join(bin, 'sh'))
  const [port, dataDir] = [await freePort(), newFolder()]
  const platform = new TestPlatform(port, dataDir, {})
  const without = new TestPlatform(port, dataDir, { PATH: bin })
  // The folder is of both, and goes when neither uses it.
  t.after(() => Promise.all([platform.terminate(), without.terminate()]))
  await platform.start()
  await platform.deploy(
    'older',
    { 'index.py': 'def handler(event, context): return "python"' },
    { runtime: 'python3.10' },
  )
  assert.equal((await platform.invoke('older')).text, 'python')
  await platform.terminate()

  await without.start()
  assert.match(without.output, /runtimes +nodejs \(\S+\), custom\n/)
  const body = {
    functionName: 'newer',
    runtime: 'python3.10',
    handler: 'index.handler',
    code: { zipFile: (await zip({ 'index.py': '' })).toString('base64') },
  }
  const refused = await without.call('POST', '/2023-03-30/functions', body)
  assert.deepEqual([refused.status, refused.json()['Code']], [400, 'InvalidArgument'])
  assert.match(String(refused.json()['Message']), /no python3 was found on PATH; install it/)
  const old = await without.invoke('older')
  assert.deepEqual([old.status, old.json()['Code']], [503, 'ServiceUnavailable'])
  assert.match(String(old.json()['Message']), /no python3 was found on PATH/)
  await without.deploy('node', { 'index.js': 'exports.handler = async () => "node"' })
  assert.equal((await without.invoke('node')).text, 'node')
})
