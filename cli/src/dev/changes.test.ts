import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, renameSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../../test/support.ts'
import { createIgnore } from '../ignore.ts'
import { createChanges } from './changes.ts'

test('a burst of changes is one change; ignored files are none; a file that is replaced is noticed', async (t) => {
  const folder = temporaryFolder(t)
  const code = join(folder, 'code')
  mkdirSync(join(code, 'node_modules'), { recursive: true })
  const file = join(folder, 's.yaml')
  writeFileSync(file, 'a')
  const changes = createChanges((message) => assert.fail(message))
  t.after(() => changes.close())
  changes.watch([
    { path: file, ignore: null },
    { path: code, ignore: createIgnore('node_modules/') },
  ])

  for (let i = 0; i < 20; i++) writeFileSync(join(code, 'index.js'), String(i))
  await changes.next()
  let isAwake = false
  const second = changes.next().then(() => (isAwake = true))
  writeFileSync(join(code, 'node_modules', 'x.js'), 'x')
  const seen = watch(join(code, 'node_modules'))
  writeFileSync(join(code, 'node_modules', 'y.js'), 'y')
  await once(seen, 'change')
  seen.close()
  assert.equal(isAwake, false, 'neither the ignored files nor the rest of the burst woke anybody')

  writeFileSync(`${file}.new`, 'b')
  renameSync(`${file}.new`, file)
  await second
})
