import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { blockOfLines, blockOfRecords } from '../blocks.ts'
import { fold, type Condition } from '../query/condition.ts'
import { parseQuery } from '../query/parse.ts'
import { lineOf, recordOf } from '../test-support.ts'
import { holdsForAll, matcherOf } from './match.ts'
import { holdsNeedles, needlesOf } from './needles.ts'
import { Row } from './row.ts'

test('what a block must hold is taken from words, fields that are stored, and names and values of members', () => {
  const needles = (query: string, source: 'log' | 'request' = 'log') =>
    needlesOf(parseQuery(query).condition, source).map((clause) =>
      clause.map((needle) => (typeof needle === 'string' ? needle : needle.nameEnd)),
    )
  assert.deepEqual(needles('Timeout "a\\"b"'), [['timeout'], ['a\\"b']])
  assert.deepEqual(needles('abc OR de'), [['abc', 'de']])
  assert.deepEqual(needles('abc OR durationMs > 5', 'request'), [])
  assert.deepEqual(needles('NOT abc'), [])
  assert.deepEqual(needles('requestId: 1-ab*c'), [['1-ab'], ['c']])
  assert.deepEqual(needles('order.id: 5'), [['id\\"'], ['order']])
  assert.deepEqual(needles('order.0.state: "paid/now"'), [['state\\"'], ['order'], ['paid'], ['now']])
  assert.deepEqual(needles('订单: a'), [['a']])
  assert.deepEqual(needles('"Task timed out, Error: 12"', 'request'), [['task'], ['timed'], ['out']])
})

test('a member is looked for with its value, however it is spelt', () => {
  const holds = (query: string, ...texts: string[]) => {
    const block = fold(blockOfLines(texts.map((each) => lineOf({ text: each }))).text)
    return holdsNeedles(block, needlesOf(parseQuery(query).condition, 'log'))
  }
  for (const text of [
    '{"id":5}',
    '{"id" : 5.0}',
    '{"id":5e0}',
    '{"id":\n5}',
    '{"id":"5"}',
    '{"a.id":50e-1}',
    '{"id":[5]}',
  ]) {
    assert.ok(holds('id: 5', text), text)
    assert.ok(holds('id: [5 6)', text), text)
  }
  for (const text of [
    '{"id":55}',
    '{"idx":5}',
    '{"xid":5}',
    'id: 5',
    '{"id":null}',
    '{"id":"15"}',
    '{"a":"id","b":5}',
  ]) {
    assert.ok(!holds('id: 5', text), text)
    assert.ok(!holds('id: [5 6)', text), text)
  }
  assert.ok(holds('name: JOSÉ*', '{"name":"josé maría"}'))
  assert.ok(holds('ok: true', '{"ok":true}'))
  assert.ok(!holds('ok: true', '{"ok":false}', '{"true":"ok"}'))
})

const piece = fc.oneof(
  fc.constantFrom(
    'Σ',
    'ς',
    'σ',
    'İ',
    'i',
    'K',
    '"',
    '\\',
    '\n',
    '\ud800',
    '\udc00',
    '😀',
    'é',
    'É',
    ' ',
    '.',
    '5',
    '1e3',
    '/',
  ),
  fc.constantFrom('error', 'Error', 'RequestId', 'FC', 'End', 'ms', 'order', 'id', '[WARN]', 'true', '订单'),
)
const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''))
const value = fc.oneof(text, fc.constantFrom(5, 5.5, 1e21, true, null), fc.array(text, { maxLength: 2 }))
const json = fc
  .record({
    level: fc.option(fc.constantFrom('error', 'Warn'), { nil: undefined }),
    order: fc.record({ id: value }),
    x: value,
  })
  .map((object) => JSON.stringify(object))
const line = fc.record({
  text: fc.oneof(text, json),
  requestId: text,
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
})
const record = fc.record({
  requestId: text,
  errorMessage: text,
  errorType: text,
  path: text,
  durationMs: fc.constantFrom(1.5, 20, 300),
})
const pattern = fc.oneof(
  text.map((whole) => [whole]),
  fc.array(text, { minLength: 2, maxLength: 3 }),
)
const field = fc.constantFrom(
  ...[
    'requestId',
    'stream',
    'message',
    'level',
    'order.id',
    'x',
    'errorType',
    'requestURI',
    'durationMs',
    'functionName',
    'source',
  ],
)
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    pattern
      .filter((parts) => parts.some((part) => part !== ''))
      .map((parts): Condition => ({ kind: 'text', pattern: parts })),
    fc.record({ kind: fc.constant('is' as const), field, pattern }),
    fc.record({
      ...{
        kind: fc.constant('range' as const),
        field,
        from: fc.constantFrom(-Infinity, 1, 5),
        to: fc.constantFrom(5, 100, Infinity),
      },
      ...{ fromIncluded: fc.boolean(), toIncluded: fc.boolean() },
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('condition') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}))

/** That nothing told of a block without parsing it contradicts its rows. */
function holds(rows: readonly Row[], blockText: string, asked: Condition): void {
  const { source, functionKey } = rows[0]!
  const matching = rows.filter(matcherOf(asked)).length
  const known = holdsForAll(asked, source, functionKey)
  if (known !== undefined) assert.equal(matching, known ? rows.length : 0)
  if (matching > 0) assert.ok(holdsNeedles(fold(blockText), needlesOf(asked, source)))
}

test('no block is passed over that has a line which matches', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), condition, (lines, asked) => {
      const rows = lines.map((each) => lineOf(each))
      holds(
        rows.map((each) => Row.ofLine(each)),
        blockOfLines(rows).text,
        asked,
      )
    }),
    { numRuns: 3000 },
  )
})

test('no block is passed over that has a record which matches', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), condition, (records, asked) => {
      const rows = records.map((each) => recordOf({ ...each, fault: 'function' }))
      holds(
        rows.map((each) => Row.ofRecord(each)),
        blockOfRecords(rows).text,
        asked,
      )
    }),
    { numRuns: 3000 },
  )
})
