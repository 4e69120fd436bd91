import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { blockOfLines } from '../blocks.ts'
import { decodeCursor } from '../cursor.ts'
import { openBlockDatabase } from '../database.ts'
import { BASE_MS, lineOf, temporaryDirectory } from '../test-support.ts'
import { countOverTime, findPage } from './find.ts'
import { SearchRefusal } from './refusal.ts'

/** Overlapping blocks: the last line of each stands among those of the next. */
function setUp(context: TestContext) {
  const bounds = { retentionDays: 1000, functionBytesMax: 1e8, totalBytesMax: 1e8 }
  const database = openBlockDatabase({ directory: temporaryDirectory(context), ...bounds }, assert.fail)
  context.after(() => database.close())
  const blocks = Array.from({ length: 20 }, (_, block) =>
    blockOfLines([0, 5, 12].map((at) => lineOf({ timeMs: BASE_MS + block * 10 + at, text: `${block} ${at}` }))),
  )
  database.store(blocks, BASE_MS)
  const scope = {
    ...{ condition: { kind: 'all' as const }, fromMs: 0, toMs: BASE_MS * 2 },
    horizons: { horizonMs: 0, ofFunctions: new Map() },
  }
  return { sqlite: database.sqlite, scope }
}

test('a histogram that takes too long ends, and says what would be quicker', async (context) => {
  const { sqlite, scope } = setUp(context)
  assert.equal((await countOverTime(sqlite, scope, 60)).total, 60)
  await assert.rejects(countOverTime(sqlite, scope, 60, -1), (error: Error) => {
    assert.ok(error instanceof SearchRefusal)
    assert.match(error.message, /narrow its time range/)
    return true
  })
})

for (const descending of [false, true]) {
  test(`a page that takes too long ends with what it has and goes on from there (descending: ${descending})`, async (context) => {
    const { sqlite, scope } = setUp(context)
    const times: number[] = []
    let after
    let pages = 0
    do {
      const page = await findPage(sqlite, { scope, descending, limit: 1000, after }, 0)
      times.push(...page.hits.map(({ line }) => line.timeMs))
      after = page.nextCursor === undefined ? undefined : decodeCursor(page.nextCursor)
      pages++
    } while (after !== undefined)
    assert.ok(pages > 5)
    assert.equal(times.length, 60)
    assert.deepEqual(
      times,
      times.toSorted((a, b) => (descending ? b - a : a - b)),
    )
  })
}
