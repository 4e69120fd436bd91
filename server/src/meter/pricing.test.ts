import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AMOUNT_SCALE, parsePrice } from './decimal.ts'
import type { MeterPrice } from './price-book.ts'
import { billLines, priceTiers, priceTotals } from './pricing.ts'
import { totals } from './test-support.ts'

const tier = (upTo: number | null, unitPrice: number) => ({
  upTo: upTo === null ? null : BigInt(upTo),
  unitPrice,
  price: parsePrice(unitPrice)!,
})
const CALLS: MeterPrice = { per: 10n, free: 100n, tiers: [tier(1000, 0.5), tier(5000, 0.3), tier(null, 0.1)] }
const amountOf = (quantity: bigint, price: MeterPrice, perUnit = 1n) =>
  priceTiers(quantity, perUnit, price).reduce((sum, { amount }) => sum + amount, 0n)
const money = (amount: number) => BigInt(amount) * AMOUNT_SCALE

/** Any price of one meter: free quota, and tiers that ascend. */
const meterPrice = fc
  .record({
    per: fc.integer({ min: 1, max: 10_000 }),
    free: fc.integer({ min: 0, max: 1000 }),
    widths: fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 4 }),
    prices: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ per, free, widths, prices }): MeterPrice => {
    let upTo = 0
    const tiers = widths.map((width, index) => tier((upTo += width), prices[index]! / 10_000))
    return { per: BigInt(per), free: BigInt(free), tiers: [...tiers, tier(null, prices[4]! / 10_000)] }
  })
const quantity = fc.bigInt({ min: 0n, max: 10n ** 15n })

test('what is free costs nothing, and tiers begin behind it', () => {
  assert.equal(amountOf(0n, CALLS), 0n)
  assert.equal(amountOf(100n, CALLS), 0n)
  assert.equal(amountOf(110n, CALLS), AMOUNT_SCALE / 2n)
  assert.equal(amountOf(1100n, CALLS), money(50))
})

test('each tier has its price, and only the units in it', () => {
  // 1000 at 0.5, 4000 at 0.3, the rest at 0.1, for ten each.
  assert.equal(amountOf(5100n, CALLS), money(50 + 120))
  assert.equal(amountOf(6100n, CALLS), money(50 + 120 + 10))
  assert.deepEqual(
    priceTiers(6100n, 1n, CALLS).map((priced) => priced.quantity),
    [1000n, 4000n, 1000n],
  )
})

test('quantities smaller than a unit are priced, not lost', () => {
  const perSecond: MeterPrice = { per: 1n, free: 0n, tiers: [tier(null, 3)] }
  assert.equal(amountOf(333_333n, perSecond, 1_000_000n), 999_999n)
})

test('more never costs less', () => {
  fc.assert(
    fc.property(meterPrice, quantity, quantity, fc.integer({ min: 1, max: 2000 }), (price, a, b, perUnit) => {
      const [less, more] = a < b ? [a, b] : [b, a]
      assert.ok(amountOf(less, price, BigInt(perUnit)) <= amountOf(more, price, BigInt(perUnit)))
    }),
  )
})

test('the tiers hold all that is not free, and no more', () => {
  fc.assert(
    fc.property(meterPrice, quantity, (price, used) => {
      const inTiers = priceTiers(used, 1n, price).reduce((sum, priced) => sum + priced.quantity, 0n)
      assert.equal(inTiers, used > price.free ? used - price.free : 0n)
    }),
  )
})

test('an amount is within half a millionth for each tier of what an exact calculation gives', () => {
  fc.assert(
    fc.property(meterPrice, quantity, (price, used) => {
      const scale = 10n ** 6n * price.per
      let from = 0n
      let exact = 0n
      for (const { quantity: inTier } of priceTiers(used, 1n, price)) {
        const { price: unit } = price.tiers[Number(from)]!
        exact += inTier * unit
        from++
      }
      const difference = amountOf(used, price) * scale - exact
      const most = (scale * BigInt(price.tiers.length)) / 2n + 1n
      assert.ok(difference <= most && difference >= -most)
    }),
  )
})

test('a bill has a line for every meter that has a price, and its total is their sum', () => {
  const book = {
    currency: 'CNY',
    servers: [],
    meters: new Map([
      ['invocations', CALLS],
      ['internetOutBytes', { per: 1n, free: 1n, tiers: [tier(null, 0.5)] }],
    ] as const),
  }
  const used = totals({ invocations: 1100n, activeVcpu: 77n, outBytes: 3n * 1_073_741_824n })
  const lines = billLines(used, book)
  assert.deepEqual(
    lines.map(({ meter, quantity: units, unit, per, freeQuantity, amount }) => [
      meter,
      units,
      unit,
      per,
      freeQuantity,
      amount,
    ]),
    [
      ['invocations', 1100, 'invocation', 10, 100, 50],
      ['internetOutBytes', 3, 'GB', 1, 1, 1],
    ],
  )
  assert.deepEqual(lines[1]!.tiers, [{ upTo: null, unitPrice: 0.5, quantity: 2, amount: 1 }])
  assert.equal(priceTotals(used, book).total, money(51))
})
