import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { SimulatedClock, seededRandom } from '../../simulated-clock.ts'
import type { TriggerDocument } from '../../model.ts'
import { triggerSourceContract } from '../contract.ts'
import { TriggerCounts } from '../counts.ts'
import type { Deliver } from '../port.ts'
import { FakeDelivery, settle, triggerNamed } from '../test-support.ts'
import { createTimerSource } from './source.ts'
import { createTimerStates } from './states.ts'

const start = Date.UTC(2030, 0, 1)
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const timer = (name: string, cronExpression: string, changes: Partial<TriggerDocument> = {}) =>
  triggerNamed(name, 'timer', { cronExpression, payload: 'p', enable: true }, changes)

async function sourceWith(delivery: FakeDelivery, clock = new SimulatedClock(start), deliver?: Deliver) {
  const warnings: string[] = []
  const counts = new TriggerCounts()
  const source = await createTimerSource({
    clock,
    deliver: deliver ?? ((trigger, event) => delivery.deliver(trigger, event)),
    states: createTimerStates(delivery.queue),
    counts,
    warn: (message) => warnings.push(message),
  })
  const advance = async (ms: number) => {
    const untilMs = clock.monotonicMs() + ms
    do await settle()
    while (clock.stepUntil(untilMs))
    await settle()
  }
  const dueTimes = () => delivery.delivered.map(({ payload }) => (payload as { triggerTime: string }).triggerTime)
  return { source, clock, warnings, counts, advance, dueTimes }
}

triggerSourceContract('timer', async (delivery) => {
  const { source, advance } = await sourceWith(delivery)
  return { source, trigger: (name) => timer(name, '@every 1h'), happen: () => advance(60 * MINUTE_MS + 10_000) }
})

test('the function gets due time, name and payload, and nothing else', async () => {
  const delivery = new FakeDelivery()
  const { source, advance } = await sourceWith(delivery)
  source.attach(timer('nightly', 'CRON_TZ=Asia/Shanghai 30 0 8 * * *'))
  source.start()
  await advance(DAY_MS)
  assert.equal(
    Buffer.from(delivery.delivered[0]!.event.payload).toString(),
    '{"triggerTime":"2030-01-01T00:00:30Z","triggerName":"nightly","payload":"p"}',
  )
  assert.match(delivery.requestIds[0]!, /^1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}$/)
  assert.deepEqual(source.runsOf!('fn', 'nightly'), { lastMs: start + 30_000, nextMs: start + DAY_MS + 30_000 })
  await source.close()
})

test('a timer that is not enabled does not run, and nothing waits while there is no other', async () => {
  const delivery = new FakeDelivery()
  const { source, clock, advance } = await sourceWith(delivery)
  const off = triggerNamed('off', 'timer', { cronExpression: '@every 1s', payload: '', enable: false })
  source.attach(off)
  source.start()
  await advance(DAY_MS)
  assert.equal(delivery.delivered.length, 0)
  assert.equal(clock.step(), false)
  source.attach({
    ...off,
    triggerConfig: { ...off.triggerConfig, enable: true },
    lastModifiedTime: '2030-01-02T00:00:00Z',
  })
  await advance(1000)
  assert.deepEqual(delivery.delivered.length, 1)
  await source.close()
})

test('after a time without a platform the last run that was missed is run, once, and the others are told', async () => {
  const delivery = new FakeDelivery()
  const first = await sourceWith(delivery)
  first.source.attach(timer('t', '0 */10 * * * *'))
  first.source.start()
  await first.advance(25 * MINUTE_MS)
  await first.source.close()

  const again = await sourceWith(delivery, new SimulatedClock(start + 65 * MINUTE_MS))
  again.source.attach(timer('t', '0 */10 * * * *'))
  again.source.start()
  await again.advance(10 * MINUTE_MS)
  assert.deepEqual(again.dueTimes(), [
    '2030-01-01T00:10:00Z',
    '2030-01-01T00:20:00Z',
    '2030-01-01T01:00:00Z',
    '2030-01-01T01:10:00Z',
  ])
  assert.deepEqual([...again.counts.list()], [{ type: 'timer', outcome: 'missed', count: 3 }])
  assert.match(again.warnings.join(), /timer 't' of function 'fn' missed 3 runs/)
  await again.source.close()
})

test('a clock that is set forward is noticed within a minute, and causes one run', async () => {
  const delivery = new FakeDelivery()
  const { source, clock, advance, dueTimes, warnings } = await sourceWith(delivery)
  source.attach(timer('t', '0 0 * * * *'))
  source.start()
  await advance(MINUTE_MS)
  clock.jump(5.5 * 60 * MINUTE_MS)
  await advance(MINUTE_MS)
  assert.deepEqual(dueTimes(), ['2030-01-01T05:00:00Z'])
  assert.match(warnings[0]!, /missed 4 runs/)
  await source.close()
})

test('a clock that is set back runs nothing twice', async () => {
  const delivery = new FakeDelivery()
  const { source, clock, advance, dueTimes } = await sourceWith(delivery)
  source.attach(timer('t', '0 0 * * * *'))
  source.start()
  await advance(3 * 60 * MINUTE_MS)
  clock.jump(-2 * 60 * MINUTE_MS)
  await advance(3 * 60 * MINUTE_MS)
  assert.deepEqual(
    dueTimes(),
    [1, 2, 3, 4].map((hour) => `2030-01-01T0${hour}:00:00Z`),
  )
  await source.close()
})

test('a run recorded by a clock that was years ahead does not silence a timer', async () => {
  const delivery = new FakeDelivery()
  delivery.states.set('id-of-t', {
    group: 'timers',
    key: 'id-of-t',
    status: 'Run',
    startedMs: Date.UTC(2090, 0, 1),
    document: '{}',
    isNew: false,
    expiresMs: Date.UTC(2100, 0, 1),
  })
  const { source, advance, dueTimes, warnings } = await sourceWith(delivery)
  source.attach(timer('t', '@every 1m'))
  source.start()
  await advance(MINUTE_MS)
  assert.deepEqual(dueTimes(), ['2030-01-01T00:01:00Z'])
  assert.match(warnings[0]!, /the clock was set back/)
  await source.close()
})

test('runs that cannot be accepted are not heaped up: the latest is run when that is possible again', async () => {
  const delivery = new FakeDelivery()
  const { source, advance, dueTimes, warnings } = await sourceWith(delivery)
  source.attach(timer('t', '@every 1m'))
  source.start()
  delivery.isBlocked = () => true
  await advance(10.5 * MINUTE_MS)
  delivery.isBlocked = () => false
  await advance(MINUTE_MS)
  assert.deepEqual(dueTimes().at(-1), '2030-01-01T00:11:00Z')
  assert.ok(dueTimes().length <= 2)
  assert.equal(warnings.filter((text) => text.includes('cannot run now')).length, 1)
  await source.close()
})

test('a deleted timer leaves no state behind', async () => {
  const delivery = new FakeDelivery()
  const { source, advance } = await sourceWith(delivery)
  source.attach(timer('t', '@every 1m'))
  source.start()
  await advance(MINUTE_MS)
  assert.equal(delivery.states.size, 1)
  source.detach('fn', 't')
  await settle()
  assert.equal(delivery.states.size, 0)
  await source.close()
})

test('killed at any moment and started again, no due time is run twice, and the latest is never lost', async () => {
  const expressions = fc.constantFrom('@every 1m', '0 */3 * * * *', '*/20 * * * * *')
  const lives = fc.array(
    fc.record({
      upMs: fc.integer({ min: 1, max: 10 * MINUTE_MS }),
      downMs: fc.integer({ min: 0, max: 10 * MINUTE_MS }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(expressions, lives, fc.nat(), async (expression, list, seed) => {
      const random = seededRandom(seed)
      const disk = new FakeDelivery()
      let nowMs = start
      for (const { upMs, downMs } of [...list, { upMs: 5 * MINUTE_MS, downMs: 0 }]) {
        const clock = new SimulatedClock(nowMs)
        let isAlive = true
        // A commit takes up to two seconds, may come just before the end, and its answer is then never heard.
        const deliver: Deliver = (trigger, event) =>
          new Promise((resolve, reject) => {
            clock.setTimer(random.fraction() * 1000, () => {
              if (!isAlive) return
              if (random.fraction() < 0.2) return reject(new Error('the disk is busy'))
              void disk.deliver(trigger, event)
              clock.setTimer(random.fraction() * 1000, resolve)
            })
          })
        const { source, advance } = await sourceWith(disk, clock, deliver)
        source.attach(timer('t', expression))
        source.start()
        await advance(upMs)
        isAlive = false
        await source.close()
        nowMs += upMs + downMs
      }
      assert.equal(new Set(disk.requestIds).size, disk.requestIds.length)
      const times = disk.delivered.map(({ payload }) => Date.parse((payload as { triggerTime: string }).triggerTime))
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      // Five minutes of the last life are enough for the latest of them.
      assert.ok(times.at(-1)! > nowMs - 5 * MINUTE_MS)
    }),
    { numRuns: 40 },
  )
})

test('as long as it runs, every due time is run', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('@every 7s', '@every 1m', '0 */3 * * * *', '*/20 * * * * *'), {
        minLength: 1,
        maxLength: 6,
      }),
      async (expressions) => {
        const delivery = new FakeDelivery()
        const { source, advance } = await sourceWith(delivery)
        for (const [index, expression] of expressions.entries()) source.attach(timer(`t${index}`, expression))
        source.start()
        await advance(6 * MINUTE_MS)
        await source.close()
        const perTimer = { '@every 7s': 51, '@every 1m': 6, '0 */3 * * * *': 2, '*/20 * * * * *': 18 }
        for (const [index, expression] of expressions.entries()) {
          const ran = delivery.delivered.filter(({ trigger }) => trigger.triggerName === `t${index}`)
          assert.equal(ran.length, perTimer[expression], expression)
        }
      },
    ),
    { numRuns: 10 },
  )
})

test('ten thousand timers of one second are worked off in slices that hold nobody up', async (t) => {
  const delivery = new FakeDelivery()
  const { source, clock } = await sourceWith(delivery)
  for (let i = 0; i < 10_000; i++) {
    source.attach(timer(`t${i}`, `0 0,${1 + (i % 59)} 8 * * *`, { triggerId: `id-${i}` }))
  }
  source.start()
  // CPU time of this thread: what other processes take is not ours.
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1000
  }
  let longestMs = 0
  const measure = async (isOver: () => boolean) => {
    let before = cpuMs()
    while (!isOver()) {
      await new Promise((resolve) => setImmediate(resolve))
      const now = cpuMs()
      longestMs = Math.max(longestMs, now - before)
      before = now
    }
  }
  await measure(() => clock.step())
  clock.jump(8 * 60 * MINUTE_MS)
  assert.equal(clock.step(), true)
  const startedMs = cpuMs()
  await measure(() => delivery.delivered.length === 10_000)
  t.diagnostic(`${Math.round(cpuMs() - startedMs)} ms of CPU for all, ${longestMs.toFixed(1)} ms the longest turn`)
  assert.ok(longestMs < 50)
  await source.close()
})
