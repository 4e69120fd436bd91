import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Condition } from './condition.ts'
import { QueryError } from './error.ts'
import { parseQuery } from './parse.ts'
import { printCondition } from './print-for-tests.ts'

const parsed = (text: string) => parseQuery(text).condition
const word = (...pattern: string[]): Condition => ({ kind: 'text', pattern })
const is = (field: string, ...pattern: string[]): Condition => ({ kind: 'is', field, pattern })

test('words, phrases, wildcards and fields are told apart', () => {
  assert.deepEqual(parsed(''), { kind: 'all' })
  assert.deepEqual(parsed(' * '), { kind: 'all' })
  assert.deepEqual(parsed('timeout'), word('timeout'))
  assert.deepEqual(parsed('"not found | really (a\\"b)"'), word('not found | really (a"b)'))
  assert.deepEqual(parsed('err*r'), word('err', 'r'))
  assert.deepEqual(parsed('"err*r"'), word('err*r'))
  assert.deepEqual(parsed('requestId: 1-abc'), is('requestId', '1-abc'))
  assert.deepEqual(parsed('order.id:5'), is('order.id', '5'))
  assert.deepEqual(parsed('path = "/a b"'), is('path', '/a b'))
  assert.deepEqual(parsed('"my field": *'), is('my field', '', ''))
  assert.deepEqual(parsed('level!=error'), { kind: 'not', part: is('level', 'error') })
  assert.deepEqual(parsed('wow!'), word('wow!'))
})

test('numbers are compared, and ranges say which of their ends belong to them', () => {
  const range = (from: number, to: number, fromIncluded: boolean, toIncluded: boolean) => ({
    ...({ kind: 'range', field: 'durationMs' } as const),
    ...{ from, to, fromIncluded, toIncluded },
  })
  assert.deepEqual(parsed('durationMs > 100'), range(100, Infinity, false, false))
  assert.deepEqual(parsed('durationMs>=1e2'), range(100, Infinity, true, false))
  assert.deepEqual(parsed('durationMs: <= -0.5'), range(-Infinity, -0.5, false, true))
  assert.deepEqual(parsed('durationMs: [100 200)'), range(100, 200, true, false))
  assert.deepEqual(parsed('durationMs: (100 200]'), range(100, 200, false, true))
})

test('NOT binds closer than AND, AND closer than OR; AND may be left out', () => {
  const [a, b, c] = [word('a'), word('b'), word('c')]
  const expected = { kind: 'or', parts: [{ kind: 'and', parts: [a, { kind: 'not', part: b }] }, c] }
  assert.deepEqual(parsed('a AND NOT b OR c'), expected)
  assert.deepEqual(parsed('a not b or c'), expected)
  assert.deepEqual(parsed('a (b OR c)'), { kind: 'and', parts: [a, { kind: 'or', parts: [b, c] }] })
})

test('an analysis begins behind the first pipe outside quotation marks', () => {
  assert.deepEqual(parseQuery('"a|b" |  SELECT 1 '), {
    condition: word('a|b'),
    analysis: { sql: 'SELECT 1', offset: 9 },
  })
  assert.deepEqual(parseQuery('| SELECT \'|\' || "x"').analysis, { sql: 'SELECT \'|\' || "x"', offset: 2 })
})

test('a query that cannot be read tells what was expected, and where', () => {
  const cases: [query: string, position: number, message: RegExp][] = [
    ['a AND', 5, /expected a word, a field, NOT or \(, found the end/],
    ['OR b', 0, /expected a word, a field, NOT or \(, found 'OR'/],
    ['(a OR b', 7, /expected '\)' for the one at 0, found the end/],
    ['a)', 1, /expected AND, OR or the end, found '\)'/],
    ['level:', 6, /expected a value, a comparison or a range/],
    ['durationMs > fast', 13, /expected a number, found 'fast'/],
    ['durationMs: [1 2', 16, /expected ']' or '\)' for the one at 12/],
    ['a "b', 2, /a quotation mark opens here/],
    ['😀 "b', 3, /a quotation mark opens here/],
    ['a | ', 4, /expected SELECT/],
    ['('.repeat(101), 100, /nest at most 100 deep/],
    ['x'.repeat(8193), 8192, /at most 8192 characters/],
    ['a '.repeat(257), 512, /at most 256 conditions/],
    [`a ${'b.'.repeat(128)}b: 1`, 2, /a field name has at most 256 characters/],
    [`${'b'.repeat(257)} > 1`, 0, /a field name has at most 256 characters/],
  ]
  for (const [query, position, message] of cases) {
    assert.throws(
      () => parseQuery(query),
      (error: QueryError) => {
        assert.equal(error.position, position, query)
        assert.equal(error.code, 'InvalidArgument')
        assert.deepEqual(error.details, { Position: position })
        assert.match(error.message, message)
        return true
      },
    )
  }
})

const fragment = fc.constantFrom(
  ...['(', ')', '[', ']', ':', '"', '|', '*', '!=', '>', '<=', ' ', 'AND', 'or', 'NOT', 'level', '5', '\\', '😀', '\0'],
)
test('whatever is typed is a query or a query error with a place in it', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fragment).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(anything, (text) => {
      try {
        parseQuery(text)
      } catch (error) {
        assert.ok(error instanceof QueryError, String(error))
        assert.ok(error.position >= 0 && error.position <= text.length)
      }
    }),
    { numRuns: 1000 },
  )
})

const piece = fc.string({ unit: fc.constantFrom(...Array.from("aZ09.-_/\\'é😀!")), minLength: 1, maxLength: 5 })
const pattern = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 10 }).map((text) => [text]),
  fc.constantFrom(['and'], ['NOT'], ['a*b'], ['!']),
  fc.array(
    piece.filter((text) => !text.startsWith('!')),
    { minLength: 2, maxLength: 4 },
  ),
)
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const field = fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('or', 'a*'))
const plain = { noNullPrototype: true }
const range = fc
  .record({ field, from: number, to: number, shape: fc.constantFrom('[)', '(]', '>', '>=', '<', '<=') }, plain)
  .map(({ shape, from, to, ...rest }): Condition => {
    const isLeast = shape.startsWith('>')
    if (shape.length === 2 && !/[<>]/.test(shape)) {
      return { kind: 'range', ...rest, from, to, fromIncluded: shape[0] === '[', toIncluded: shape[1] === ']' }
    }
    const included = shape.endsWith('=')
    return isLeast
      ? { kind: 'range', ...rest, from, to: Infinity, fromIncluded: included, toIncluded: false }
      : { kind: 'range', ...rest, from: -Infinity, to, fromIncluded: false, toIncluded: included }
  })
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    pattern
      .filter((text) => text.some((part) => part !== ''))
      .map((text): Condition => ({ kind: 'text', pattern: text })),
    fc.constant<Condition>({ kind: 'all' }),
    fc.record({ kind: fc.constant('is' as const), field, pattern: fc.oneof(pattern, fc.constant(['', ''])) }, plain),
    range,
    fc.record({ kind: fc.constant('not' as const), part: tie('condition') }, plain),
    fc.record(
      {
        kind: fc.constantFrom('and' as const, 'or' as const),
        parts: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
      },
      plain,
    ),
  ),
}))
test('what is printed is read back as it was', () => {
  fc.assert(
    fc.property(condition, (tree) => {
      assert.deepEqual(parsed(printCondition(tree)), tree)
    }),
    { numRuns: 500 },
  )
})
