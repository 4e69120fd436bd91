import assert from 'node:assert/strict'
import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fromBufferPromise } from 'yauzl'
import { temporaryFolder } from '../test/support.ts'
import { packCode } from './zip.ts'

async function listZip(zip: Buffer): Promise<Map<string, number>> {
  const names = new Map<string, number>()
  const file = await fromBufferPromise(zip)
  for await (const entry of file.eachEntry()) names.set(entry.fileName, entry.externalFileAttributes >>> 16)
  return names
}

async function sampleFolder(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t)
  await mkdir(join(folder, 'lib'))
  await writeFile(join(folder, 'index.js'), 'exports.handler = () => 1\n')
  await writeFile(join(folder, 'lib', 'b.js'), 'b')
  await writeFile(join(folder, 'lib', 'a.js'), 'a')
  return folder
}

test('the same content gives the same bytes, whatever the times, the zone and the order of writing', async (t) => {
  const [first, second] = [await sampleFolder(t), await sampleFolder(t)]
  await utimes(join(second, 'index.js'), 1, 1)
  const zone = process.env['TZ']
  const before = await packCode(first)
  process.env['TZ'] = 'Asia/Shanghai'
  t.after(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
  assert.deepEqual(await packCode(second), before)
  assert.deepEqual([...(await listZip(before)).keys()], ['index.js', 'lib/a.js', 'lib/b.js'])
})

test('programs stay executable, links inside stay links, and no other mode passes', async (t) => {
  const folder = await sampleFolder(t)
  await writeFile(join(folder, 'bootstrap'), '#!/bin/sh\n')
  await chmod(join(folder, 'bootstrap'), 0o4700)
  await chmod(join(folder, 'index.js'), 0o600)
  await symlink('lib/a.js', join(folder, 'current.js'))
  const modes = await listZip(await packCode(folder))
  assert.equal(modes.get('bootstrap'), 0o100755)
  assert.equal(modes.get('index.js'), 0o100644)
  assert.equal(modes.get('current.js'), 0o120777)
})

test('what .fcignore lists stays out, folders whole', async (t) => {
  const folder = await sampleFolder(t)
  await writeFile(join(folder, '.fcignore'), 'lib/\n')
  await writeFile(join(folder, 's.yaml'), 'edition: 3.0.0')
  assert.deepEqual([...(await listZip(await packCode(folder))).keys()], ['index.js'])
})

test('a link out of the folder is refused by name', async (t) => {
  const folder = await sampleFolder(t)
  await symlink('../../etc/passwd', join(folder, 'lib', 'users'))
  await assert.rejects(packCode(folder), /the link lib\/users leads out of .*, to \.\.\/\.\.\/etc\/passwd/)
})

test('a path that cannot be packed is told apart', async (t) => {
  const folder = temporaryFolder(t)
  await assert.rejects(packCode(join(folder, 'absent')), /there is no file or folder/)
  await assert.rejects(packCode(folder), /holds no files/)
  await writeFile(join(folder, 'a.txt'), '')
  await assert.rejects(packCode(join(folder, 'a.txt')), /neither a folder nor a \.zip or \.jar/)
})
