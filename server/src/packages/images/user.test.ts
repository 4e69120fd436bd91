import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ImageError } from './limits.ts'
import { resolveUser } from './user.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sluice-user-'))
after(() => rmSync(scratch, { recursive: true }))

function rootWith(name: string): string {
  const root = join(scratch, name)
  mkdirSync(join(root, 'etc'), { recursive: true })
  return root
}

const root = rootWith('root')
writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nwww:x:33:34::/:/bin/sh\nhuge:x:70000:1::/:/bin/sh\n')
writeFileSync(join(root, 'etc/group'), 'root:x:0:\nlogs:x:40:www,other\nwww:x:34:www\n')

test('users and groups are names or numbers, and a user is in the groups that name it', async () => {
  const cases: [string, object][] = [
    ['', { uid: 0, gid: 0, groups: [] }],
    ['root', { uid: 0, gid: 0, groups: [] }],
    ['www', { uid: 33, gid: 34, groups: [40] }],
    ['33', { uid: 33, gid: 34, groups: [40] }],
    ['www:logs', { uid: 33, gid: 40, groups: [] }],
    ['1000', { uid: 1000, gid: 0, groups: [] }],
    ['1000:1001', { uid: 1000, gid: 1001, groups: [] }],
  ]
  for (const [user, expected] of cases) assert.deepEqual(await resolveUser(user, root), expected, user)
})

test('who is not known, or has an id that instances have not, is refused', async () => {
  for (const user of ['nobody', 'www:nogroup', 'huge', '65536', '-1', '1.5']) {
    await assert.rejects(resolveUser(user, root), ImageError, user)
  }
})

test('without the files numbers are good enough', async () => {
  assert.deepEqual(await resolveUser('7:8', join(scratch, 'nothing')), { uid: 7, gid: 8, groups: [] })
})

test('links of the image are not followed: they would lead to files of the host', async () => {
  const linked = rootWith('linked')
  symlinkSync(join(root, 'etc/passwd'), join(linked, 'etc/passwd'))
  await assert.rejects(resolveUser('www', linked), ImageError)
  const folderLinked = join(scratch, 'folder-linked')
  mkdirSync(folderLinked)
  symlinkSync(join(root, 'etc'), join(folderLinked, 'etc'))
  await assert.rejects(resolveUser('www', folderLinked), ImageError)
})
