import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { policyOf, readSchedule, readTime } from './policy.ts'

test('a time with a zone of its own is that moment, one without is read in the zone that is set', () => {
  const utc = Date.UTC(2030, 0, 31, 8)
  assert.equal(readTime('2030-01-31T08:00:00Z', 'Asia/Shanghai'), utc)
  assert.equal(readTime('2030-01-31T08:00:00.000+02:00', ''), utc - 2 * 3_600_000)
  assert.equal(readTime('2030-01-31T08:00:00', ''), utc)
  assert.equal(readTime('2030-01-31T08:00', 'Asia/Shanghai'), utc - 8 * 3_600_000)
  assert.equal(readTime(String(utc), 'Asia/Shanghai'), utc)
})

test('local times follow the clocks of their zone', () => {
  const hour = (text: string) => new Date(readTime(text, 'Europe/Berlin')!).toISOString()
  assert.equal(hour('2030-07-01T00:00:00'), '2030-06-30T22:00:00.000Z')
  assert.equal(hour('2030-12-01T00:00:00'), '2030-11-30T23:00:00.000Z')
})

test('what is no time reads as none, never as an error', () => {
  for (const text of ['', '2030', '2030-02-30T00:00:00Z', '8:00', 'now']) assert.equal(readTime(text, ''), undefined)
  assert.equal(readTime('2030-01-31T08:00:00', 'Mars'), undefined)
  fc.assert(fc.property(fc.string(), fc.string(), (text, zone) => void readTime(text, zone)))
  fc.assert(fc.property(fc.string(), (text) => void readSchedule(`at(${text})`, '')))
})

test('a schedule is one time or a cron expression', () => {
  assert.deepEqual(readSchedule('at(2030-01-31T08:00:00)', 'Asia/Shanghai'), {
    kind: 'at',
    atMs: Date.UTC(2030, 0, 31),
  })
  assert.deepEqual(readSchedule(' cron( 0 0 8 * * * ) ', ''), { kind: 'cron', expression: '0 0 8 * * *' })
  for (const text of ['at()', 'rate(5m)', 'cron 0 0 8 * * *', '0 0 8 * * *']) {
    assert.equal(readSchedule(text, ''), undefined)
  }
})

test('settings become the scheduler’s policy: a window without an end has none', () => {
  const times = { startTime: '', endTime: '', timeZone: '' }
  const policy = policyOf({
    target: 2,
    alwaysAllocateCpu: true,
    alwaysAllocateGpu: false,
    scheduled: [
      { name: 'morning', scheduleExpression: 'cron(0 0 8 * * *)', target: 5, ...times, timeZone: 'Asia/Shanghai' },
      {
        name: 'once',
        scheduleExpression: 'at(2030-01-31T08:00:00Z)',
        target: 0,
        ...times,
        endTime: '2031-01-01T00:00:00Z',
      },
    ],
    tracking: [{ name: 'busy', metricType: 'CPUUtilization', metricTarget: 0.5, min: 1, max: 4, ...times }],
  })
  assert.deepEqual(policy, {
    target: 2,
    alwaysAllocateCpu: true,
    scheduled: [
      {
        name: 'morning',
        startMs: 0,
        endMs: Infinity,
        timeZone: 'Asia/Shanghai',
        schedule: { kind: 'cron', expression: '0 0 8 * * *' },
        target: 5,
      },
      {
        name: 'once',
        startMs: 0,
        endMs: Date.UTC(2031, 0, 1),
        timeZone: 'UTC',
        schedule: { kind: 'at', atMs: Date.UTC(2030, 0, 31, 8) },
        target: 0,
      },
    ],
    tracking: [
      { name: 'busy', startMs: 0, endMs: Infinity, metric: 'CPUUtilization', metricTarget: 0.5, min: 1, max: 4 },
    ],
  })
})
