import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { divideRounded, parsePrice, PRICE_SCALE, shareOut } from './decimal.ts'

const amount = fc.bigInt({ min: 0n, max: 10n ** 18n })

test('a price is taken as it was written, also where a float is not exact', () => {
  assert.equal(parsePrice(0.1)! + parsePrice(0.2)!, parsePrice(0.3))
  assert.equal(parsePrice(0.0000133), 13_300_000n)
  assert.equal(parsePrice(5e-7), 500_000n)
  assert.equal(parsePrice(1.33e-7), 133_000n)
  assert.equal(parsePrice(1e21), 10n ** 33n)
  assert.equal(parsePrice(0), 0n)
})

test('what is no price is none', () => {
  for (const price of [-1, -0.01, Number.NaN, Infinity, 1e-13])
    assert.equal(parsePrice(price), undefined, String(price))
})

test('any price of up to twelve decimals is read exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 12 }), (digits, decimals) => {
      const price = Number(`${digits}e-${decimals}`)
      assert.equal(parsePrice(price), (BigInt(digits) * PRICE_SCALE) / 10n ** BigInt(decimals))
    }),
  )
})

test('a division is rounded half up', () => {
  assert.deepEqual(
    [0n, 1n, 2n, 3n, 4n, 5n, 6n].map((numerator) => divideRounded(numerator, 4n)),
    [0n, 0n, 1n, 1n, 1n, 1n, 2n],
  )
})

test('shares add up to what is shared, and each is within one of its due', () => {
  fc.assert(
    fc.property(amount, fc.array(amount, { minLength: 1, maxLength: 20 }), (total, weights) => {
      const shares = shareOut(total, weights)
      const sum = weights.reduce((before, weight) => before + weight, 0n)
      assert.equal(
        shares.reduce((before, share) => before + share, 0n),
        sum === 0n ? 0n : total,
      )
      for (const [index, share] of shares.entries()) {
        const due = sum === 0n ? 0n : total * weights[index]!
        assert.ok(share * sum >= due - sum && share * sum <= due + sum)
        if (weights[index] === 0n) assert.equal(share, 0n)
      }
    }),
  )
})
