/** What quantities cost by a price book: free quota and tiers of the whole account. Computes only. */
import { AMOUNT_SCALE, amountNumber, divideRounded, PRICE_SCALE } from './decimal.ts'
import { METER_NAMES, METERS, type Totals } from './meters.ts'
import type { BillLine, MeterName } from './port.ts'
import type { MeterPrice, PriceBook } from './price-book.ts'

/** A meter's part of a bill, in whole numbers. */
export interface PricedMeter {
  meter: MeterName
  /** Millionths of the currency. */
  amount: bigint
}

interface PricedTier {
  /** In the smallest parts of the meter, as all quantities here. */
  quantity: bigint
  amount: bigint
}

/** Tiers count from the first unit that is not free. Each tier's amount is rounded, half up, and sums are exact. */
export function priceTiers(quantity: bigint, perUnit: bigint, { per, free, tiers }: MeterPrice): PricedTier[] {
  const paid = quantity - free * perUnit
  let from = 0n
  return tiers.map(({ upTo, price }) => {
    const to = upTo === null || upTo * perUnit > paid ? paid : upTo * perUnit
    const inTier = to > from ? to - from : 0n
    from += inTier
    return { quantity: inTier, amount: divideRounded(inTier * price * AMOUNT_SCALE, perUnit * per * PRICE_SCALE) }
  })
}

const sumOf = (amounts: readonly { amount: bigint }[]): bigint => amounts.reduce((sum, { amount }) => sum + amount, 0n)

/** Of each meter that has a price, and of all. */
export function priceTotals(totals: Totals, { meters }: PriceBook): { meters: PricedMeter[]; total: bigint } {
  const priced = METER_NAMES.flatMap((meter): PricedMeter[] => {
    const price = meters.get(meter)
    const { quantity, perUnit } = METERS[meter]
    return price === undefined ? [] : [{ meter, amount: sumOf(priceTiers(totals[quantity], perUnit, price)) }]
  })
  return { meters: priced, total: sumOf(priced) }
}

/** The lines of a bill: every meter of the price book, used or not. */
export function billLines(totals: Totals, { meters }: PriceBook): BillLine[] {
  return METER_NAMES.flatMap((meter): BillLine[] => {
    const price = meters.get(meter)
    if (price === undefined) return []
    const { quantity: name, unit, perUnit } = METERS[meter]
    const units = (quantity: bigint) => Number(quantity) / Number(perUnit)
    const quantity = totals[name]
    const free = price.free * perUnit
    const priced = priceTiers(quantity, perUnit, price)
    return [
      {
        meter,
        quantity: units(quantity),
        unit,
        per: Number(price.per),
        freeQuantity: units(free < quantity ? free : quantity),
        tiers: price.tiers.map(({ upTo, unitPrice }, index) => ({
          upTo: upTo === null ? null : Number(upTo),
          unitPrice,
          quantity: units(priced[index]!.quantity),
          amount: amountNumber(priced[index]!.amount),
        })),
        amount: amountNumber(sumOf(priced)),
      },
    ]
  })
}
