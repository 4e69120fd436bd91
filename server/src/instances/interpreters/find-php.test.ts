import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { phpFinder, phpInterpreter } from './find-php.ts'

const facts = {
  sapi: 'cli',
  version: '8.2.1-2',
  binary: '/usr/bin/php8.2',
  extensionFolder: '/usr/lib/php/20220829',
  extensions: ['ctype', 'mbstring'],
}

test('php runs without the configuration of the host, but with the extensions that this enables', () => {
  const { command, readOnlyPaths } = phpInterpreter(facts)!
  assert.deepEqual(command.slice(0, 2), ['/usr/bin/php8.2', '-n'])
  const settings = command.filter((_, at) => command[at - 1] === '-d')
  assert.ok(settings.includes('extension_dir=/usr/lib/php/20220829'))
  assert.deepEqual(settings.slice(-2), ['extension=ctype', 'extension=mbstring'])
  assert.match(command.at(-1)!, /runtimes\/php\/bootstrap\.php$/)
  assert.deepEqual(readOnlyPaths.slice(0, 2), ['/usr/bin/php8.2', '/usr/lib/php/20220829'])
})

test('a php that is too old, or no command, is none', () => {
  for (const [version, isFound] of [
    ['7.4.33', false],
    ['8.0.30', false],
    ['8.1.0', true],
    ['9.0.0', true],
  ] as const) {
    assert.equal(phpInterpreter({ ...facts, version }) !== null, isFound, version)
  }
  assert.equal(phpInterpreter({ ...facts, sapi: 'cgi-fcgi' }), null)
})

test('every php of PATH is asked; warnings before its answer do not matter, one that fails is passed over', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-php-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const pretend = (name: string, script: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const tell = (version: string) => `echo '${JSON.stringify({ ...facts, version })}'`
  pretend('php', `echo 'Warning: PHP Startup'; echo; ${tell('8.2.1-2')}`)
  pretend('php7.4', tell('7.4.33'))
  pretend('php8.3', tell('8.3.0'))
  pretend('php8.4', 'echo broken')
  pretend('php8.6', 'echo "{}"')
  pretend('php8.5', 'exit 1')
  pretend('php-config', tell('8.6.0'))
  const found = await phpFinder.find({ path: `/absent:${folder}`, directory: '' })
  assert.deepEqual(
    found.map(({ version }) => version),
    ['8.2.1', '8.3.0'],
  )
})
