/** Which interpreters are found in folders that tests fill, and what is told of the rest. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { InterpreterFinder, Places } from './interpreters/interpreter.ts'
import { findRuntimes } from './runtimes.ts'

/** A folder for programs and one for what was installed. */
function machine(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-interpreters-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string, mode = 0o644) => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode })
    chmodSync(path, mode)
    return path
  }
  return {
    folder,
    file,
    /** A program that prints these lines, whatever it is asked. */
    program: (name: string, ...lines: string[]) =>
      file(name, `#!/bin/sh\n${lines.map((line) => `echo "${line}"`).join('\n')}\n`, 0o755),
    find: (...names: string[]) =>
      findRuntimes({
        path: names.map((name) => join(folder, name)).join(delimiter),
        directory: join(folder, 'interpreters'),
      }),
  }
}

const of = (runtimes: Awaited<ReturnType<typeof findRuntimes>>, language: string) =>
  runtimes
    .interpreters()
    .filter((interpreter) => interpreter.language === language)
    .map(({ version, program }) => [version, program])

const OWN_NODE = [process.versions.node, process.execPath]

test('Node.js: our own first, then what was installed, then those on PATH', async (t) => {
  const { file, program, folder, find } = machine(t)
  file('interpreters/nodejs-18/package.json', '{"version":"v18.20.8"}')
  const installed = file('interpreters/nodejs-18/bin/node', '', 0o755)
  program('bin/node', '20.2.0', '/real/node')
  program('bin/node22', '22.1.0', '/real/node22')
  program('bin/nodemon', '99.0.0', '/not/node')
  const runtimes = await find('bin')
  assert.deepEqual(of(runtimes, 'nodejs'), [
    OWN_NODE,
    ['18.20.8', installed],
    ['20.2.0', '/real/node'],
    ['22.1.0', '/real/node22'],
  ])
  const { interpreter, fit } = runtimes.choice('nodejs18')
  assert.deepEqual([interpreter.command[0], interpreter.readOnlyPaths[0], fit], [installed, installed, 'exact'])
  assert.ok(!JSON.stringify(interpreter).includes(join(folder, 'bin')))
})

test('what cannot run functions is passed over: broken, too old, no package, half a package', async (t) => {
  const { file, program, folder, find } = machine(t)
  file('bin/node', '#!/bin/sh\nexit 3\n', 0o755)
  program('bin/nodejs', '12.22.12', '/real/node12')
  program('bin/python3', '/real/python3.6', '3.6.15', '/real')
  file('bin/python3.9', 'no program', 0o644)
  symlinkSync(join(folder, 'nowhere'), join(folder, 'bin', 'python3.10'))
  file('interpreters/nodejs-14/package.json', '{"version":"14.21.3"}')
  file('interpreters/nodejs-16/package.json', '{')
  file('interpreters/nodejs-16/bin/node', '', 0o755)
  file('interpreters/.new-abc/package.json', '{"version":"18.20.8"}')
  const runtimes = await find('bin', 'absent')
  assert.deepEqual(of(runtimes, 'nodejs'), [OWN_NODE])
  assert.deepEqual(of(runtimes, 'python'), [])
})

test('Python: of several links to one program one is asked, and a sandbox sees its own folder', async (t) => {
  const { program, folder, find } = machine(t)
  program('bin/python3.11', '/real/bin/python3.11', '3.11.2', '/real')
  symlinkSync('python3.11', join(folder, 'bin', 'python3'))
  program('usr/python3.12', '/usr/bin/python3.12', '3.12.1rc1', '/usr')
  const runtimes = await find('bin', 'usr', 'bin')
  assert.deepEqual(of(runtimes, 'python'), [
    ['3.11.2', '/real/bin/python3.11'],
    ['3.12.1', '/usr/bin/python3.12'],
  ])
  const { interpreter } = runtimes.choice('python3.10')
  assert.deepEqual(interpreter.readOnlyPaths.slice(0, 2), ['/real/bin/python3.11', '/real'])
  assert.ok(!runtimes.choice('python3.12').interpreter.readOnlyPaths.includes('/usr'))
})

test('the wrapper scripts of a version manager are not run: its versions are where it keeps them', async (t) => {
  const { file, folder, find } = machine(t)
  const ran = join(folder, 'ran')
  for (const name of ['python3', 'node']) file(`pyenv/shims/${name}`, `#!/bin/sh\necho ${name} >> ${ran}\n`, 0o755)
  const python = file('pyenv/versions/3.9.18/bin/python3', '', 0o755)
  const node = file('pyenv/versions/16.20.2/bin/node', '', 0o755)
  file('pyenv/versions/pypy3.10-7.3.15/bin/python3', '', 0o755)
  mkdirSync(join(folder, 'pyenv/versions/3.12.0/bin'), { recursive: true })
  const runtimes = await find('pyenv/shims')
  assert.deepEqual(of(runtimes, 'python'), [['3.9.18', python]])
  assert.deepEqual(of(runtimes, 'nodejs'), [OWN_NODE, ['16.20.2', node]])
  assert.ok(!existsSync(ran))
})

test('what is missing is told with the command that brings it, exact or at all', async (t) => {
  const { find } = machine(t)
  const runtimes = await find('empty')
  const statusOf = (wanted: string) => runtimes.list().find(({ name }) => name === wanted)
  assert.deepEqual(statusOf('nodejs16'), {
    name: 'nodejs16',
    available: true,
    runsOn: { version: process.versions.node, program: process.execPath, fit: 'newer' },
    install: 'npx sluice runtimes install nodejs16',
  })
  // No Node.js so old can run functions.
  assert.equal(statusOf('nodejs8')?.install, undefined)
  const python = runtimes.available('python3.10')
  assert.match(
    python.ok ? '' : python.reason,
    /no python3 was found on PATH; install it \(Debian: apt-get install python3\)/,
  )
  assert.equal(statusOf('python3.10')?.install, 'apt-get install python3')
  assert.deepEqual(runtimes.available('dotnetcore3.1'), {
    ok: false,
    reason: 'this version of Sluice does not run functions of this language',
  })
  assert.throws(() => runtimes.choice('python3.10'), /no python3 was found/)
  assert.deepEqual(
    runtimes.list().map(({ name }) => name),
    runtimes.all,
  )
})

test('looking again finds what came meanwhile, and many who ask cost one look more', async () => {
  const version = { current: '18.1.0' }
  let looks = 0
  let begun = Promise.withResolvers<void>()
  let mayGoOn = Promise.withResolvers<void>()
  const finder: InterpreterFinder = {
    language: 'nodejs',
    program: 'node',
    debianCommand: '',
    commandFor: () => null,
    async find(_places: Places) {
      looks++
      begun.resolve()
      const found = { language: 'nodejs', version: version.current, program: '', command: [], readOnlyPaths: [] }
      await mayGoOn.promise
      return [found]
    },
  }
  mayGoOn.resolve()
  const runtimes = await findRuntimes({ path: '', directory: '' }, [finder])
  assert.equal(runtimes.choice('nodejs18').interpreter.version, '18.1.0')

  begun = Promise.withResolvers()
  mayGoOn = Promise.withResolvers()
  const early = runtimes.refresh()
  await begun.promise
  version.current = '18.2.0'
  const late = [runtimes.refresh(), runtimes.refresh(), runtimes.refresh()]
  mayGoOn.resolve()
  await early
  await Promise.all(late)
  assert.equal(runtimes.choice('nodejs18').interpreter.version, '18.2.0')
  assert.equal(looks, 3)
})
