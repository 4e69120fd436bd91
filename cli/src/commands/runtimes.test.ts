import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Answer, fakePlatform, fakeTerminal, sluice, temporaryFolder } from '../../test/support.ts'
import { judgeRuntimes } from '../doctor/platform.ts'
import type { Json } from '../json.ts'

const near = {
  name: 'nodejs18',
  available: true,
  runsOn: { version: '20.1.0', program: '/usr/bin/node', fit: 'newer' },
  install: 'npx sluice runtimes install nodejs18',
}
const exact = {
  name: 'nodejs20',
  available: true,
  runsOn: { version: '20.1.0', program: '/usr/bin/node', fit: 'exact' },
}
const missing = { name: 'java8', available: false, reason: 'no java was found', install: 'apt-get install java' }
const unknown = { name: 'dotnetcore2.1', available: false, reason: 'this version does not run it' }
const all: Json[] = [near, exact, missing, unknown]

test('every runtime is listed with what runs it, or what brings it', async (t) => {
  const paths: string[] = []
  const { environment } = await fakePlatform(t, ({ path }) => {
    paths.push(path)
    return { body: { runtimes: all } }
  })
  const { out } = await sluice(['runtimes'], fakeTerminal({ environment }))
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => line.split('\t')),
    [
      ['RUNTIME', 'INTERPRETER', 'FIT', 'PROGRAM', 'BROUGHT BY'],
      ['nodejs18', '20.1.0', 'newer', '/usr/bin/node', 'npx sluice runtimes install nodejs18'],
      ['nodejs20', '20.1.0', 'exact', '/usr/bin/node'],
      ['java8', '', 'missing', '', 'apt-get install java'],
      ['dotnetcore2.1', '', 'missing', '', 'this version does not run it'],
    ].map((cells) => [...cells, ...Array.from({ length: 5 - cells.length }, () => '')]),
  )
  // A look at what is installed now, as opposed to what the platform knew.
  assert.deepEqual(paths, ['/sluice/v1/runtimes'])
  for (const argv of [
    ['runtimes', '--json'],
    ['--json', 'runtimes'],
  ]) {
    assert.deepEqual(JSON.parse((await sluice(argv, fakeTerminal({ environment }))).out), all)
  }
})

test('functions are listed and shown with the version that runs them', async (t) => {
  const { environment } = await fakePlatform(t, ({ path }): Answer => {
    if (path === '/sluice/v1/info') return { body: { runtimes: all } }
    const functions = ['nodejs18', 'nodejs20', 'java8'].map((runtime) => ({ functionName: `on-${runtime}`, runtime }))
    if (path === '/2023-03-30/functions') return { body: { functions } }
    return { body: functions[0]! }
  })
  const { out } = await sluice(['list'], fakeTerminal({ environment }))
  const cells = out
    .trim()
    .split('\n')
    .map((line) => line.split('\t').slice(0, 3))
  assert.deepEqual(cells, [
    ['NAME', 'RUNTIME', 'INTERPRETER'],
    ['on-nodejs18', 'nodejs18', '20.1.0 (newer)'],
    ['on-nodejs20', 'nodejs20', '20.1.0'],
    ['on-java8', 'java8', 'missing'],
  ])
  const info = await sluice(['info', 'on-nodejs18'], fakeTerminal({ environment }))
  assert.match(info.out, /^interpreter +20\.1\.0 \(newer\)$/m)
})

test('doctor names the languages that are missing in one line', () => {
  assert.deepEqual(judgeRuntimes(all), {
    name: 'runtimes',
    status: 'warn',
    detail: 'cannot run here: java, dotnetcore',
    fix: 'npx sluice runtimes says what brings them',
  })
  assert.equal(judgeRuntimes([near, exact]).detail, 'all run here; another version for some of nodejs')
  assert.equal(judgeRuntimes([exact]).detail, 'all run here')
})

/** A folder for data, and a PATH with an npm that brings a Node.js 18.9.0. */
function machine(t: TestContext) {
  const folder = temporaryFolder(t)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const npm = `#!/bin/sh
for last; do :; done
package="$3/node_modules/\${last%@*}"
mkdir -p "$package/bin"
echo '{"version":"18.9.0"}' > "$package/package.json"
printf '#!/bin/sh\\necho v18.9.0\\n' > "$package/bin/node"
chmod 755 "$package/bin/node"
`
  writeFileSync(join(bin, 'npm'), npm, { mode: 0o755 })
  return { SLUICE_DATA_DIR: join(folder, 'data'), PATH: `${bin}:/usr/bin:/bin` }
}

test('install brings a Node.js and lets the running platform find it', async (t) => {
  const here = machine(t)
  const installed = { ...near, runsOn: { version: '18.9.0', program: '/data/node', fit: 'exact' } }
  const { environment } = await fakePlatform(t, () => ({ body: { runtimes: [installed, exact] } }))
  const terminal = fakeTerminal({ environment: { ...environment, ...here } })
  const { code, out, err } = await sluice(['runtimes', 'install', 'nodejs18'], terminal)
  assert.deepEqual([code, out], [0, 'new instances of nodejs18 functions run on Node.js 18.9.0\n'])
  assert.match(err, /installing Node.js 18 \(npm install node-\S+@18\)\n.*Node.js 18\.9\.0 is in/)
  assert.ok(existsSync(join(here.SLUICE_DATA_DIR, 'interpreters', 'nodejs-18', 'bin', 'node')))
  const again = fakeTerminal({ environment: { ...environment, ...here } })
  const asJson = JSON.parse((await sluice(['runtimes', 'install', 'nodejs18', '--json'], again)).out) as Json
  assert.deepEqual([asJson['version'], asJson['isInUse']], ['18.9.0', true])
})

test('install says when the platform does not run, or keeps its data elsewhere', async (t) => {
  const here = machine(t)
  const { environment, server } = await fakePlatform(t, () => ({ body: { runtimes: all } }))
  const install = () =>
    sluice(['runtimes', 'install', 'nodejs18'], fakeTerminal({ environment: { ...environment, ...here } }))
  assert.match((await install()).out, /keeps its data elsewhere and did not find it; set SLUICE_DATA_DIR/)
  await new Promise((resolve) => server.close(resolve))
  const { code, out } = await install()
  assert.deepEqual([code, out], [0, 'the platform is not running; it finds Node.js 18.9.0 when it starts\n'])
})

test('install refuses what npm does not bring, and changes nothing', async (t) => {
  const here = machine(t)
  const { code, err } = await sluice(['runtimes', 'install', 'python3.9'], fakeTerminal({ environment: here }))
  assert.equal(code, 2)
  assert.match(err, /'python3\.9' is nothing that npm brings; it brings nodejs14, .*\n.*sluice runtimes says/)
  assert.ok(!existsSync(here.SLUICE_DATA_DIR))
})
