/**
 * What every history of metrics must do. There is one implementation, run here with its storage thread and without: the
 * engine to outgrow it is a Prometheus beside the platform, which keeps a history of its own of what `/metrics` exposes
 * and is asked in its own language.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { recordOf } from '../logs/test-support.ts'
import type { SimulatedClock } from '../simulated-clock.ts'
import type { MetricHistory, MetricRecorder } from './port.ts'

export interface Scene {
  history: MetricHistory & MetricRecorder & { close(): Promise<void> }
  /** Stands at a whole hour, UTC. */
  clock: SimulatedClock
  /** Another one over the same store and the same clock, as after a restart. */
  reopen: () => Scene['history']
}

const SECOND_MS = 1000
const MINUTE_MS = 60_000

export function metricHistoryContract(name: string, make: (context: TestContext) => Scene): void {
  const check = (title: string, run: (scene: Scene) => Promise<void>): void => {
    void test(`${name}: ${title}`, async (context) => run(make(context)))
  }

  check('counts are told by second, minute and any multiple of it', async ({ history, clock }) => {
    const startMs = clock.nowMs()
    for (let second = 0; second < 180; second++) {
      history.observe(recordOf({ functionKey: 'f' }))
      clock.advance(SECOND_MS)
    }
    const of = async (stepMs: number, fromMs = startMs) => {
      const query = {
        metric: 'FunctionTotalInvocations',
        functionKey: 'f',
        fromMs,
        toMs: startMs + 3 * MINUTE_MS,
        stepMs,
      }
      return (await history.query(query)).points.map(({ value }) => value)
    }
    assert.deepEqual(await of(SECOND_MS, startMs + 177 * SECOND_MS), [1, 1, 1])
    assert.deepEqual(await of(MINUTE_MS), [60, 60, 60])
    assert.deepEqual(await of(2 * MINUTE_MS), [120, 60])
    await history.close()
  })

  check('a percentile of many functions and minutes is within five percent', async ({ history, clock }) => {
    const startMs = clock.nowMs()
    for (let value = 1; value <= 1000; value++) {
      history.observe(recordOf({ functionKey: `f${value % 7}`, durationMs: value }))
      if (value % 100 === 0) clock.advance(MINUTE_MS)
    }
    const { total } = await history.summary({ fromMs: startMs, toMs: startMs + 10 * MINUTE_MS })
    for (const [told, exact] of [
      [total.p50Ms!, 500],
      [total.p90Ms!, 900],
      [total.p99Ms!, 990],
    ] as const) {
      assert.ok(Math.abs(told - exact) < exact * 0.05, `${told} instead of ${exact}`)
    }
    await history.close()
  })

  check('what was counted is there after a restart', async ({ history, clock, reopen }) => {
    const startMs = clock.nowMs()
    history.observe(recordOf({ functionKey: 'a', durationMs: 7 }))
    clock.advance(MINUTE_MS)
    history.observe(recordOf({ functionKey: 'b' }))
    await history.close()
    const later = reopen()
    later.observe(recordOf({ functionKey: 'b' }))
    const { functions } = await later.summary({ fromMs: startMs, toMs: clock.nowMs() + SECOND_MS })
    assert.deepEqual(
      functions.map(({ functionKey, invocations }) => [functionKey, invocations]),
      [
        ['b', 2],
        ['a', 1],
      ],
    )
    assert.equal(functions[1]!.averageMs, 7)
    await later.close()
  })

  check('gauges are read when somebody asks, and each second while somebody follows', async ({ history, clock }) => {
    let value = 1
    history.addGauges(() => [{ metric: 'RegionWaitingRequests', value: value++ }])
    const fromMs = clock.nowMs()
    const ask = async () => {
      const toMs = clock.nowMs() + SECOND_MS
      const query = { metric: 'RegionWaitingRequests', fromMs, toMs, stepMs: SECOND_MS }
      return (await history.query(query)).points.map((point) => point.value)
    }
    assert.deepEqual(await ask(), [1])
    const heard: number[] = []
    const following = history.follow((timeMs) => heard.push(timeMs))
    clock.advance(2 * SECOND_MS)
    following.stop()
    assert.deepEqual(await ask(), [1, 2, 3])
    assert.deepEqual(heard, [fromMs, fromMs + SECOND_MS])
    await history.close()
  })

  check('a question that cannot be answered is refused', async ({ history, clock }) => {
    const toMs = clock.nowMs()
    const query = { metric: 'RegionTotalInvocations', fromMs: toMs - MINUTE_MS, toMs, stepMs: MINUTE_MS }
    for (const wrong of [{ metric: 'Nope' }, { stepMs: 7 }, { fromMs: toMs + 1 }, { fromMs: 0 }]) {
      await assert.rejects(history.query({ ...query, ...wrong }), { code: 'InvalidArgument' })
    }
    await assert.rejects(history.summary({ fromMs: toMs, toMs }), { code: 'InvalidArgument' })
    await history.close()
  })
}
