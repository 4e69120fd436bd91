import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPhp, phpInterpreter } from './find-php.ts'

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

test('the php of PATH is asked; warnings before its answer do not matter, failure means that there is none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-php-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.equal(await findPhp(folder), null)
  const pretend = (script: string) => writeFileSync(join(folder, 'php'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  pretend(`echo 'Warning: PHP Startup'; echo; echo '${JSON.stringify(facts)}'`)
  assert.equal((await findPhp(`/absent:${folder}`))?.version, '8.2.1-2')
  pretend('echo broken; exit 1')
  assert.equal(await findPhp(folder), null)
})
