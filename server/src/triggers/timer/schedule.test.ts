import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FcError } from '../../errors.ts'
import { readTimerExpression } from './expression.ts'
import { checkTimerExpression, MISSED_COUNT_MAX, readSchedule } from './schedule.ts'

const DAY_MS = 86_400_000
const start = Date.UTC(2030, 0, 1)

/** Every due time between two moments, one after the other. */
function dueTimes(expression: string, from: string, count: number): string[] {
  const schedule = readSchedule(expression, start)
  const times: string[] = []
  for (let atMs: number | null = Date.parse(from); times.length < count;) {
    atMs = schedule.runs(atMs, atMs).nextMs
    if (atMs === null) break
    times.push(new Date(atMs).toISOString().replace('.000Z', 'Z'))
  }
  return times
}

for (const [expression, from, expected] of [
  ['@every 90s', '2030-01-01T00:00:00Z', ['2030-01-01T00:01:30Z', '2030-01-01T00:03:00Z']],
  ['@every 1h', '2030-01-01T07:59:59Z', ['2030-01-01T08:00:00Z', '2030-01-01T09:00:00Z']],
  ['0 0 8 * * *', '2030-01-01T08:00:00Z', ['2030-01-02T08:00:00Z', '2030-01-03T08:00:00Z']],
  ['0 0 8 ? * ?', '2030-01-01T00:00:00.500Z', ['2030-01-01T08:00:00Z']],
  ['0 5/20 8 * * *', '2030-01-01T00:00:00Z', ['2030-01-01T08:05:00Z', '2030-01-01T08:25:00Z', '2030-01-01T08:45:00Z']],
  ['*/30 * * * * *', '2030-01-01T00:00:29.999Z', ['2030-01-01T00:00:30Z', '2030-01-01T00:01:00Z']],
  ['0 0 0 * * 7', '2030-01-01T00:00:00Z', ['2030-01-06T00:00:00Z', '2030-01-13T00:00:00Z']],
  ['0 0 0 * * SUN,MON', '2030-01-01T00:00:00Z', ['2030-01-06T00:00:00Z', '2030-01-07T00:00:00Z']],
  // Day of month and day of week, both given: either.
  ['0 0 0 4 * FRI', '2030-02-01T12:00:00Z', ['2030-02-04T00:00:00Z', '2030-02-08T00:00:00Z']],
  ['0 0 0 29 2 *', '2030-01-01T00:00:00Z', ['2032-02-29T00:00:00Z', '2036-02-29T00:00:00Z']],
  ['CRON_TZ=Asia/Shanghai 0 0 8 * * *', '2030-01-01T00:00:00Z', ['2030-01-02T00:00:00Z', '2030-01-03T00:00:00Z']],
] as const) {
  test(`${expression} after ${from}`, () => assert.deepEqual(dueTimes(expression, from, expected.length), expected))
}

test('where clocks go forward, a time that the day does not have is due when they do', () => {
  // Berlin, 31 March 2030: 02:00 becomes 03:00, at 01:00 UTC.
  assert.deepEqual(dueTimes('CRON_TZ=Europe/Berlin 0 30 2 * * *', '2030-03-30T12:00:00Z', 2), [
    '2030-03-31T01:00:00Z',
    '2030-04-01T00:30:00Z',
  ])
  assert.deepEqual(dueTimes('CRON_TZ=Europe/Berlin 0 30 * * * *', '2030-03-31T00:00:00Z', 3), [
    '2030-03-31T00:30:00Z',
    '2030-03-31T01:30:00Z',
    '2030-03-31T02:30:00Z',
  ])
})

test('where clocks go back, a time that the day has twice is due once, and every hour every hour', () => {
  // Berlin, 27 October 2030: 03:00 becomes 02:00, at 01:00 UTC.
  assert.deepEqual(dueTimes('CRON_TZ=Europe/Berlin 0 30 2 * * *', '2030-10-26T12:00:00Z', 2), [
    '2030-10-27T00:30:00Z',
    '2030-10-28T01:30:00Z',
  ])
  assert.deepEqual(dueTimes('CRON_TZ=Europe/Berlin 0 30 * * * *', '2030-10-27T00:00:00Z', 3), [
    '2030-10-27T00:30:00Z',
    '2030-10-27T01:30:00Z',
    '2030-10-27T02:30:00Z',
  ])
})

test('what was missed is counted, up to a bound, and its last time is known', () => {
  const daily = readSchedule('0 0 8 * * *', start)
  assert.deepEqual(daily.runs(start, start + 3.5 * DAY_MS), {
    latestMs: Date.UTC(2030, 0, 4, 8),
    count: 4,
    nextMs: Date.UTC(2030, 0, 5, 8),
  })
  for (const expression of ['* * * * * *', '@every 1s']) {
    assert.deepEqual(readSchedule(expression, start).runs(start, start + DAY_MS + 1), {
      latestMs: start + DAY_MS,
      count: MISSED_COUNT_MAX,
      nextMs: start + DAY_MS + 1000,
    })
  }
})

test('a day that no calendar has is refused', () => {
  assert.throws(
    () => checkTimerExpression('0 0 0 31 2 *'),
    (error) => error instanceof FcError && error.code === 'InvalidArgument' && /31 2/.test(error.message),
  )
})

test('however the time is cut into looks, every due time comes, once and in order', () => {
  const expressions = fc.constantFrom(
    '@every 7s',
    '@every 1m',
    '*/20 * * * * *',
    '0 */7 * * * *',
    '30 15,45 9-17 * * MON-FRI',
    'CRON_TZ=Europe/Berlin 0 */30 1-3 * * *',
    'CRON_TZ=America/New_York 0 0 2 * * *',
  )
  const anchors = fc.constantFrom(start, Date.UTC(2030, 2, 30), Date.UTC(2030, 9, 26), Date.UTC(2030, 10, 2))
  const steps = fc.array(fc.integer({ min: 1, max: 4 * 3_600_000 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(expressions, anchors, steps, (expression, fromMs, stepsMs) => {
      const schedule = readSchedule(expression, fromMs)
      let nowMs = fromMs
      let handledMs = fromMs
      let announcedMs = schedule.runs(fromMs, fromMs).nextMs
      let counted = 0
      for (const stepMs of stepsMs) {
        nowMs += stepMs
        const { latestMs, count, nextMs } = schedule.runs(handledMs, nowMs)
        assert.equal(latestMs !== null, announcedMs !== null && announcedMs <= nowMs)
        assert.ok(nextMs! > nowMs)
        if (latestMs === null) continue
        assert.ok(latestMs > handledMs && latestMs <= nowMs && latestMs >= announcedMs!)
        counted += count
        handledMs = latestMs
        announcedMs = nextMs
      }
      const whole = schedule.runs(fromMs, nowMs)
      if (whole.count < MISSED_COUNT_MAX) assert.equal(counted, whole.count)
      assert.equal(whole.nextMs, announcedMs)
    }),
    { numRuns: 60 },
  )
})

test('whatever is accepted as an expression has due times, or is refused for having none', () => {
  const item = (from: number, to: number, words: readonly string[] = []) => {
    const value = fc.oneof(
      fc.integer({ min: from, max: to }).map(String),
      ...(words.length > 0 ? [fc.constantFrom(...words)] : []),
    )
    const range = fc
      .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
      .map((pair) => `${Math.min(...pair)}-${Math.max(...pair)}`)
    const base = fc.oneof(value, range, fc.constantFrom('*', '?'))
    const step = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 9999 }).map((each) => `/${each}`),
    )
    return fc
      .array(
        fc.tuple(base, step).map((parts) => parts.join('')),
        { minLength: 1, maxLength: 3 },
      )
      .map((items) => items.join(','))
  }
  const fields = fc.tuple(
    item(0, 59),
    item(0, 59),
    item(0, 23),
    item(1, 31),
    item(1, 12, ['JAN', 'dec', 'May']),
    item(0, 7, ['SUN', 'mon', 'Sat']),
  )
  fc.assert(
    fc.property(fields, (parts) => {
      const expression = parts.join(' ')
      try {
        readTimerExpression(expression)
      } catch {
        return
      }
      try {
        checkTimerExpression(expression)
      } catch (error) {
        assert.ok(error instanceof FcError, `${expression}: ${String(error)}`)
        assert.match(error.message, /names a day that no calendar has/)
      }
    }),
    { numRuns: 300 },
  )
})
