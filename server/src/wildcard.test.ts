import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesWildcard } from './wildcard.ts'

test('a star stands for any characters, a question mark for one', () => {
  const cases: [string, string, boolean][] = [
    ['', '', true],
    ['*', '', true],
    ['*', 'a/b', true],
    ['a*', 'ab', true],
    ['*b', 'ab', true],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'abde', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['a', 'ab', false],
    ['a**', 'a', true],
  ]
  for (const [pattern, text, expected] of cases) assert.equal(matchesWildcard(pattern, text), expected, pattern)
})

test('it agrees with a regular expression, whatever the pattern', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
  fc.assert(
    fc.property(letters, text, (pattern, given) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(matchesWildcard(pattern, given), expression.test(given))
    }),
  )
})

test('a pattern that backtracks elsewhere takes no time', () => {
  assert.equal(matchesWildcard(`${'a*'.repeat(200)}b`, 'a'.repeat(5000)), false)
})
