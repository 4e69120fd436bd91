import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, textOf } from '../../../package/text.ts'
import { FILE_MODE, PROGRAM_MODE, type PackageFile } from '../../../package/zip.ts'
import { draftOf, fileOf, withNewFile, withoutFile, withRenamed, withText } from './draft.ts'

const file = (path: string, mode = FILE_MODE): PackageFile => ({ path, bytes: bytesOf(path), mode })

test('a package opens at the file of its handler, else at its program, else at the top', () => {
  const opened = (paths: string[], handler: string) =>
    draftOf(
      paths.map((path) => file(path)),
      '1',
      handler,
    ).open
  assert.equal(opened(['a.js', 'src/index.js'], 'src/index.handler'), 'src/index.js')
  assert.equal(opened(['a.txt', 'bootstrap'], 'none'), 'bootstrap')
  assert.equal(opened(['lib/', 'lib/x.js', 'readme.md'], 'index.handler'), 'readme.md')
  assert.equal(opened([], 'index.handler'), null)
})

test('editing, adding, renaming and deleting leave other files and modes alone', () => {
  const begun = draftOf([file('bootstrap', PROGRAM_MODE), file('b.py')], '1', '')
  const edited = withRenamed(withNewFile(withText(begun, 'bootstrap', 'new'), 'c.py'), 'bootstrap', 'start')
  assert.deepEqual(
    edited.files.map(({ path, mode, bytes }) => [path, mode, textOf(bytes)]),
    [
      ['start', PROGRAM_MODE, 'new'],
      ['b.py', FILE_MODE, 'b.py'],
      ['c.py', FILE_MODE, ''],
    ],
  )
  assert.ok(edited.isChanged && !begun.isChanged)
  const less = withoutFile(edited, 'start')
  assert.deepEqual([less.open, fileOf(less, 'start')], [null, undefined])
})
