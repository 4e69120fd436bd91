import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeTrees } from './folder-merge.ts'
import type { FolderTree } from './folder-merge.ts'

const LIMITS = { entriesMax: 100 }

/** `a/b` is a file, `a/` a folder, `a -> b` a link; folders come before what they hold. */
function tree(...entries: string[]): FolderTree {
  const links = new Map(
    entries.filter((entry) => entry.includes(' -> ')).map((entry) => entry.split(' -> ') as [string, string]),
  )
  const paths = entries.filter((entry) => !entry.includes(' -> '))
  return {
    folders: paths.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1)),
    files: paths.filter((path) => !path.endsWith('/')),
    links,
  }
}

/** Every path with the tree that it comes from; folders with a slash, links with their target. */
function merged(...trees: FolderTree[]): string[] {
  const { folders, files, links } = mergeTrees(trees, LIMITS)
  return [
    ...folders.map((path) => `${path}/`),
    ...files.map(({ path, tree: from }) => `${path}#${from}`),
    ...[...links].map(([path, target]) => `${path} -> ${target}`),
  ].toSorted()
}

test('folders merge; of files with the same path that of the first tree is there', () => {
  const first = tree('lib/', 'lib/a', 'lib/both')
  const second = tree('lib/', 'lib/both', 'lib/b', 'bin/', 'bin/tool')
  assert.deepEqual(merged(first, second), ['bin/', 'bin/tool#1', 'lib/', 'lib/a#0', 'lib/b#1', 'lib/both#0'])
  assert.deepEqual(merged(second, first), ['bin/', 'bin/tool#0', 'lib/', 'lib/a#1', 'lib/b#0', 'lib/both#0'])
})

test('a file or link of an earlier tree hides a folder of a later one, with all that it holds', () => {
  const folder = tree('x/', 'x/y/', 'x/y/z', 'x/link -> y')
  assert.deepEqual(merged(tree('x'), folder), ['x#0'])
  assert.deepEqual(merged(tree('x -> other', 'other/'), folder), ['other/', 'x -> other'])
  assert.deepEqual(merged(folder, tree('x')), ['x/', 'x/link -> y', 'x/y/', 'x/y/z#0'])
  assert.deepEqual(merged(tree('x/', 'x/y'), folder), ['x/', 'x/link -> y', 'x/y#0'])
})

test('folders come before what they hold, whichever tree they are from', () => {
  const { folders } = mergeTrees([tree('a/', 'a/b/'), tree('a/', 'a/b/', 'a/b/c/', 'd/')], LIMITS)
  assert.deepEqual(folders, ['a', 'a/b', 'a/b/c', 'd'])
})

test('links that stay inside, alone and together, are kept', () => {
  const first = tree('lib/', 'lib/new', 'lib/current -> new')
  const second = tree('bin/', 'bin/tool -> ../lib/current')
  assert.deepEqual(merged(first, second), [
    ...['bin/', 'bin/tool -> ../lib/current', 'lib/', 'lib/current -> new', 'lib/new#0'],
  ])
})

test('a link that leaves only over a link of another tree is refused', () => {
  const harmless = tree('x -> a/b/../../y', 'y')
  // With `a` and `b` leading to the root, two steps up are outside.
  const shortcut = tree('a -> .', 'b -> .')
  mergeTrees([harmless], LIMITS)
  mergeTrees([shortcut], LIMITS)
  for (const trees of [
    [harmless, shortcut],
    [shortcut, harmless],
  ]) {
    assert.throws(() => mergeTrees(trees, LIMITS), /"x": the link to "a\/b\/\.\.\/\.\.\/y" leaves the package/)
  }
})

test('links of two trees that lead to each other are refused', () => {
  assert.throws(() => mergeTrees([tree('a -> b'), tree('b -> a')], LIMITS), /passes more than \d+ other links/)
})

test('all files and folders together are bounded; what is hidden does not count', () => {
  const files = (count: number, name: string) => tree(...Array.from({ length: count }, (_, i) => `${name}${i}`))
  mergeTrees([files(60, 'a'), files(60, 'a')], LIMITS)
  assert.throws(() => mergeTrees([files(60, 'a'), files(60, 'b')], LIMITS), /more than 100 files and folders/)
})
