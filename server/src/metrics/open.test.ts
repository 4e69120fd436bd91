import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordOf, temporaryDirectory } from '../logs/test-support.ts'
import { SimulatedClock, seededRandom } from '../simulated-clock.ts'
import { metricHistoryContract } from './contract.ts'
import { makeWorld } from './history/test-support.ts'
import { openMetricHistory } from './open.ts'

metricHistoryContract('with its thread', (context) => {
  const directory = temporaryDirectory(context)
  const clock = new SimulatedClock()
  let seed = 0
  const reopen = () =>
    openMetricHistory({ directory }, { clock, random: seededRandom(++seed), notify: (message) => assert.fail(message) })
  return { history: reopen(), clock, reopen }
})

metricHistoryContract('without a thread', () => {
  const { history, clock, thread } = makeWorld()
  return { history, clock, reopen: () => makeWorld({ thread, clock, writer: 'other' }).history }
})

test('an idle platform opens no database', async (context) => {
  const directory = temporaryDirectory(context)
  const clock = new SimulatedClock()
  const history = openMetricHistory({ directory }, { clock, random: seededRandom(1), notify: assert.fail })
  clock.advance(10 * 60_000)
  await history.close()
  assert.ok(!existsSync(join(directory, 'metrics.db')))
})

test('a damaged database stops nothing: the operator hears of it, and seconds are still told', async (context) => {
  const directory = temporaryDirectory(context)
  writeFileSync(
    join(directory, 'metrics.db'),
    'this is no database, and longer than a header of SQLite would be'.repeat(20),
  )
  const clock = new SimulatedClock()
  const notices: string[] = []
  const history = openMetricHistory(
    { directory },
    { clock, random: seededRandom(1), notify: (message) => notices.push(message) },
  )
  const fromMs = clock.nowMs()
  history.observe(recordOf({ functionKey: 'f' }))
  clock.advance(60_000)
  const query = { metric: 'RegionTotalInvocations', fromMs, toMs: fromMs + 60_000 }
  const { points } = await history.query({ ...query, stepMs: 10_000 })
  assert.equal(points[0]!.value, 1)
  await assert.rejects(history.query({ ...query, stepMs: 60_000 }), /metrics database cannot be used now/)
  assert.equal(notices.length, 1)
  assert.match(notices[0]!, /^metrics are not stored now: .*damaged.*restore it from a backup/)
  await history.close()
})
