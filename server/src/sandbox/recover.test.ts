import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isSandboxId, recoverSandboxes } from './recover.ts'

const root = mkdtempSync(join(tmpdir(), 'recover-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('rubbish in the directory does no harm: no other process is killed, no other file removed', async () => {
  const directory = join(root, 'rubbish')
  const pidFiles = {
    'c-01': 'not a pid',
    'c-02': '',
    // The parent of this test, recorded with another start time and another boot: the pid was given away since.
    'c-03': `${process.ppid} 1 another-boot`,
    'c-04': `${process.ppid} 1 ${bootId()}`,
    'c-05': '1 0 x '.repeat(100_000),
  }
  for (const [id, text] of Object.entries(pidFiles)) {
    mkdirSync(join(directory, id, 'tmp'), { recursive: true })
    writeFileSync(join(directory, id, 'process'), text)
  }
  mkdirSync(join(directory, 'c-06', 'process'), { recursive: true })
  symlinkSync(root, join(directory, 'c-07'))
  writeFileSync(join(directory, 'c-08'), 'a file')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  mkdirSync(join(directory, 'c-other'))

  assert.equal((await recoverSandboxes(directory)).size, 8)
  assert.deepEqual(readdirSync(directory).sort(), ['c-other', 'notes.txt'])
  assert.ok(readdirSync(root).includes('rubbish'), 'a link is removed, not followed')
  process.kill(process.ppid, 0)
})

test('a directory that does not exist yet is made, and empty', async () => {
  assert.equal((await recoverSandboxes(join(root, 'new', 'deep'))).size, 0)
  assert.deepEqual(readdirSync(join(root, 'new', 'deep')), [])
})

test('ids are safe as names of files', () => {
  assert.equal(isSandboxId('c-0123abcd-0a'), true)
  for (const id of ['', 'c-', '..', 'c-../x', 'c-A', 'd-00', 'c-0\n', `c-${'0'.repeat(65)}`]) {
    assert.equal(isSandboxId(id), false, id)
  }
})

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
