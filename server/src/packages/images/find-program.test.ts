import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { programProblem } from './find-program.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-programs-'))
after(() => rmSync(scratch, { recursive: true }))
const root = join(scratch, 'root')
for (const folder of ['usr/bin', 'srv', 'data']) mkdirSync(join(root, folder), { recursive: true })
writeFileSync(join(root, 'usr/bin/serve'), '', { mode: 0o755 })
writeFileSync(join(root, 'data/serve'), '', { mode: 0o644 })
writeFileSync(join(root, 'srv/own'), '', { mode: 0o755 })
writeFileSync(join(scratch, 'host'), '', { mode: 0o755 })
symlinkSync('usr/bin', join(root, 'bin'))
symlinkSync('/usr/bin/serve', join(root, 'srv/absolute'))
symlinkSync('../../../../usr/bin/serve', join(root, 'srv/above'))
symlinkSync('../../host', join(root, 'srv/host'))
symlinkSync('round', join(root, 'srv/round'))

const problem = (name: string, path = '/data:/bin') => programProblem(root, name, path, '/srv')

test('a program is found by its path, by links inside the image, and on the PATH', async () => {
  for (const name of ['/usr/bin/serve', '/bin/serve', 'serve', './own', '../srv/own', '/srv/absolute', '/srv/above']) {
    assert.equal(await problem(name), null, name)
  }
})

test('what is not there, or leads out of the image, is missing', async () => {
  for (const name of ['/bin/nothing', 'nothing', 'own', '/srv/host', '/srv/round', '/usr/bin/serve/below']) {
    assert.equal(await problem(name), 'missing', name)
  }
})

test('what is there and may not be executed is forbidden', async () => {
  assert.equal(await problem('/data/serve'), 'forbidden')
  assert.equal(await problem('serve', '/data'), 'forbidden')
  assert.equal(await problem('/srv'), 'forbidden')
})
