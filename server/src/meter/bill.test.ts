import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeBill, sumsQuery } from './bill.ts'
import { NOTHING, QUANTITY_NAMES, type Quantities } from './fold.ts'
import type { PriceBook } from './price-book.ts'
import { parsePriceBook } from './read-price-book.ts'
import { sumsOf } from './test-support.ts'

const BOOK = parsePriceBook(
  `currency: CNY
meters:
  invocations: { per: 10, free: 100, tiers: [{ upTo: 1000, price: 0.5 }, { price: 0.1 }] }
  activeMemoryGigabyteSeconds: { tiers: [{ price: 0.000077 }] }
servers:
  - { name: small, vcpu: 2, memoryGB: 4, pricePerHour: 0.5 }
  - { name: large, vcpu: 16, memoryGB: 64, pricePerHour: 3 }
`,
  'test.yaml',
)
const at = (text: string) => Date.parse(`${text}Z`)
const NOW = at('2030-03-11T00:00:00')
const make = (
  sums: Parameters<typeof sumsOf>[0],
  more: { month?: string; nowMs?: number; groupOf?: (key: string) => string; book?: PriceBook } = {},
) => makeBill({ month: '2030-03', nowMs: NOW, book: BOOK, sums: sumsOf(sums), groupOf: (key) => key, ...more })

test('the free quota and the tiers are those of the account, and groups share what is to be paid by what they used', () => {
  const bill = make({
    days: { '2030-03-10': { invocations: 1100 } },
    functions: { a: { invocations: 275 }, b: { invocations: 825 } },
  })
  assert.equal(bill.total, 50)
  assert.deepEqual(
    bill.groups.map(({ name, amount, usage }) => [name, amount, usage.invocations]),
    [
      ['b', 37.5, 825],
      ['a', 12.5, 275],
    ],
  )
})

test('functions of one group are one, and what has no group is there without a name', () => {
  const bill = make(
    {
      days: { '2030-03-10': { invocations: 400 } },
      functions: { a: { invocations: 100 }, b: { invocations: 100 }, c: { invocations: 200 } },
    },
    { groupOf: (key) => (key === 'c' ? '' : 'team') },
  )
  assert.deepEqual(
    bill.groups.map(({ name, usage }) => [name, usage.invocations]),
    [
      ['', 200],
      ['team', 200],
    ],
  )
})

test('a day costs what it adds to the month: nothing while it is free, less in a cheaper tier', () => {
  const { days } = make({
    days: {
      '2030-03-01': { invocations: 100 },
      '2030-03-02': { invocations: 1000 },
      '2030-03-04': { invocations: 1000 },
    },
  })
  assert.deepEqual(days.slice(0, 4), [
    { day: '2030-03-01', amount: 0 },
    { day: '2030-03-02', amount: 50 },
    { day: '2030-03-03', amount: 0 },
    { day: '2030-03-04', amount: 10 },
  ])
  assert.equal(days.length, 11)
})

test('days before the month are not in the bill, only in the pace', () => {
  const bill = make({ days: { '2030-02-28': { invocations: 1100 } } }, { nowMs: at('2030-03-01T00:00:00') })
  assert.deepEqual([bill.total, bill.lines[0]?.quantity], [0, 0])
  // One whole day of pace, 31 days to come.
  assert.equal(bill.forecast?.amount, 50 + (1100 * 31 - 1100) / 100)
  assert.match(bill.forecast.method, /the mean of yesterday/)
})

test('the forecast: so far, and the mean of the last seven days for the time that remains', () => {
  const used = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      `2030-03-${String(index + 1).padStart(2, '0')}`,
      { invocations: index < 3 ? 5000 : 100 },
    ]),
  )
  const { forecast } = make({ days: used, firstDay: '2030-01-01' })
  // 15 700 so far; 100 a day for 21 days: 17 800 in all, of which 100 free, 1000 at 0.05, the rest at 0.01.
  assert.equal(forecast?.amount, 50 + 16_700 / 100)
  assert.match(forecast.method, /the mean of the last 7 days/)
})

test('on the first day of all the pace is that of the day so far', () => {
  const { forecast } = make({ days: { '2030-03-31': { invocations: 1000 } } }, { nowMs: at('2030-03-31T12:00:00') })
  assert.equal(forecast?.amount, 50 + 900 / 100)
  assert.match(forecast.method, /today so far/)
})

test('a month that is over, or has not begun, has no forecast; one to come has no days', () => {
  assert.equal(make({}, { month: '2030-02' }).forecast, null)
  assert.equal(make({}, { month: '2030-02' }).days.length, 28)
  assert.deepEqual([make({}, { month: '2030-04' }).forecast, make({}, { month: '2030-04' }).days], [null, []])
})

test('servers: as many as hold the peak, of the size that comes out cheapest, since the first use', () => {
  const peaks = [
    { day: '2030-03-09', memoryMB: 9 * 1024, milliVcpu: 1000 },
    { day: '2030-03-10', memoryMB: 1024, milliVcpu: 4100 },
  ]
  const { servers } = make({ days: { '2030-03-09': { invocations: 1 } }, peaks })
  assert.deepEqual(servers, {
    ...{ name: 'small', count: 3, vcpu: 2, memoryGB: 4, pricePerHour: 0.5 },
    ...{ hours: 48, amount: 72, peakVcpu: 4.1, peakMemoryGB: 9, peak: '2030-03-09' },
  })
  const high = make({
    days: { '2030-03-10': { invocations: 1 } },
    peaks: [{ day: '2030-03-10', memoryMB: 1, milliVcpu: 13_000 }],
  })
  assert.deepEqual([high.servers?.name, high.servers?.count, high.servers?.amount], ['large', 1, 72])
  assert.equal(make({}).servers, null)
})

const quantities = fc
  .tuple(...QUANTITY_NAMES.map(() => fc.integer({ min: 0, max: 10 ** 9 })))
  .map((values): Quantities => ({
    ...NOTHING,
    ...Object.fromEntries(QUANTITY_NAMES.map((name, index) => [name, values[index]])),
  }))

/** In millionths, exactly. */
const millionths = (amount: number) => Math.round(amount * 1e6)

test('groups, days and lines each add up to the total, to the millionth', () => {
  fc.assert(
    fc.property(fc.array(quantities, { minLength: 1, maxLength: 10 }), (parts) => {
      const sum = { ...NOTHING }
      for (const part of parts) for (const name of QUANTITY_NAMES) sum[name] += part[name]
      const bill = make({
        days: Object.fromEntries(parts.map((part, index) => [`2030-03-${String(index + 1).padStart(2, '0')}`, part])),
        functions: Object.fromEntries(parts.map((part, index) => [`f${index}`, part])),
      })
      const total = millionths(bill.total)
      const added = (amounts: readonly { amount: number }[]) =>
        amounts.reduce((before, { amount }) => before + millionths(amount), 0)
      assert.equal(added(bill.groups), total)
      assert.equal(added(bill.days), total)
      assert.equal(added(bill.lines), total)
      for (const { tiers, amount } of bill.lines) assert.equal(added(tiers), millionths(amount))
      assert.ok(bill.days.every(({ amount }) => amount >= 0))
    }),
  )
})

test('the worked example of docs/guide/bill.md', () => {
  const hours = 3_600_000
  const calls = 3_000_000
  const used = {
    ...{ invocations: calls, activeVcpu: calls * 120 * 500, activeMemory: calls * 120 * 512 },
    ...{ idleVcpu: 650 * hours * 500, idleMemory: 650 * hours * 512, outBytes: calls * 2048 },
  }
  const file = new URL('example-price-book.yaml', import.meta.url)
  const bill = make(
    { days: { '2030-04-01': used }, peaks: [{ day: '2030-04-01', memoryMB: 20 * 1024, milliVcpu: 20_000 }] },
    { month: '2030-04', nowMs: at('2030-06-01T00:00:00'), book: parsePriceBook(readFileSync(file, 'utf8'), 'example') },
  )
  const amounts = Object.fromEntries(bill.lines.map(({ meter, amount }) => [meter, amount]))
  assert.deepEqual(amounts, {
    ...{ invocations: 1.8, activeVcpuSeconds: 11.7, activeMemoryGigabyteSeconds: 0.72 },
    ...{ idleVcpuSeconds: 23.4, idleMemoryGigabyteSeconds: 10.53, diskGigabyteSeconds: 0, internetOutBytes: 2.361023 },
  })
  assert.equal(bill.total, 50.511023)
  assert.deepEqual([bill.servers?.name, bill.servers?.count, bill.servers?.amount], ['small', 10, 3240])
})

test('what is asked for a bill: the month, and the days before it that the pace may need', () => {
  assert.deepEqual(sumsQuery('2028-02'), { daysFrom: '2028-01-25', fromDay: '2028-02-01', toDay: '2028-02-29' })
  assert.deepEqual(sumsQuery('2030-12'), { daysFrom: '2030-11-24', fromDay: '2030-12-01', toDay: '2030-12-31' })
})
