import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMoney, formatNumber, formatValue } from './amounts.ts'
import { sparkline } from './sparkline.ts'
import { formatSpan, parseSpan, parseTime } from './time.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

test('times are given as what has passed, or as a point', () => {
  assert.equal(parseTime('--since', '10m', NOW_MS), NOW_MS - 600_000)
  assert.equal(parseTime('--since', '2029-12-31T00:00:00Z', NOW_MS), NOW_MS - 86_400_000)
  assert.equal(parseSpan('--for', '2h'), 7_200_000)
  assert.throws(() => parseTime('--from', 'Tuesday', NOW_MS), /--from: 'Tuesday' is neither/)
  assert.throws(() => parseSpan('--for', '0m'), /--for: '0m' is no duration/)
  assert.deepEqual([500, 45_000, 125_000, 7_200_000, 900_000_000].map(formatSpan), ['0s', '45s', '2m', '2h', '10d'])
})

test('a sparkline fits its width, keeps its peaks and its holes', () => {
  assert.equal(sparkline([0, 4, 8, null, 2], 10), '▁▅█ ▃')
  assert.equal(sparkline([1, 1, 8, 1, null, null], 3), '▂█ ')
  assert.equal(sparkline([0, 0], 10), '▁▁')
  assert.equal(sparkline([], 10), '')
})

test('numbers are in their unit, and small amounts are not nothing', () => {
  assert.deepEqual(
    [
      formatValue(null, 'ms'),
      formatValue(12.4, 'ms'),
      formatValue(64, 'MB'),
      formatValue(2048, 'bytes/s'),
      formatValue(0.1234, 'percent'),
      formatNumber(1_234_567.8),
      formatMoney(0.00000398, 'CNY'),
      formatMoney(0, 'CNY'),
      formatMoney(12.345, ''),
    ],
    ['-', '12 ms', '64.0 MB', '2.0 KB/s', '0.123 %', '1,234,568', '0.000004 CNY', '0.00 CNY', '12.35'],
  )
})
