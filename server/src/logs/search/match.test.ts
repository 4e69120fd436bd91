import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../query/parse.ts'
import { lineOf, recordOf } from '../test-support.ts'
import { highlightsOf, matcherOf, textPatterns } from './match.ts'
import { Row } from './row.ts'

const conditionOf = (query: string) => parseQuery(query).condition
const matches = (query: string, row: Row) => matcherOf(conditionOf(query))(row)
const line = (text: string, more: Partial<Parameters<typeof lineOf>[0]> = {}) => Row.ofLine(lineOf({ text, ...more }))

function check(row: Row, found: readonly string[], notFound: readonly string[]): void {
  for (const query of found) assert.ok(matches(query, row), query)
  for (const query of notFound) assert.ok(!matches(query, row), query)
}

test('words and phrases are found anywhere, without regard to case; a star reaches to the next white space', () => {
  check(
    line('Order 17 FAILED: no stock; Straße ΟΔΟΣ 订单'),
    ['failed', 'ORDER', 'rder', '"17 failed"', 'or*er', '*der*', 'straße', 'οδος', 'ΟΔΟ', '单', 'order no'],
    ['"17  failed"', 'order*failed', 'lost', 'order lost', '"fa*ed"'],
  )
})

test('a field is compared as a whole, without regard to case, with stars for anything', () => {
  const more = { functionKey: 'shop$pay', versionId: '3', requestId: 'R-1', stream: 'stderr' } as const
  check(
    line('a b', more),
    [
      ...[
        'functionName: pay',
        'FUNCTIONNAME: PAY',
        'serviceName: sh*p',
        'versionId: 3',
        'requestId: r-1',
        'stream: stderr',
      ],
      ...['source: log', '__topic__: shop', 'message: "a b"', 'message: a*', 'instanceID: c-1', 'instanceId: *'],
    ],
    ['functionName: pa', 'source: request', 'versionId: 33', 'durationMs: 1', 'qualifier: *', 'nothing: *'],
  )
  assert.ok(matches('__topic__: "FCLogs:hello"', line('')))
})

test('the level is a JSON member, or what loggers write before their message', () => {
  const levels: [text: string, level: string][] = [
    ['{"level":"warn","msg":"error"}', 'warn'],
    ['{"level":30}', '30'],
    ['2026-01-01T00:00:00.000Z 1-a [error] it broke', 'error'],
    ['time=1 level=info msg="x"', 'info'],
    ['WARNING: low', 'warning'],
  ]
  for (const [text, level] of levels) assert.ok(matches(`level: ${level}`, line(text)), text)
  check(line('there was no error here'), [], ['level: error', 'level: *'])
})

test('members of a line that is a JSON object are fields, by their paths', () => {
  const text =
    '{"order":{"id":5,"total":12.5,"tags":["Red","blue"],"ok":true,"none":null},"a.b":"dotted","n":"7","list":[{"x":1}]}'
  check(
    line(text),
    [
      ...[
        'order.id: 5',
        'order.id: 5.0',
        'order.id: [5 6)',
        'order.total > 12',
        'order.total <= 12.5',
        'order.tags: red',
      ],
      ...['order.ok: true', 'a.b: dot*', 'n > 6', 'n: 7', 'list.0.x: 1', 'order: *'],
    ],
    [
      'order.id: (5 6]',
      'order.id: 55',
      'Order.id: 5',
      'order.none: *',
      'order: 5',
      'order.total > 12.5',
      'order.ok > 0',
    ],
  )
  check(line('2026-01-01T00:00:00.000Z 1-a [INFO] {"n":5}'), ['n: 5', 'level: info'], ['level: 5'])
  check(line('{"order": broken'), ['broken'], ['order: *'])
  assert.deepEqual(line(text).fields()['order.tags.0'], 'Red')
})

test('a record has the fields of FCRequestMetrics and reads as one line', () => {
  const coldStart = { scheduleMs: 1, packageMs: 2, sandboxMs: 3, runtimeMs: 4, initializerMs: 5 }
  const row = Row.ofRecord(
    recordOf({
      ...{ requestId: 'r1', durationMs: 99.5, coldStart, kind: 'http', method: 'GET', path: '/a?b', statusCode: 500 },
      ...{ fault: 'function', errorType: 'FunctionTimeoutError', errorMessage: 'timed\nout', queuedMs: 15 },
    }),
  )
  check(
    row,
    [
      ...[
        'source: request',
        'isColdStart: true',
        'hasFunctionError: true',
        'errorType: FunctionTimeout*',
        'durationMs > 99',
      ],
      ...['coldStartLatencyMs: 15', 'scheduleLatencyMs: 1', 'prepareCodeLatencyMs: 2', 'runtimeInitializationMs: 4'],
      ...['triggerType: http', 'requestURI: "/a?b"', 'statusCode >= 500', '__topic__: "FCRequestMetrics:/hello"'],
      ...['"timed out"', '"Error: Unhandled function error"', 'invocationType: sync', 'memoryUsageMB: 40.25'],
    ],
    ['source: log', 'level: *', 'order.id: 5', 'durationMs < 99.5'],
  )
  const { text, timeMs } = row.line
  assert.match(text, /^FC Invoke End RequestId: r1, Error: Unhandled function error; FunctionTimeoutError: timed out; /)
  assert.match(text, /Duration: 99.50 ms, Billed Duration: 3 ms, Memory Size: 128 MB, Max Memory Used: 40.25 MB$/)
  assert.equal(timeMs, row.timeMs)
})

test('highlights tell where words are, merged and in order, and none where folding moves places', () => {
  const highlights = (query: string, text: string) => highlightsOf(line(text), textPatterns(conditionOf(query)))
  assert.deepEqual(highlights('err OR "rror x"', 'an Error x err'), [
    [3, 10],
    [11, 14],
  ])
  assert.deepEqual(highlights('a*c NOT b', 'abc b a c'), [[0, 3]])
  assert.deepEqual(highlights('😀', 'x😀'), [[1, 3]])
  assert.deepEqual(highlights('a', 'İa'), [])
  assert.equal(highlights('a', 'a '.repeat(500)).length, 100)
})

test('many stars over a long text take no longer than a look at it', () => {
  const row = line('a'.repeat(30_000))
  const startedMs = performance.now()
  assert.ok(!matches(`${'a*'.repeat(200)}b`, row))
  assert.ok(!matches(`message: ${'a*'.repeat(200)}b`, row))
  assert.ok(performance.now() - startedMs < 1000)
})
