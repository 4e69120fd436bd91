import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findOciParts, findOciPrograms } from './oci-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'oci-check-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const skip = process.platform === 'linux' && process.getuid?.() === 0 ? false : 'needs Linux and root'

test('crun is preferred to runc, and the first on PATH to the others', () => {
  for (const name of ['crun', 'runc']) writeFileSync(join(folder, name), '')
  assert.deepEqual(findOciPrograms(folder), [
    { name: 'crun', path: join(folder, 'crun') },
    { name: 'runc', path: join(folder, 'runc') },
  ])
})

test('an OCI runtime is taken by name or path; one that is not there is named', { skip }, () => {
  const missing = (wanted: string): string => {
    const found = findOciParts('/nowhere', wanted, '/usr/bin/python3')
    return 'missing' in found ? found.missing : ''
  }
  assert.equal(missing('youki'), 'there is no youki on PATH')
  assert.equal(missing('/no/such/crun'), 'there is no /no/such/crun on PATH')
  const found = findOciParts(process.env['PATH'] ?? '', join(folder, 'crun'), '/usr/bin/python3')
  // What else the machine lacks is told instead.
  if ('missing' in found) assert.match(found.missing, /CNI plugins|cannot be found/)
  else assert.deepEqual(found.program, { name: 'crun', path: join(folder, 'crun') })
})

test('without Python, or on a user that is not root, it is told what is missing', { skip }, (t) => {
  const found = findOciParts(process.env['PATH'] ?? '', join(folder, 'crun'), undefined)
  assert.ok('missing' in found)
  assert.match(found.missing, /python3|CNI plugins|cannot be found/)
  t.mock.method(process as Required<typeof process>, 'getuid', () => 1000)
  assert.deepEqual(findOciParts('', '', undefined), { missing: 'it needs the platform to run as root' })
})
