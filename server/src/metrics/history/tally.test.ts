import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { InvocationRecord } from '../../logs/port.ts'
import { recordOf } from '../../logs/test-support.ts'
import { encodeTally, mergeEncoded } from './codec.ts'
import { FIELD_NAMES, FIELDS } from './fields.ts'
import { Tally } from './tally.ts'

function tallyOf(...records: Partial<InvocationRecord>[]): Tally {
  const tally = new Tally()
  for (const record of records) tally.observe(recordOf(record))
  return tally
}

/** Times in whole µs and memory in hundredths, as they are kept. */
const records = fc.array(
  fc.record({
    durationMs: fc.integer({ min: 0, max: 1e9 }).map((us) => us / 1000),
    queuedMs: fc.integer({ min: 0, max: 1e7 }).map((us) => us / 1000),
    billedMs: fc.nat(1e6),
    memoryMB: fc.constantFrom(128, 512, 3072),
    maxMemoryMB: fc.nat(300_000).map((hundredths) => hundredths / 100),
    statusCode: fc.constantFrom(200, 302, 404, 429, 500, 502),
    fault: fc.constantFrom(null, 'caller', 'function', 'platform'),
    errorType: fc.constantFrom('', 'ResourceExhausted', 'ResourceThrottled', 'E'),
  }),
  { maxLength: 20 },
)

function assertSame(actual: Tally, expected: Tally): void {
  for (const name of FIELD_NAMES) {
    const [got, wanted] = [actual.get(name), expected.get(name)]
    if (got === null || wanted === null) assert.equal(got, wanted, name)
    else assert.ok(Math.abs(got - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted)), `${name}: ${got}, not ${wanted}`)
  }
  assert.deepEqual(actual.durations, expected.durations)
}

test('tallies that are merged are the tally of both', () => {
  fc.assert(
    fc.property(records, records, (some, others) => {
      const merged = tallyOf(...some)
      merged.merge(tallyOf(...others))
      assertSame(merged, tallyOf(...some, ...others))
    }),
  )
})

test('a tally comes back of its bytes as it was', () => {
  fc.assert(
    fc.property(records, (of) => {
      const read = new Tally()
      mergeEncoded(read, encodeTally(tallyOf(...of)))
      assertSame(read, tallyOf(...of))
    }),
  )
})

test('large counts and readings of zero survive as bytes', () => {
  const tally = new Tally()
  tally.add('invocations', 2 ** 40 + 1)
  tally.add('requestBytes', Number.MAX_SAFE_INTEGER)
  tally.add('concurrency', 0)
  tally.add('monthCost', 12.345678)
  const read = new Tally()
  mergeEncoded(read, encodeTally(tally))
  assertSame(read, tally)
  assert.equal(read.get('waitingRequests'), null)
  assert.equal(read.get('concurrency'), 0)
})

test('a function that was called some times takes some tens of bytes', (context) => {
  const tally = tallyOf(...Array.from({ length: 50 }, (_, index) => ({ durationMs: 1 + index / 10, queuedMs: 0.2 })))
  const { length } = encodeTally(tally)
  context.diagnostic(`${length} bytes`)
  assert.ok(length < 100)
})

test('an error counts once, by whose fault it is, and a throttle is none', () => {
  const tally = tallyOf(
    { fault: 'caller', statusCode: 404, errorType: 'X', durationMs: 0 },
    { fault: 'function', statusCode: 200, errorType: 'E' },
    { fault: 'platform', statusCode: 503, errorType: 'ServiceUnavailable', durationMs: 0 },
    { fault: 'caller', statusCode: 429, errorType: 'ResourceExhausted', durationMs: 0 },
    { fault: 'platform', statusCode: 429, errorType: 'ResourceThrottled', durationMs: 0 },
  )
  const names = ['clientErrors', 'functionErrors', 'serverErrors', 'concurrencyThrottles', 'resourceThrottles'] as const
  assert.deepEqual(
    names.map((name) => tally.get(name)),
    [1, 1, 1, 1, 1],
  )
  assert.equal(tally.get('invocations'), 5)
  assert.equal(tally.get('executed'), 1)
  assert.deepEqual([tally.get('http2xx'), tally.get('http4xx'), tally.get('http5xx')], [1, 3, 1])
})

test('what did not run has no part in times', () => {
  const tally = tallyOf({ durationMs: 10, queuedMs: 2 }, { durationMs: 0, queuedMs: 500, fault: 'caller' })
  assert.equal(tally.get('durationMsSum'), 10)
  assert.equal(tally.get('latencyMsMax'), 12)
  assert.equal(
    tally.durations.reduce((sum, count) => sum + count),
    1,
  )
})

test('a hook is paid for, and is no invocation', () => {
  const tally = tallyOf({ kind: 'preStop', billedMs: 20, memoryMB: 256 })
  assert.equal(tally.get('invocations'), 0)
  assert.equal(tally.get('billedMs'), 20)
  assert.equal(tally.get('billedMBms'), 5120)
})

test('of readings the highest or the latest is kept, one of zero too', () => {
  const before = new Tally()
  before.add('asyncBacklog', 5)
  before.add('monthCost', 3)
  const after = new Tally()
  after.add('asyncBacklog', 2)
  after.add('monthCost', 0)
  before.merge(after)
  assert.equal(before.get('asyncBacklog'), 5)
  assert.equal(before.get('monthCost'), 0)
})

test('fields keep their places, which databases know them by', () => {
  assert.equal(FIELDS.length, FIELD_NAMES.length)
  assert.equal(FIELD_NAMES.indexOf('invocations'), 0)
  assert.equal(FIELD_NAMES.indexOf('billedMs'), 19)
  assert.equal(FIELD_NAMES.indexOf('monthCost'), 41)
})
