import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockOfLines } from './blocks.ts'
import { openBlockDatabase } from './database.ts'
import { createQueries } from './queries.ts'
import { BASE_MS, lineOf, temporaryDirectory } from './test-support.ts'

test('a batch that finds the disk full leaves nothing behind, and the next one succeeds when there is room', (context) => {
  const directory = temporaryDirectory(context)
  const bounds = { directory, retentionDays: 1, functionBytesMax: 1e7, totalBytesMax: 1e8 }
  const database = openBlockDatabase(bounds, () => assert.fail('nothing is damaged'))
  context.after(() => database.close())
  const blocks = Array.from({ length: 50 }, () => blockOfLines([lineOf({ text: 'x'.repeat(10_000) })]))
  database.sqlite.exec('PRAGMA max_page_count = 20')
  assert.throws(() => database.store(blocks, BASE_MS), /full/)
  assert.equal(database.storedBytes(), 0)
  const queries = createQueries(database.sqlite)
  assert.deepEqual(queries.lines({ functionKey: 'hello', limit: 10 }, 0).lines, [])
  database.sqlite.exec('PRAGMA max_page_count = 100000')
  database.store(blocks, BASE_MS)
  assert.equal(queries.lines({ functionKey: 'hello', limit: 100 }, 0).lines.length, 50)
  assert.ok(database.storedBytes() > 500_000)
})

test('the bytes in use are known again after opening', (context) => {
  const directory = temporaryDirectory(context)
  const bounds = { directory, retentionDays: 1, functionBytesMax: 1e7, totalBytesMax: 1e8 }
  const first = openBlockDatabase(bounds, assert.fail)
  first.store([blockOfLines([lineOf()])], BASE_MS)
  const bytes = first.storedBytes()
  first.close()
  const second = openBlockDatabase(bounds, assert.fail)
  context.after(() => second.close())
  assert.equal(second.storedBytes(), bytes)
})
