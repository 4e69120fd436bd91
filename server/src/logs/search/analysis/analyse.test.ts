import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { blockOfLines } from '../../blocks.ts'
import { openBlockDatabase } from '../../database.ts'
import { parseQuery } from '../../query/parse.ts'
import { BASE_MS, lineOf, temporaryDirectory } from '../../test-support.ts'
import { analyse, RESULT_ROWS_MAX, type AnalysisBounds } from './analyse.ts'
import { SqlError } from './sql-error.ts'

function setUp(context: TestContext, lines = 3) {
  const directory = temporaryDirectory(context)
  const bounds = { retentionDays: 1000, functionBytesMax: 1e8, totalBytesMax: 1e8 }
  const database = openBlockDatabase({ directory, ...bounds }, assert.fail)
  context.after(() => database.close())
  const rows = Array.from({ length: lines }, (_, i) =>
    lineOf({ timeMs: BASE_MS + i, text: `{"n":${i},"big":9007199254740993}` }),
  )
  for (let at = 0; at < lines; at += 200) database.store([blockOfLines(rows.slice(at, at + 200))], BASE_MS)
  return (sql: string, condition = '*', own?: AnalysisBounds) =>
    analyse(
      database.sqlite,
      {
        sql,
        scope: {
          ...{ condition: parseQuery(condition).condition, fromMs: 0, toMs: BASE_MS * 2 },
          horizons: { horizonMs: 0, ofFunctions: new Map() },
        },
      },
      own,
    )
}

test('hostile statements are refused, each with its reason', (context) => {
  const run = setUp(context)
  const refused: [sql: string, message: RegExp][] = [
    ["ATTACH 'x.db' AS x", /expected SELECT or WITH/],
    ['PRAGMA table_info(log)', /expected SELECT or WITH/],
    ["VACUUM INTO 'x.db'", /expected SELECT or WITH/],
    ['SELECT 1; DROP TABLE log', /expected the end: an analysis is one statement/],
    ['WITH x AS (SELECT 1) DELETE FROM log', /not authorized/],
    ['WITH x AS (SELECT 1) INSERT INTO log (message) SELECT 1', /not authorized/],
    ["SELECT load_extension('x.so')", /not authorized|load_extension/],
    ["SELECT fts3_tokenizer('x')", /not authorized|fts3_tokenizer/],
    ['SELECT * FROM sqlite_master', /prohibited|not authorized/],
    ['SELECT * FROM pragma_database_list', /prohibited|not authorized/],
    ['SELECT * FROM dbstat', /prohibited|not authorized|no such table/],
    ["SELECT writefile('x', 'y')", /no such function: writefile/],
    ['SELECT zeroblob(100000000)', /too big/],
    ["SELECT group_concat(printf('%1000000s', message)) FROM log", /too big/],
    ["SELECT replace(printf('%1000s', ''), ' ', printf('%1000000s', ''))", /too big/],
    [`SELECT ${'~'.repeat(300)}1`, /depth/],
    [`SELECT ${Array.from({ length: 200 }, (_, i) => `${i} AS a${i}`).join()}`, /at most 100 columns/],
  ]
  for (const [sql, message] of refused) {
    assert.throws(
      () => run(sql),
      (error) => error instanceof SqlError && message.test(error.message),
      sql,
    )
  }
})

test('what is no SQL tells the place', (context) => {
  const run = setUp(context)
  const cases: [sql: string, position: number, message: RegExp][] = [
    ['SELECT * FRM log', 9, /near "FRM"/],
    ['SELECT log FROM FROM log', 16, /near "FROM"/],
    ['SELECT count(* FROM log', 15, /near "FROM"/],
    ['SELECT 1 +', 10, /expected more here/],
    ['SELECT 1 + WHERE n', 10, /expected more here/],
    ['SELECT 1 FROM log WHERE', 23, /found the end/],
    ['SELECT nope(1)', 7, /no such function: nope/],
    ['WITH x AS (SELECT 1) SELECT functionName', 28, /no such column: functionName/],
    ['SELECT level GROUP BY GROUP', 22, /near "GROUP"/],
    ['SELECT 1 FROM logs', 14, /no such table: logs/],
    ['SELECT requestId, missing FROM log', 18, /no such column: missing, and no line has a member/],
    ['SELECT user.id FROM log', 7, /write a member of lines as "user.id"/],
    ["SELECT 'open", 7, /unrecognized token/],
  ]
  for (const [sql, position, message] of cases) {
    assert.throws(
      () => run(sql),
      (error) => {
        assert.ok(error instanceof SqlError)
        assert.match(error.message, message)
        assert.equal(error.position, position, sql)
        return true
      },
    )
  }
})

test('only the columns that are read are filled, and members of lines are columns when they are named', (context) => {
  const run = setUp(context)
  assert.deepEqual(run('SELECT count(*) FROM log').rows, [[3]])
  assert.deepEqual(run('SELECT stream, count(*) AS n GROUP BY stream').rows, [['stdout', 3]])
  assert.deepEqual(run('SELECT percentile(n, 50)').rows, [[1]])
  assert.deepEqual(run('SELECT n, stream FROM log WHERE n > 0 ORDER BY n').rows, [
    [1, 'stdout'],
    [2, 'stdout'],
  ])
  assert.deepEqual(run('SELECT sum("n") AS total FROM (SELECT * FROM log)', 'NOT n: 1'), {
    ...{ columns: ['total'], rows: [[2]], scannedLines: 3, truncated: false },
  })
  const all = run('SELECT * FROM log ORDER BY timeMs')
  assert.equal(all.rows.length, 3)
  assert.equal(all.rows[0]![all.columns.indexOf('message')], '{"n":0,"big":9007199254740993}')
})

test('values come as JSON can hold them', (context) => {
  const run = setUp(context)
  assert.deepEqual(run("SELECT 9007199254740993, 5, 1e999, NULL, x'ff', 'a' || char(0) || 'b', true LIMIT 1").rows, [
    ['9007199254740993', 5, null, null, 'ff', 'a\0b', 1],
  ])
})

test('rows beyond the bounds are left out, and it is told', (context) => {
  const run = setUp(context, 1000)
  const newest = run('SELECT count(*), min(n) FROM log', '*', { rowsMax: 600 })
  assert.equal(newest.truncated, true)
  assert.equal(newest.rows[0]![0], 600)
  const many = run('SELECT a.n FROM log a, log b')
  assert.equal(many.rows.length, RESULT_ROWS_MAX)
  assert.equal(many.truncated, true)
  assert.equal(run('SELECT n FROM log').truncated, false)
})
