import assert from 'node:assert/strict'
import childProcess, { type SpawnOptions } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../clock.ts'
import type { Change } from '../../metadata/port.ts'
import type { LogBoundsDocument } from '../../model.ts'
import { openLogs, type LogsOptions } from '../open.ts'
import { BASE_MS, lineOf, manualClock, recordOf, temporaryDirectory } from '../test-support.ts'
import { Analyses, ANALYSES_MAX } from './analysis/analyses.ts'
import { logSearcherContract, page } from './contract.ts'
import { SEARCHES_MAX } from './search-thread.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function setUp(context: TestContext, options: Partial<LogsOptions> = {}) {
  const clock = manualClock(BASE_MS + HOUR_MS)
  const directory = temporaryDirectory(context)
  const logs = await openLogs(
    { directory, bounds: { retentionDays: 2, maxMB: 100 }, totalMB: 1000, ...options },
    { clock, notify: (message) => assert.fail(message) },
  )
  context.after(() => logs.close())
  return { ...logs, clock, directory }
}

logSearcherContract('embedded', { make: setUp })

const bound = (key: string, value: LogBoundsDocument | null): Change => ({ kind: 'logBounds', key, revision: 1, value })

test('a function that keeps its log longer or shorter than others is searched and read so', async (context) => {
  const logs = await setUp(context)
  for (const functionKey of ['long', 'short', 'plain']) {
    logs.store.appendLine(lineOf({ functionKey, text: 'needle' }))
    logs.store.appendRecord(recordOf({ functionKey }))
  }
  logs.apply([
    bound('long', { retentionDays: 10, maxMB: null }),
    bound('short', { retentionDays: 1, maxMB: null }),
    { kind: 'function', key: 'plain', revision: 1, value: null },
  ])
  const found = async () => {
    const { hits } = await page(logs, 'needle')
    const records = await logs.store.queryRecords({ limit: 10 })
    const read = await Promise.all(
      ['long', 'short', 'plain'].map(async (functionKey) => {
        const { lines } = await logs.store.queryLines({ functionKey, limit: 10 })
        return lines.length > 0 ? functionKey : null
      }),
    )
    const names = hits.map(({ line }) => line.functionKey)
    assert.deepEqual(records.map(({ functionKey }) => functionKey).toSorted(), names.toSorted())
    assert.deepEqual(read.filter((name) => name !== null).toSorted(), names.toSorted())
    return names.toSorted()
  }
  assert.deepEqual(await found(), ['long', 'plain', 'short'])
  logs.clock.advance(1.5 * DAY_MS)
  assert.deepEqual(await found(), ['long', 'plain'])
  logs.clock.advance(DAY_MS)
  assert.deepEqual(await found(), ['long'])
  const before = logs.store.stats().storedBytes
  logs.store.appendLine(lineOf({ functionKey: 'new', timeMs: logs.clock.nowMs() }))
  assert.deepEqual(await found(), ['long'])
  assert.ok(logs.store.stats().storedBytes < before)
  logs.apply([bound('long', null)])
  assert.deepEqual(await found(), [])
})

test('the bytes of a function are bounded as it has set, at once and from then on', async (context) => {
  const logs = await setUp(context)
  const fill = async () => {
    for (const functionKey of ['small', 'plain']) {
      for (let i = 0; i < 3000; i++) logs.store.appendLine(lineOf({ functionKey, text: `${i} ${'x'.repeat(1000)}` }))
    }
    await logs.store.queryRecords({ functionKey: 'none', limit: 1 })
  }
  await fill()
  logs.apply([bound('small', { retentionDays: null, maxMB: 1 })])
  logs.store.appendLine(lineOf({ functionKey: 'none' }))
  const count = async (functionKey: string) =>
    (await logs.searcher.histogram({ text: '', functionKey, fromMs: 0, toMs: BASE_MS + HOUR_MS }, 1)).total
  assert.ok((await count('small')) < 1100)
  await fill()
  assert.ok((await count('small')) < 1100)
  assert.equal(await count('plain'), 6000)
})

test('searches beyond the bound are refused, and those within it all answered', async (context) => {
  const logs = await setUp(context)
  for (let i = 0; i < 5000; i++) logs.store.appendLine(lineOf({ timeMs: BASE_MS + i, text: `line ${i}` }))
  const asked = Array.from({ length: SEARCHES_MAX + 5 }, () => page(logs, '4999'))
  const outcomes = await Promise.allSettled(asked)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 5)
  assert.ok(refused.every(({ reason }) => (reason as { code: string }).code === 'ResourceExhausted'))
  assert.equal((await page(logs, '4999')).hits.length, 1)
})

test('an idle searcher has no thread, and starts one again', async (context) => {
  const logs = await setUp(context)
  logs.store.appendLine(lineOf({ text: 'needle' }))
  assert.equal((await page(logs, 'needle')).hits.length, 1)
  logs.clock.advance(60_000)
  assert.equal((await page(logs, 'needle')).hits.length, 1)
})

test('an analysis without end is ended, and nothing else waits for it', async (context) => {
  const logs = await setUp(context)
  logs.store.appendLine(lineOf({ text: 'needle' }))
  await page(logs, 'needle')
  const analyses = new Analyses(logs.directory, systemClock)
  const scope = {
    ...{ condition: { kind: 'all' as const }, fromMs: 0, toMs: BASE_MS * 2 },
    horizons: { horizonMs: 0, ofFunctions: new Map() },
  }
  const sql = 'WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t'
  const endless = analyses.run({ scope, sql, offset: 4 }, 1500)
  const refused = assert.rejects(endless, { code: 'InvalidArgument', message: /takes longer than 1.5 s/, position: 4 })
  for (let i = 0; i < 20; i++) {
    logs.store.appendLine(lineOf({ text: `needle ${i}` }))
    assert.equal((await page(logs, 'needle')).hits.length, i + 2)
  }
  await refused
})

test('processes that cannot be started take no place of those that can', async (context) => {
  const logs = await setUp(context)
  const { spawn } = childProcess
  context.mock.method(childProcess, 'spawn', (_: string, ...rest: [readonly string[], SpawnOptions]) =>
    spawn('/nowhere/sh', ...rest),
  )
  syncBuiltinESMExports()
  context.after(() => {
    context.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const search = { text: '* | SELECT 1', fromMs: 0, toMs: BASE_MS, limit: 1 }
  for (let i = 0; i <= ANALYSES_MAX; i++) {
    await assert.rejects(logs.searcher.search(search), /an analysis of logs failed: spawn \/nowhere\/sh ENOENT/)
  }
})

test('closing ends what is being analysed and refuses what comes', async (context) => {
  const logs = await setUp(context)
  const endless = logs.searcher.search({
    text: '* | WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t',
    ...{ fromMs: 0, toMs: BASE_MS, limit: 1 },
  })
  const ended = assert.rejects(endless, /closed|SIGKILL/)
  // Asked for behind it: when this is answered, the process of the analysis has been started.
  await page(logs, 'a')
  await logs.close()
  await ended
  await assert.rejects(page(logs, 'a'), /closed/)
})
