import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FcError } from '../../errors.ts'
import { readTimerExpression } from './expression.ts'

for (const expression of [
  '@every 5m',
  '@every 1h',
  '0 0 8 * * *',
  '0 */5 9-17 ? JAN-MAR MON,WED,7',
  'CRON_TZ=Asia/Shanghai 0 30 8 1 * *',
  '*/10 * * * * SUN-SAT',
]) {
  test(`accepts ${expression}`, () => void readTimerExpression(expression))
}

for (const [expression, reason] of [
  ['', /it has 1 fields/],
  ['* * * * *', /it has 5 fields/],
  ['@every 0m', /at least 1/],
  ['@every 5 minutes', /it has 3 fields/],
  ['60 * * * * *', /'60' is no second, which goes from 0 to 59/],
  ['0 0 24 * * *', /no hour/],
  ['0 0 0 0 * *', /no day of month/],
  ['0 0 0 1 13 *', /no month/],
  ['0 0 0 1 * 8', /no day of week/],
  ['0 5-1 * * * *', /no minute/],
  ['0 */0 * * * *', /no minute/],
  ['0 1-2-3 * * * *', /no minute/],
  ['0 1, * * * *', /no minute/],
  ['CRON_TZ=Moon/Crater 0 0 8 * * *', /'Moon\/Crater' is no time zone/],
] as const) {
  test(`refuses '${expression}' and says why`, () => {
    assert.throws(
      () => readTimerExpression(expression),
      (error) => error instanceof FcError && error.code === 'InvalidArgument' && reason.test(error.message),
    )
  })
}

test('every combination of values in their ranges is accepted', () => {
  const value = (from: number, to: number) =>
    fc.oneof(
      fc.integer({ min: from, max: to }).map(String),
      fc.constantFrom('*', '?', '*/2'),
      fc.tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to })).map((pair) => {
        return `${Math.min(...pair)}-${Math.max(...pair)}/3`
      }),
    )
  const expressions = fc.tuple(value(0, 59), value(0, 59), value(0, 23), value(1, 31), value(1, 12), value(0, 7))
  fc.assert(
    fc.property(expressions, (fields) => void readTimerExpression(fields.join(' '))),
    { numRuns: 200 },
  )
})

test('any text is accepted or refused, never worse', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        readTimerExpression(text)
      } catch (error) {
        assert.ok(error instanceof FcError, String(error))
      }
    }),
    { numRuns: 300 },
  )
})
