/** What every searcher must do. There is one implementation: it reads the blocks of the embedded store, and the other home of logs, an OTLP collector, only takes. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { LogHit, LogSearch, LogSearcher, LogStore } from '../port.ts'
import { BASE_MS, lineOf, recordOf } from '../test-support.ts'

export interface SearchedLogs {
  store: LogStore
  searcher: LogSearcher
}

export interface ContractSetup {
  /** New and empty; the clock stands at `BASE_MS` plus an hour, and at least a day is kept. */
  make: (context: TestContext) => Promise<SearchedLogs>
}

const HOUR_MS = 3_600_000
const PERIOD = { fromMs: BASE_MS - HOUR_MS, toMs: BASE_MS + HOUR_MS }

export async function page({ searcher }: SearchedLogs, text: string, more: Partial<LogSearch> = {}) {
  const answer = await searcher.search({ text, ...PERIOD, limit: 1000, ...more })
  assert.equal(answer.kind, 'hits')
  return answer
}

export async function table({ searcher }: SearchedLogs, text: string, more: Partial<LogSearch> = {}) {
  const answer = await searcher.search({ text, ...PERIOD, limit: 1000, ...more })
  assert.equal(answer.kind, 'table')
  return answer
}

const textsOf = (hits: readonly LogHit[]) => hits.map(({ line }) => line.text)

export function logSearcherContract(name: string, { make }: ContractSetup): void {
  const check = (title: string, run: (logs: SearchedLogs) => Promise<void>): void => {
    void test(`${name}: ${title}`, async (context) => run(await make(context)))
  }

  check('what was appended before a search is found, in the log of one function or of all', async (logs) => {
    logs.store.appendLine(lineOf({ text: 'Payment failed', timeMs: BASE_MS + 1 }))
    logs.store.appendLine(lineOf({ text: 'payment done', functionKey: 'shop$pay', timeMs: BASE_MS + 2 }))
    logs.store.appendLine(lineOf({ text: 'other' }))
    const { hits, nextCursor } = await page(logs, 'payment')
    assert.deepEqual(textsOf(hits), ['Payment failed', 'payment done'])
    assert.equal(nextCursor, undefined)
    assert.deepEqual(hits[0], {
      ...{ id: hits[0]!.id, source: 'log', highlights: [[0, 7]], fields: {} },
      line: lineOf({ text: 'Payment failed', timeMs: BASE_MS + 1 }),
    })
    assert.deepEqual(textsOf((await page(logs, 'payment', { functionKey: 'shop$pay' })).hits), ['payment done'])
    assert.deepEqual(textsOf((await page(logs, 'serviceName: shop')).hits), ['payment done'])
    assert.deepEqual(textsOf((await page(logs, 'payment', { toMs: BASE_MS + 2 })).hits), ['Payment failed'])
    assert.deepEqual(textsOf((await page(logs, 'payment', { fromMs: BASE_MS + 2 })).hits), ['payment done'])
  })

  check('an invocation is one hit at its end, with its metrics, behind what it printed', async (logs) => {
    logs.store.appendLine(lineOf({ requestId: 'r1', text: 'working', timeMs: BASE_MS + 3 }))
    logs.store.appendRecord(recordOf({ requestId: 'r1', durationMs: 2.5, fault: 'function', errorType: 'TypeError' }))
    const { hits } = await page(logs, 'requestId: r1')
    assert.deepEqual(
      hits.map(({ source, line }) => [source, line.timeMs]),
      [
        ['log', BASE_MS + 3],
        ['request', BASE_MS + 3],
      ],
    )
    const { fields } = hits[1]!
    assert.deepEqual([fields['durationMs'], fields['hasFunctionError'], fields['errorType']], [2.5, true, 'TypeError'])
    assert.equal((await page(logs, 'durationMs >= 2.5 AND errorType: type*')).hits.length, 1)
    assert.equal((await page(logs, 'durationMs > 2.5')).hits.length, 0)
  })

  check('members of structured lines are fields', async (logs) => {
    for (let id = 0; id < 20; id++) {
      logs.store.appendLine(lineOf({ timeMs: BASE_MS + id, text: JSON.stringify({ order: { id, ok: id % 2 === 0 } }) }))
    }
    const { hits } = await page(logs, 'order.id: [3 7) AND NOT order.ok: true')
    assert.deepEqual(
      hits.map(({ fields }) => fields),
      [
        { 'order.id': 3, 'order.ok': false },
        { 'order.id': 5, 'order.ok': false },
      ],
    )
  })

  check('a query that cannot be read, a bad period, cursor and id are refused by name', async (logs) => {
    const refused = (message: RegExp) => ({ code: 'InvalidArgument', message })
    await assert.rejects(page(logs, 'a AND'), { ...refused(/expected a word/), position: 5 })
    await assert.rejects(page(logs, 'a', { fromMs: 5, toMs: 5 }), refused(/^from must be before to/))
    await assert.rejects(page(logs, 'a', { cursor: 'x' }), refused(/^cursor/))
    for (const id of ['', 'x', 'hello~x', 'hello~WzFd']) {
      await assert.rejects(logs.searcher.context(id, 1, 1), refused(/^id is invalid/))
    }
    assert.throws(() => logs.searcher.follow({ text: 'a AND' }, () => {}), refused(/expected a word/))
    assert.throws(() => logs.searcher.follow({ text: 'a | SELECT 1' }, () => {}), refused(/cannot be analysed/))
  })

  check('the context of a hit is what stands around it in the log of its function, markers included', async (logs) => {
    const requests = ['a', 'b', 'c']
    for (const [index, requestId] of requests.entries()) {
      const timeMs = BASE_MS + index * 10
      logs.store.appendLine(lineOf({ requestId, text: `${requestId} prints`, timeMs }))
      logs.store.appendLine(lineOf({ functionKey: 'other', text: 'elsewhere', timeMs }))
      logs.store.appendRecord(recordOf({ requestId, startedMs: timeMs, durationMs: 1 }))
    }
    const [hit] = (await page(logs, '"b prints"')).hits
    const around = await logs.searcher.context(hit!.id, 2, 2)
    assert.deepEqual(textsOf(around), [
      'FC Invoke End RequestId: a',
      'FC Invoke Start RequestId: b',
      'b prints',
      'FC Invoke End RequestId: b',
      'FC Invoke Start RequestId: c',
    ])
    assert.equal(around[2]!.id, hit!.id)
    assert.deepEqual(textsOf(await logs.searcher.context(around[1]!.id, 1, 0)), textsOf(around.slice(0, 2)))
    const [request] = (await page(logs, 'source: request AND requestId: c')).hits
    const ofRequest = await logs.searcher.context(request!.id, 1, 5)
    assert.deepEqual(
      ofRequest.map(({ source }) => source),
      ['log', 'request'],
    )
    const gone = `${hit!.id.split('~')[0]}x~${hit!.id.split('~')[1]}`
    await assert.rejects(logs.searcher.context(gone, 1, 1), /stored no more/)
  })

  check('hits are counted over time', async (logs) => {
    for (let i = 0; i < 600; i++) {
      logs.store.appendLine(lineOf({ timeMs: BASE_MS + i, text: i % 3 === 0 ? 'third' : 'other' }))
    }
    const period = { fromMs: BASE_MS, toMs: BASE_MS + 600 }
    const count = async (text: string, buckets: number) => logs.searcher.histogram({ text, ...period }, buckets)
    assert.deepEqual(await count('third', 3), {
      bucketMs: 200,
      buckets: [
        { fromMs: BASE_MS, count: 67 },
        { fromMs: BASE_MS + 200, count: 67 },
        { fromMs: BASE_MS + 400, count: 66 },
      ],
      total: 200,
    })
    const all = await count('*', 7)
    assert.equal(all.total, 600)
    assert.deepEqual(
      all.buckets.map(({ count: each }) => each),
      [86, 86, 86, 86, 86, 86, 84],
    )
    assert.equal((await count('* | SELECT 1', 1)).total, 600)
  })

  check(
    'followers hear of lines and invocations that match, of one function or of all, until they stop',
    async (logs) => {
      const heard: string[] = []
      const own: string[] = []
      const all = logs.searcher.follow({ text: 'slow OR durationMs > 100' }, ({ line, source }) =>
        heard.push(`${source} ${line.functionKey}`),
      )
      const one = logs.searcher.follow({ text: '', functionKey: 'b' }, ({ line }) => own.push(line.text))
      logs.store.appendLine(lineOf({ functionKey: 'a', text: 'SLOW query' }))
      logs.store.appendLine(lineOf({ functionKey: 'b', text: 'quick' }))
      logs.store.appendRecord(recordOf({ functionKey: 'b', durationMs: 500 }))
      logs.store.appendRecord(recordOf({ functionKey: 'a', durationMs: 5 }))
      all.stop()
      one.stop()
      logs.store.appendLine(lineOf({ functionKey: 'b', text: 'slow, unheard' }))
      assert.deepEqual(heard, ['log a', 'request b'])
      assert.equal(own.length, 2)
    },
  )

  check('an analysis runs SQL over what its conditions find', async (logs) => {
    for (let i = 0; i < 30; i++) {
      const functionKey = i % 3 === 0 ? 'a' : 'b'
      logs.store.appendRecord(recordOf({ functionKey, requestId: `r${i}`, startedMs: BASE_MS + i, durationMs: i }))
      logs.store.appendLine(lineOf({ functionKey, timeMs: BASE_MS + i, text: JSON.stringify({ user: { id: i % 2 } }) }))
    }
    assert.deepEqual(
      await table(
        logs,
        `source: request AND durationMs < 20
         | SELECT functionName, count(*) AS n, max(durationMs) AS slowest FROM log GROUP BY functionName ORDER BY n`,
      ),
      {
        kind: 'table',
        columns: ['functionName', 'n', 'slowest'],
        rows: [
          ['a', 7, 18],
          ['b', 13, 19],
        ],
        scannedLines: 60,
        truncated: false,
      },
    )
    const members = await table(logs, 'source: log | SELECT "user.id", count(*) FROM log GROUP BY 1 ORDER BY 1')
    assert.deepEqual(members.rows, [
      [0, 15],
      [1, 15],
    ])
    assert.deepEqual((await table(logs, 'nothing | SELECT count(*), sum(durationMs) FROM log')).rows, [[0, null]])
  })

  check('an analysis that is no SQL tells the place in the whole query', async (logs) => {
    const query = 'a | SELECT count(*) FRM log'
    await assert.rejects(page(logs, query), { code: 'InvalidArgument', position: query.indexOf('log') })
    await assert.rejects(page(logs, 'a | DROP TABLE log'), { position: 4, message: /expected SELECT/ })
  })

  check('hostile text is stored, found and answered as it was printed', async (logs) => {
    const hostile = [
      '\u001b[31mred\u001b[0m needle',
      'needle \0 NUL',
      'lone \ud800 needle',
      '\u202egnp.elden needle',
      '<script>alert("needle")</script>',
      `{"needle":"\\ud800","__proto__":{"x":1},"constructor":"c"}`,
      `needle ${'x'.repeat(1_000_000)}`,
      `{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)},"needle":1}`,
    ]
    for (const [index, text] of hostile.entries()) logs.store.appendLine(lineOf({ text, timeMs: BASE_MS + index }))
    const { hits } = await page(logs, 'needle')
    assert.deepEqual(textsOf(hits).slice(0, 6), hostile.slice(0, 6))
    assert.ok(hits.every(({ line }) => Buffer.byteLength(line.text) <= 32 * 1024))
    for (const { line, highlights } of hits) {
      for (const [start, end] of highlights) assert.equal(line.text.slice(start, end).toLowerCase(), 'needle')
    }
    assert.deepEqual(JSON.parse(JSON.stringify(hits)), hits)
    const lengths = await table(logs, 'needle | SELECT count(*), count(DISTINCT message) FROM log')
    assert.deepEqual(lengths.rows, [[8, 8]])
  })

  const events = fc.array(
    fc.record({
      isRecord: fc.boolean(),
      functionKey: fc.constantFrom('a', 'b'),
      requestId: fc.constantFrom('', 'r', 's'),
      offsetMs: fc.nat(6),
      isWanted: fc.boolean(),
      isStored: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  void test(`${name}: pages of any size, in both directions, hold every hit once and in one order`, async (context) => {
    const logs = await make(context)
    let run = 0
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 7 }), async (happened, limit) => {
        const mark = `run${run++}x`
        let expected = 0
        for (const { isRecord, functionKey, requestId, offsetMs, isWanted, isStored } of happened) {
          const versionId = isWanted ? mark : 'other'
          if (isWanted) expected++
          const timeMs = BASE_MS + offsetMs
          const own = { functionKey, requestId, versionId }
          if (isRecord) logs.store.appendRecord(recordOf({ ...own, startedMs: timeMs, durationMs: offsetMs }))
          else logs.store.appendLine(lineOf({ ...own, timeMs }))
          if (isStored) await logs.store.queryRecords({ functionKey, limit: 1 })
        }
        const query = `versionId: ${mark}`
        const pages = async (descending: boolean) => {
          const ids: string[] = []
          let cursor: string | undefined
          do {
            const next = await page(logs, query, { limit, descending, ...(cursor !== undefined && { cursor }) })
            ids.push(...next.hits.map(({ id }) => id))
            cursor = next.nextCursor
          } while (cursor !== undefined)
          return ids
        }
        const forward = await pages(false)
        assert.equal(forward.length, expected)
        assert.equal(new Set(forward).size, expected)
        assert.deepEqual(await pages(true), forward.toReversed())
        const { hits } = await page(logs, query)
        assert.deepEqual(
          hits.map(({ id }) => id),
          forward,
        )
        const times = hits.map(({ line }) => line.timeMs)
        assert.deepEqual(
          times,
          times.toSorted((a, b) => a - b),
        )
        assert.equal((await logs.searcher.histogram({ text: query, ...PERIOD }, 10)).total, expected)
      }),
      { numRuns: 25 },
    )
  })
}
