import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withFromLog } from './from-log.ts'

test('FROM log is added where a SELECT has no FROM of its own', () => {
  const cases: [sql: string, completed: string][] = [
    ['SELECT 1', 'SELECT 1 FROM log'],
    ['SELECT count(*) AS n GROUP BY level', 'SELECT count(*) AS n FROM log GROUP BY level'],
    ['select a where b order by c', 'select a FROM log where b order by c'],
    ['SELECT a -- from here\n;', 'SELECT a FROM log -- from here\n;'],
    ['SELECT a /* FROM', 'SELECT a FROM log /* FROM'],
    [
      `SELECT 'FROM', "from", [from], (SELECT 1 FROM log)`,
      `SELECT 'FROM', "from", [from], (SELECT 1 FROM log) FROM log`,
    ],
    ['SELECT a IS DISTINCT FROM b', 'SELECT a IS DISTINCT FROM b FROM log'],
    ['SELECT a FROM log LIMIT 1', 'SELECT a FROM log LIMIT 1'],
    ['WITH x AS (SELECT 1 FROM log) SELECT * FROM x', 'WITH x AS (SELECT 1 FROM log) SELECT * FROM x'],
    ['', ''],
  ]
  for (const [sql, completed] of cases) assert.equal(withFromLog(sql).sql, completed)
})

test('places are those of what was written', () => {
  const written = 'SELECT a WHERE b'
  const { sql, placeOf } = withFromLog(written)
  assert.equal(placeOf(sql.indexOf('a')), written.indexOf('a'))
  assert.equal(placeOf(sql.indexOf('b')), written.indexOf('b'))
  assert.equal(placeOf(sql.length), written.length)
  assert.equal(placeOf(sql.indexOf('log')), 8)
})
