import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createIgnore } from './ignore.ts'

const cases: [rules: string, path: string, ignored: boolean, isFolder?: boolean][] = [
  ['', '.git', true, true],
  ['', 'lib/__pycache__', true, true],
  ['', 'lib/a.pyc', true],
  ['', 's.yaml', true],
  ['', 'config/s.yaml', false],
  ['*.log', 'a/b.log', true],
  ['*.log', 'a/b.logs', false],
  ['/build', 'build', true, true],
  ['/build', 'src/build', false, true],
  ['build/', 'build', false],
  ['build/', 'src/build', true, true],
  ['docs/*.md', 'docs/a.md', true],
  ['docs/*.md', 'docs/more/a.md', false],
  ['docs/**/*.md', 'docs/more/and/a.md', true],
  ['docs/**/*.md', 'docs/a.md', true],
  ['logs/**', 'logs/a/b', true],
  ['*.log\n!keep.log', 'keep.log', false],
  ['# comment\n\n', '# comment', false],
  [String.raw`\#file`, '#file', true],
  ['file[0-9].txt', 'file7.txt', true],
  ['file[!0-9].txt', 'file7.txt', false],
  ['a?c', 'abc', true],
  ['a.c', 'abc', false],
]

test('.fcignore means what .gitignore would', () => {
  for (const [rules, path, ignored, isFolder = false] of cases) {
    assert.equal(createIgnore(rules)(path, isFolder), ignored, `${JSON.stringify(rules)} on ${path}`)
  }
})

test('no text in .fcignore breaks it, and what is always left out stays out', () => {
  const withoutNegation = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('!'))
  fc.assert(
    fc.property(withoutNegation, fc.string(), (rules, path) => {
      const ignore = createIgnore(rules)
      ignore(path, false)
      assert.equal(ignore('.git', true), true)
    }),
  )
})
