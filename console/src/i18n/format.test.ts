import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFormat } from './format.ts'

const english = createFormat('en', 'UTC')
const chinese = createFormat('zh', 'UTC')
/** Spaces that do not break are spaces to a reader. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test('durations keep the digits that matter, from microseconds to days', () => {
  const written = [0.042, 8.765, 42.19, 734.4, 1240, 61_000, 3_600_000, 90_061_000].map((ms) =>
    plain(english.durationMs(ms)),
  )
  assert.deepEqual(written, ['0.04 ms', '8.77 ms', '42.2 ms', '734 ms', '1.24 s', '1 min 1 s', '1 h', '1 d 1 h'])
})

test('bytes are counted in steps of 1024, and none is not less than a byte', () => {
  const written = [0, 1, 1023, 1536, 1024 ** 3, 2000 * 1024 ** 4].map((bytes) => plain(english.bytes(bytes)))
  assert.deepEqual(written, ['0 B', '1 B', '1,023 B', '1.5 KB', '1 GB', '2,000 TB'])
})

test('what is not known is a dash in every format', () => {
  for (const value of [null, undefined, Number.NaN]) {
    for (const name of ['number', 'compact', 'percent', 'rate', 'bytes', 'durationMs', 'dateTime'] as const) {
      assert.equal(english[name](value), '–', name)
    }
  }
})

test('small rates keep their fractions, large ones do not', () => {
  assert.deepEqual([0.25, 9.996, 1234.5].map(english.rate), ['0.25/s', '10/s', '1,235/s'])
})

test('times and relative times follow the language', () => {
  const noon = Date.UTC(2030, 0, 2, 12, 30, 5, 7)
  assert.equal(english.timeMs(noon), '12:30:05.007')
  assert.equal(english.date(noon), '2 Jan 2030')
  assert.equal(chinese.date(noon), '2030年1月2日')
  assert.equal(english.relative(noon - 120_000, noon), '2 minutes ago')
  assert.equal(chinese.relative(noon + 3 * 86_400_000, noon), '3天后')
})

test('amounts of less than one unit keep the digits that say something', () => {
  const written = [0, 0.000012345, 0.5, 1234.5].map((amount) => english.currency(amount, 'CNY'))
  assert.deepEqual(written, ['¥0.00', '¥0.0000123', '¥0.50', '¥1,234.50'])
})

test('a price book may count in what is no currency', () => {
  assert.equal(english.currency(2, 'credits'), '2.00 credits')
  assert.equal(english.currency(2, ''), '2.00')
  assert.equal(english.currency(null, 'credits'), '–')
})
