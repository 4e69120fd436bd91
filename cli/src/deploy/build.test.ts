import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakePlatform, fakeTerminal, sluice, temporaryFolder } from '../../test/support.ts'
import { CliError } from '../errors.ts'
import { runBuild } from './build.ts'

const { signal } = new AbortController()
const environment = { PATH: process.env['PATH'], FLAVOUR: 'sour' }

test('a build step runs in its folder, with the environment of the caller', async (t) => {
  const folder = temporaryFolder(t)
  await runBuild('f', { command: 'echo "$FLAVOUR in $PWD" > made', folder }, environment, signal)
  assert.equal(readFileSync(join(folder, 'made'), 'utf8').trim(), `sour in ${folder}`)
})

test('a build that fails tells how, where, and the end of what it said', async (t) => {
  const folder = temporaryFolder(t)
  const command = 'for i in $(seq 1 5000); do echo "line $i"; done; echo "no \u001B[31mcompiler" >&2; exit 3'
  await assert.rejects(runBuild('shop/f', { command, folder }, environment, signal), (error) => {
    assert.ok(error instanceof CliError)
    assert.equal(error.exitCode, 1)
    assert.match(error.message, /^shop\/f: the build failed \(exit code 3\): for i/)
    assert.ok(error.message.includes(`in ${folder}`))
    assert.match(error.message, / {2}line 5000\n {2}no compiler$/)
    assert.doesNotMatch(error.message, /line 4900\n/)
    return true
  })
  const nowhere = runBuild('f', { command: 'true', folder: join(folder, 'absent') }, environment, signal)
  await assert.rejects(nowhere, /f: the build step 'true' has no folder .*absent/)
})

test('a build is ended with the command that waits for it', async (t) => {
  const folder = temporaryFolder(t)
  const stop = new AbortController()
  const build = runBuild('f', { command: 'exec sleep 1000', folder }, environment, stop.signal)
  stop.abort()
  await assert.rejects(build, /the build failed \(.*abort/i)
})

test('deploy builds before it packs; --skip-actions does not build; other actions are named', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'src'))
  writeFileSync(
    join(folder, 's.yaml'),
    `edition: 3.0.0
resources:
  f:
    component: fc3
    actions:
      pre-deploy:
        - run: mkdir -p ../out && echo built > ../out/index.js
          path: ./src
        - plugin: website-fc
      post-deploy:
        - run: touch never
    props: { functionName: f, runtime: nodejs20, handler: index.handler, code: ./out }
`,
  )
  const { environment: platform } = await fakePlatform(t, ({ method }) =>
    method === 'GET'
      ? { status: 404, body: { Code: 'FunctionNotFound', Message: 'no f' } }
      : { body: { functionName: 'f', runtime: 'nodejs20', memorySize: 512 } },
  )
  const deploy = (...flags: string[]) =>
    sluice(['deploy', ...flags], fakeTerminal({ folder, environment: { ...platform, PATH: process.env['PATH'] } }))
  const skipped = await deploy('--skip-actions')
  assert.equal(skipped.code, 2)
  assert.match(skipped.err, /there is no file or folder .*out/)
  const { code, err } = await deploy()
  assert.equal(code, 0, err)
  assert.equal(readFileSync(join(folder, 'out', 'index.js'), 'utf8'), 'built\n')
  assert.match(err, /f: mkdir -p \.\.\/out/)
  assert.match(err, /resources\.f\.actions\.pre-deploy\[1\] is not run; only commands are/)
  assert.match(err, /resources\.f\.actions\.post-deploy is not run/)
  assert.equal(existsSync(join(folder, 'src', 'never')), false)
})
