import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathProblem, treeOf } from './paths.ts'

test('paths that lead out of the package, or nowhere, are refused', () => {
  const taken = new Set(['index.js'])
  for (const path of ['../x', 'a/../b', '/etc/passwd', 'a//b', 'a/', '.', 'a\\b', 'a\nb']) {
    assert.equal(pathProblem(path, taken), 'form', path)
  }
  assert.equal(pathProblem('index.js', taken), 'taken')
  assert.equal(pathProblem('', taken), 'empty')
  assert.equal(pathProblem('src/handlers/…/index.js', taken), null)
})

test('a tree has its folders and files by name, and empty folders, too', () => {
  const tree = treeOf(['b.js', 'lib/z.js', 'lib/deep/a.js', 'empty/', 'a.js'])
  assert.deepEqual(
    tree.files.map(({ name }) => name),
    ['a.js', 'b.js'],
  )
  assert.deepEqual(
    tree.folders.map(({ path }) => path),
    ['empty/', 'lib/'],
  )
  const lib = tree.folders[1]!
  assert.deepEqual([lib.folders[0]!.path, lib.folders[0]!.files[0]!.path], ['lib/deep/', 'lib/deep/a.js'])
})
