import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { findJava } from './find-java.ts'
import type { Interpreter } from './interpreter.ts'

const missing = (java: Interpreter | { missing: string }) => ('missing' in java ? java.missing : '')

/** A folder with a program `java` that says this version, its home, and a compiled runtime. */
function scene(t: TestContext, version: string): { path: string; home: string; runtime: string; etc: string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-find-java-')))
  t.after(() => rmSync(root, { recursive: true }))
  const [path, home, runtime, etc] = ['bin', 'jdk', 'runtime', 'etc'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ]
  for (const folder of [path, join(home, 'lib'), join(runtime, 'build'), etc]) mkdirSync(folder, { recursive: true })
  symlinkSync(etc, join(home, 'conf'))
  writeFileSync(join(runtime, 'jvm-flags.json'), '["-Dflag"]')
  writeFileSync(join(runtime, 'build', 'runtime.jar'), '')
  const settings = `Property settings:\n    java.home = ${home}\n    java.version = ${version}\n`
  writeFileSync(join(path, 'java'), `#!/bin/sh\ncat >&2 <<'END'\n${settings}END\n`)
  chmodSync(join(path, 'java'), 0o755)
  return { path, home, runtime, etc }
}

test('the JVM is asked for its home, and what its links lead to is shown to sandboxes too', async (t) => {
  const { path, home, runtime, etc } = scene(t, '17.0.15')
  const java = await findJava(path, runtime)
  assert.ok(!('missing' in java), missing(java))
  assert.equal(java.version, '17.0.15')
  assert.deepEqual(java.command.slice(0, 2), [join(home, 'bin', 'java'), '-Dflag'])
  assert.deepEqual(java.readOnlyPaths, [home, etc, join(runtime, 'build')])
})

test('a JVM that is absent or too old is told with the command that brings one', async (t) => {
  const { path, runtime } = scene(t, '11.0.2')
  assert.match(missing(await findJava(path, runtime)), /version 17 or newer.*apt-get install/)
  assert.match(missing(await findJava('/nowhere', runtime)), /apt-get install/)
})

test('a runtime that was not compiled is told with what compiles it', async (t) => {
  const { path, runtime } = scene(t, '17.0.15')
  rmSync(join(runtime, 'build'), { recursive: true })
  assert.match(missing(await findJava(path, runtime)), /not compiled.*javac and mvn.*npm start/)
})
