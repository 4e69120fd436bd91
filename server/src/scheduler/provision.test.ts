import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ProvisionPolicy, ScheduledTarget, TrackingPolicy } from './policy.ts'
import { provisionTarget, SCALE_IN_MS, type Tracked } from './provision.ts'

const at = (time: string) => Date.parse(`2030-01-02T${time}Z`)
const plain: ProvisionPolicy = { target: 2, scheduled: [], tracking: [], alwaysAllocateCpu: false }
const unknown = { concurrency: null, cpu: null }
const scheduled = (given: Partial<ScheduledTarget>): ScheduledTarget => ({
  name: 's',
  startMs: at('00:00:00'),
  endMs: at('23:00:00'),
  timeZone: 'UTC',
  schedule: { kind: 'at', atMs: at('08:00:00') },
  target: 10,
  ...given,
})
const tracking = (given: Partial<TrackingPolicy> = {}): TrackingPolicy => ({
  name: 't',
  startMs: 0,
  endMs: Infinity,
  metric: 'ProvisionedConcurrencyUtilization',
  metricTarget: 0.5,
  min: 1,
  max: 100,
  ...given,
})
const targetAt = (policy: ProvisionPolicy, time: string) =>
  provisionTarget(policy, at(time), unknown, 0, new Map()).target

test('without other policies the plain target holds, and nothing has to be looked at again', () => {
  assert.deepEqual(provisionTarget(plain, 0, unknown, 0, new Map()), { target: 2, nextMs: null, tracked: new Map() })
})

test('a scheduled target holds from its time to the end of its action', () => {
  const policy = { ...plain, scheduled: [scheduled({})] }
  assert.deepEqual(
    ['07:59:59', '08:00:00', '22:59:59', '23:00:00'].map((time) => targetAt(policy, time)),
    [2, 10, 10, 2],
  )
})

test('of several schedules the one that fired last holds, in the time zone it names', () => {
  const shanghai = 'Asia/Shanghai'
  const policy = {
    ...plain,
    scheduled: [
      scheduled({ name: 'up', timeZone: shanghai, schedule: { kind: 'cron', expression: '0 0 17 * * *' }, target: 20 }),
      scheduled({
        name: 'down',
        timeZone: shanghai,
        schedule: { kind: 'cron', expression: '0 30 18 * * *' },
        target: 3,
      }),
    ],
  }
  assert.deepEqual(
    ['08:59:59', '09:00:00', '10:29:59', '10:30:00'].map((time) => targetAt(policy, time)),
    [2, 20, 20, 3],
  )
})

test('what a cron expression named before its action began has no effect', () => {
  const daily = scheduled({ startMs: at('12:00:00'), schedule: { kind: 'cron', expression: '0 0 8 * * *' } })
  assert.equal(targetAt({ ...plain, scheduled: [daily] }, '13:00:00'), 2)
})

test('the next look is when a schedule begins, fires or ends', () => {
  const policy = { ...plain, scheduled: [scheduled({ schedule: { kind: 'cron', expression: '0 0 8,20 * * *' } })] }
  const next = (time: string) => provisionTarget(policy, at(time), unknown, 0, new Map()).nextMs
  assert.equal(next('00:00:00'), at('08:00:00'))
  assert.equal(next('08:00:00'), at('20:00:00'))
  assert.equal(next('20:00:00'), at('23:00:00'))
  assert.equal(next('23:00:00'), null)
})

test('tracking goes out at once, as far as the use calls for', () => {
  const policy = { ...plain, tracking: [tracking()] }
  const { target } = provisionTarget(policy, 0, { concurrency: 1, cpu: null }, 10, new Map())
  assert.equal(target, 20)
})

test('tracking goes in by a tenth a minute, and not at all after a short lull', () => {
  const policy = { ...plain, tracking: [tracking()] }
  let tracked: ReadonlyMap<string, Tracked> = new Map()
  const targets: number[] = []
  const decide = (nowMs: number, concurrency: number, ready: number) => {
    const decision = provisionTarget(policy, nowMs, { concurrency, cpu: null }, ready, tracked)
    tracked = decision.tracked
    targets.push(decision.target)
  }
  decide(0, 1, 20)
  decide(10_000, 0.1, 40)
  decide(SCALE_IN_MS, 0.1, 40)
  decide(SCALE_IN_MS + 10_000, 0.1, 36)
  decide(2 * SCALE_IN_MS, 0.1, 36)
  assert.deepEqual(targets, [40, 40, 36, 36, 33])
})

test('a use that is at its target changes nothing, and one that is not known neither', () => {
  const policy = { ...plain, tracking: [tracking({ metricTarget: 0.6 })] }
  const tracked = new Map([['t', { target: 3, changedMs: 0 }]])
  for (const concurrency of [0.6, null]) {
    assert.equal(provisionTarget(policy, 1e9, { concurrency, cpu: null }, 3, tracked).target, 3)
  }
})

test('each policy looks at its own metric, and the largest target wins', () => {
  const policy = {
    ...plain,
    scheduled: [scheduled({ startMs: 0, schedule: { kind: 'at', atMs: 1 }, target: 12 })],
    tracking: [tracking(), tracking({ name: 'cpu', metric: 'CPUUtilization' })],
  }
  const decide = (concurrency: number, cpu: number) =>
    provisionTarget(policy, at('10:00:00'), { concurrency, cpu }, 10, new Map()).target
  assert.deepEqual([decide(0.1, 0.1), decide(0.9, 0.1), decide(0.1, 0.8)], [12, 18, 16])
})

test('a tracked target never leaves its bounds', () => {
  const history = fc.array(fc.record({ stepMs: fc.nat(200_000), use: fc.double({ min: 0, max: 1, noNaN: true }) }))
  fc.assert(
    fc.property(history, fc.nat(20), fc.integer({ min: 20, max: 50 }), (steps, min, max) => {
      const policy = { ...plain, tracking: [tracking({ min, max })] }
      let tracked: ReadonlyMap<string, Tracked> = new Map()
      let nowMs = 0
      let ready = 0
      for (const { stepMs, use } of steps) {
        nowMs += stepMs
        const decision = provisionTarget(policy, nowMs, { concurrency: use, cpu: null }, ready, tracked)
        assert.ok(decision.target >= min && decision.target <= max)
        tracked = decision.tracked
        ready = decision.target
      }
    }),
  )
})
